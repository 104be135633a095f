"""The router `codeowners`: whom a failure goes to, in what order, and why; then whole runs of real checkouts."""

import pytest
from repositories import commit, repository_at

import testflow
from testflow_core.builtin.routers.codeowners import CodeOwnersRouter
from testflow_core.model import CodeOwners, Context, Diagnosis, FailureAnalysis, TestCase
from testflow_core.ownership import parsed

TEST = TestCase(application="shop", file="tests/test_pay.py", name="test_pay")
RULES, _ = parsed("*.md @docs\n\n/src/payments/ @acme/payments @lea\n/src/payments/legacy/\n/tests/ @acme/quality\n")
OWNERS = {"shop": CodeOwners(file="CODEOWNERS", rules=RULES)}
PAYMENTS = "routed by CODEOWNERS line 3: /src/payments/ @acme/payments @lea; the failing frame is in src/payments/a.py"
QUALITY = "routed by CODEOWNERS line 5: /tests/ @acme/quality; the test is in tests/test_pay.py"


def route(file="", category="code/type", owner="", test_owner="", owners=OWNERS, test=TEST, **analysis):
    diagnosis = Diagnosis(test=test, category=category, reason="because", owner=owner, file=file)
    context = Context(
        analysis=FailureAnalysis(default_team="triage", **analysis),
        code_owners=owners,
        test_owners={test: test_owner} if test_owner else {},
    )
    (made,) = CodeOwnersRouter().route([diagnosis], context)
    return made.team, made.reason


@pytest.mark.parametrize("name", ["code/type", "code"])
def test_what_is_declared_comes_first(name):
    told = route("src/payments/a.py", owner="rule", test_owner="team", routing={name: "api"})
    assert told == ("api", f"the category {name} is routed to api")


def test_then_the_owner_of_the_file_that_failed():
    assert route("src/payments/a.py", owner="rule", test_owner="team") == ("@acme/payments", PAYMENTS)


def test_without_such_a_file_the_owner_of_the_tests_file():
    assert route(owner="rule", test_owner="team") == ("@acme/quality", QUALITY)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("src/cart.py", "no line of CODEOWNERS matches src/cart.py"),
        ("src/payments/legacy/a.py", "CODEOWNERS line 4 leaves src/payments/legacy/a.py to nobody"),
    ],
)
def test_then_the_rules_owner_then_the_tests_then_that_of_its_file(file, said):
    none = f"no team is declared for the category code/type, {said}"
    assert route(file, owner="rule", test_owner="team") == ("rule", f"{none}: its rule belongs to rule")
    assert route(file, test_owner="team") == ("team", f"{none}: the test belongs to team")
    assert route(file) == ("@acme/quality", QUALITY)


def test_then_the_default():
    elsewhere = TestCase(application="shop", file="checks/pay.py")
    none = "no team is declared for the category code/type, no line of CODEOWNERS matches checks/pay.py"
    assert route(test=elsewhere) == ("triage", f"{none}: it goes to triage")


def test_an_application_without_the_file_is_routed_as_by_the_table():
    assert route("src/a.py", owners={}) == (
        "triage",
        "no team is declared for the category code/type: it goes to triage",
    )
    assert route(owner="rule", owners={})[0] == "rule"


SHOP = {
    ".github/CODEOWNERS": "# who\n/src/ @acme/shop\n!src/x\n/src/payments/ @acme/payments\n",
    "src/cart.py": "from src.payments.charge import charge\n\n\ndef pay(amount):\n    try:\n        charge(amount)\n"
    '    except KeyError as error:\n        raise ValueError("not paid") from error\n',
    "src/payments/charge.py": 'def charge(amount):\n    return {}["limit"]\n',
    "tests/test_pay.py": "import json\nfrom src.cart import pay\n\n\ndef test_pay():\n    pay(1)\n\n\n"
    "def test_plain():\n    assert 1 == 2\n\n\ndef test_library():\n    json.loads('{')\n",
    "conftest.py": "",
}


@pytest.fixture
def shop(tmp_path):
    checkout = repository_at(tmp_path / "shop")
    commit(checkout, SHOP)
    return testflow.Applications({"shop": {"path": str(checkout), "changed_files": ["tests/test_pay.py"]}})


def run(shop, selection=None, analysis=None, **engine):
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"environment": False, **(selection or {})})
    workflow.set_failure_analysis(analysis or {})
    return testflow.Engine(applications=shop, **engine).execute(workflow)


def routes(result):
    return {each.test_id.rpartition("::")[2]: (each.assigned_to, each.route.reason) for each in result.failed_tests}


def test_a_run_sends_failures_by_the_frame_that_failed_and_says_so(shop, tmp_path):
    result = run(shop, {"owner": "shop-team"}, history=tmp_path / "history.db")
    line = "routed by CODEOWNERS line 4: /src/payments/ @acme/payments; the failing frame is in src/payments/charge.py"
    none = "no line of CODEOWNERS matches tests/test_pay.py"
    told = routes(result)
    assert told.keys() == {"test_pay", "test_plain", "test_library"}
    assert told["test_pay"] == ("@acme/payments", line)
    assert {team for name, (team, _) in told.items() if name != "test_pay"} == {"shop-team"}
    assert told["test_plain"][1].endswith(f", {none}: the test belongs to shop-team")
    (warning,) = (each for each in result.warnings if "CODEOWNERS" in each)
    assert warning.startswith("shop: .github/CODEOWNERS line 3 is not used: '!src/x': `!` is not supported")
    remembered = testflow.History(tmp_path / "history.db").run(result.run_id)
    assert routes(remembered) == told


def test_the_table_looks_at_no_file(shop):
    result = run(shop, analysis={"router": "table"})
    assert {team for team, _ in routes(result).values()} == {"unassigned"}


def test_a_flow_has_an_owner(shop):
    steps = [{"app": "shop", "test": "tests/test_pay.py::test_plain"}]
    workflow = testflow.TestWorkflow("w").add_cross_app_test(
        "pay", {"steps": steps, "environment": False, "owner": "flow-team"}
    )
    result = testflow.Engine(applications=shop).execute(workflow)
    assert routes(result)["test_plain"][0] == "flow-team"
