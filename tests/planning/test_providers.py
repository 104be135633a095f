"""A change of an application concerns those that use it: their tests run, with the chain from the change."""

import subprocess
import sys

import pytest

import testflow
from testflow_core.model import Status

IDENTITY = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")


def applications(**declared):
    return {name: {"changed_files": [], **keys} for name, keys in declared.items()}


@pytest.fixture
def planned(tmp_path):
    """The choices for the tests of web: `(selected, reason)` by file."""

    def plan(declared, environment=None, *, alone=False):
        for name in (*declared, "web"):
            (tmp_path / name / "tests").mkdir(parents=True, exist_ok=True)
        (tmp_path / "web/tests/test_web.py").write_text("def test_web():\n    assert True\n")
        web = {"changed_files": [], **declared.get("web", {})}
        keys = {"environment": False} if alone else {}
        engine = testflow.Engine(
            applications={**declared, "web": web}, workspace=tmp_path, history=tmp_path / "h.db", reporters=()
        )
        found = engine.plan(testflow.TestWorkflow("w").add_test_selection("web", keys), environment)
        (choice,) = found.choices
        return choice.selected, choice.reason, found.warnings

    return plan


def test_a_changed_provider_selects_its_consumers_tests(planned):
    declared = applications(api={"changed_files": ["api.py"]}, web={"depends_on": ["api"]})
    assert planned(declared)[:2] == (True, "api: api.py changed → used by web")


def test_a_provider_of_a_provider_does_so_and_the_chain_is_told(planned):
    declared = applications(
        auth={"changed_files": ["keys.py"]}, api={"depends_on": ["auth"]}, web={"depends_on": ["api"]}
    )
    assert planned(declared)[:2] == (True, "auth: keys.py changed → used by api → used by web")


def test_who_declares_an_interface_answers_for_what_lies_behind(planned):
    auth, web = {"changed_files": ["keys.py"]}, {"depends_on": ["api"]}
    api = {"depends_on": ["auth"], "interface": ["openapi.yaml", "schemas/**"]}
    assert not planned(applications(auth=auth, api=api, web=web))[0]
    inner = {**api, "changed_files": ["api.py"]}
    assert not planned(applications(auth=auth, api=inner, web=web))[0]
    outer = {**api, "changed_files": ["api.py", "schemas/v1/cart.json"]}
    assert planned(applications(auth=auth, api=outer, web=web))[:2] == (
        True,
        "api: schemas/v1/cart.json changed → used by web",
    )


def test_a_change_that_nobody_knows_selects_too(planned):
    declared = {"api": {}, **applications(web={"depends_on": ["api"]})}
    selected, reason, _ = planned(declared)
    assert selected
    assert reason.startswith("api: what changed is not known (")
    assert reason.endswith(") → used by web")


@pytest.mark.parametrize("file", ["README.md", "tests/test_api.py", "src/Cart.test.js", "src/__tests__/cart.js"])
def test_prose_and_tests_of_a_provider_concern_nobody_else(planned, file):
    declared = applications(api={"changed_files": [file]}, web={"depends_on": ["api"]})
    assert not planned(declared)[0]


def test_tests_that_need_no_environment_meet_nobody(planned):
    declared = applications(api={"changed_files": ["api.py"]}, web={"depends_on": ["api"]})
    assert not planned(declared, alone=True)[0]


def test_a_file_of_the_same_name_in_a_provider_explains_no_file_of_the_consumer(planned):
    declared = applications(
        api={"changed_files": ["data.json"]}, web={"depends_on": ["api"], "changed_files": ["data.json"]}
    )
    assert planned(declared)[0]
    shown = planned(applications(web={"changed_files": ["data.json"]}))[1]
    assert shown == "data.json changed and nothing says which tests it concerns: all tests run"


def test_services_that_refer_to_each_other_use_each_other(planned):
    declared = applications(api={"changed_files": ["api.py"], "start": "sleep 1"})
    environment = testflow.Environment("e").add_service("api", {"type": "process", "ports": {"80": 0}})
    environment.add_service("web", {"type": "process", "command": "true", "env": {"API": "{api.url}"}})
    assert planned(declared, environment)[:2] == (True, "api: api.py changed → used by web")


def test_a_provider_without_a_checkout_is_told(planned):
    declared = {**applications(web={"depends_on": ["api"]}), "api": {"path": "nowhere/at/all"}}
    selected, _, warnings = planned(declared)
    assert not selected
    assert any(each.startswith("web uses api, of which nobody knows what changed: ") for each in warnings)


@pytest.mark.parametrize("pattern", ["", "!api/*", "a//b"])
def test_an_interface_that_is_no_pattern_is_told_with_its_place(planned, pattern):
    declared = applications(api={"interface": ["*.proto", pattern]}, web={"depends_on": ["api"]})
    with pytest.raises(testflow.SpecError, match=r"\$\.applications\.api\.interface\[1\]: .* is no pattern of files"):
        planned(declared)


def test_a_flow_runs_where_what_its_applications_use_changed(tmp_path):
    (tmp_path / "web/tests").mkdir(parents=True)
    (tmp_path / "api").mkdir()
    declared = applications(api={"changed_files": ["api.py"]}, web={"depends_on": ["api"]})
    engine = testflow.Engine(applications=declared, workspace=tmp_path, history=tmp_path / "h.db", reporters=())
    steps = {"steps": [{"app": "web", "test": "tests/test_web.py"}]}
    (choice,) = engine.plan(testflow.TestWorkflow("w").add_cross_app_test("buy", steps)).choices
    assert (choice.selected, choice.reason) == (True, "step 1 of buy: api changed (api.py)")
    alone = engine.plan(testflow.TestWorkflow("w").add_cross_app_test("buy", {**steps, "environment": False}))
    assert not alone.choices[0].selected


SERVER = """
import http.server, os, pathlib

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(pathlib.Path("price.txt").read_bytes())

    def log_message(self, *words):
        pass

http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""

CONSUMER = """
import os, urllib.request

def test_price():
    url = f"http://{os.environ['API_HOST']}:{os.environ['API_PORT']}/"
    assert urllib.request.urlopen(url, timeout=10).read() == b"5"
"""


def test_what_fails_by_the_change_of_a_provider_is_selected_in_truth(tmp_path):
    for file, text in {
        "api/server.py": SERVER,
        "api/price.txt": "5",
        "web/tests/test_web.py": CONSUMER,
        "web/tests/test_other.py": "def test_other():\n    assert True\n",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    for name in ("api", "web"):
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*IDENTITY, "commit", "-q", "-m", "first"]):
            subprocess.run(["git", "-C", str(tmp_path / name), *words], check=True)
    environment = testflow.Environment("e").add_service("api", {"type": "docker", "ports": {"80": 0}})
    declared = {"api": {"start": [sys.executable, "server.py"]}, "web": {"depends_on": ["api"]}}
    keys = {"applications": declared, "workspace": tmp_path, "history": tmp_path / "h.db", "reporters": ()}
    engine = testflow.Engine(provisioner="process", **keys)
    by_change = testflow.TestWorkflow("w").add_test_selection("web", {})
    assert not [each for each in engine.plan(by_change, environment).choices if each.selected]
    (tmp_path / "api/price.txt").write_text("6")
    # Where tests are recorded, that one failed in its last run would be reason enough.
    every = testflow.TestWorkflow("w").add_test_selection("web", {"strategy": "all", "record": False})
    truth = engine.execute(every, environment)
    failed = {each.test_id for each in truth.results if each.status is not Status.PASSED}
    assert failed == {"web::tests/test_web.py::test_price"}
    chosen = {each.test.id: each.reason for each in engine.plan(by_change, environment).choices if each.selected}
    assert chosen["web::tests/test_web.py"] == "api: price.txt changed → used by web"
