"""The critical user scenarios of the requirements, on real processes, real git, a real PostgreSQL and Node."""

import subprocess
from textwrap import dedent

import pytest

import testflow

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def write(tmp_path):
    def write(application, files):
        for name, text in files.items():
            file = tmp_path / application / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text))
        return tmp_path / application

    return write


def git(checkout, *arguments):
    identity = ["-c", "user.name=Sophia", "-c", "user.email=sophia@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=checkout, check=True, capture_output=True)


def by_status(run):
    found = {}
    for result in run.results:
        found.setdefault(str(result.status), set()).add(result.test_id)
    return found


SERVICE = """
    import http.server, os

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = os.environ.get("GREETING", "hello").encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
"""

ASK = """
    import os
    from urllib.request import urlopen

    def ask(service):
        with urlopen(os.environ[f"{service}_URL"], timeout=10) as answer:
            return answer.read().decode()
"""


def test_end_to_end_testing_of_a_multi_service_application(write, tmp_path):
    """Two services come up in the order their references imply, and tests of a third application reach both."""
    start = {"command": "python serve.py", "readiness": {"http": "/"}}
    write("names", {"serve.py": SERVICE})
    write("greetings", {"serve.py": SERVICE})
    write(
        "client",
        {
            "tests/test_client.py": ASK
            + """
    def test_greeting_names_the_names_service():
        assert ask("GREETINGS") == "names at " + os.environ["NAMES_URL"]

    def test_names_answers():
        assert ask("NAMES") == "hello"
"""
        },
    )
    applications = testflow.Applications({"names": {"start": start}, "greetings": {"start": start}, "client": {}})
    environment = testflow.Environment("two services")
    environment.add_service(
        "greetings", {"type": "docker", "ports": {"80": 80}, "env": {"GREETING": "names at {names.url}"}}
    )
    environment.add_service("names", {"type": "docker", "ports": {"80": 80}})
    workflow = testflow.TestWorkflow("end to end").add_test_selection("client", {"strategy": "all"})
    run = testflow.Engine(workspace=tmp_path, applications=applications).execute(workflow, environment)
    assert len(run.passed_tests) == 2, run.results
    assert run.provisioner.startswith("process")


def test_regression_testing_focused_on_recent_code_changes(write, tmp_path):
    """After a commit only the tests that a rule or the change itself names run; the others say why they do not."""
    checkout = write(
        "shop",
        {
            "shop/orders.py": "def total(prices): return sum(prices)\n",
            "shop/users.py": "def name(): return 'Ada'\n",
            "tests/test_orders.py": "from shop.orders import total\ndef test_total(): assert total([1, 2]) == 3\n",
            "tests/test_users.py": "from shop.users import name\ndef test_name(): assert name() == 'Ada'\n",
            "conftest.py": "",
        },
    )
    git(checkout, "init", "-q", "-b", "main")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "first")
    git(checkout, "checkout", "-q", "-b", "discount")
    (checkout / "shop/orders.py").write_text("def total(prices): return sum(prices) - 1\n")
    git(checkout, "commit", "-q", "-am", "discount")
    rule = {"source_pattern": "shop/(.*).py", "test_pattern": "tests/test_{1}.py"}
    workflow = testflow.TestWorkflow("regression")
    workflow.add_test_selection("shop", {"test_paths": ["tests"], "mapping_rules": [rule]})
    engine = testflow.Engine(workspace=tmp_path, applications={"shop": {}})
    run = engine.execute(workflow)
    assert by_status(run) == {
        "failed": {"shop::tests/test_orders.py::test_total"},
        "skipped": {"shop::tests/test_users.py"},
    }
    assert "shop/orders.py" in run.choices[0].reason
    (checkout / "shop/orders.py").write_text("def total(prices): return sum(prices)\n")
    assert engine.execute(workflow).ok


def test_performance_testing_with_specific_environment_requirements(write, tmp_path):
    """A slow selection has its own limit and a database of its own; its durations are remembered."""
    write(
        "reports",
        {
            "bench/schema.sql": "CREATE TABLE sale (amount int NOT NULL);\n",
            "bench/test_speed.py": """
                import os
                import psycopg

                def connect():
                    return psycopg.connect(os.environ["WAREHOUSE_URL"])

                def test_ten_thousand_rows_are_summed():
                    with connect() as database:
                        database.execute("INSERT INTO sale SELECT generate_series(1, 10000)")
                        assert database.execute("SELECT sum(amount) FROM sale").fetchone() == (50005000,)

                def test_a_query_that_is_too_slow():
                    with connect() as database:
                        database.execute("SELECT pg_sleep(60)")
            """,
        },
    )
    environment = testflow.Environment("load").add_service(
        "warehouse", {"type": "postgres", "config": {"schemas": ["bench/schema.sql"]}}
    )
    workflow = testflow.TestWorkflow("performance")
    workflow.add_test_selection("reports", {"strategy": "all", "test_paths": ["bench"], "timeout": "2s"})
    engine = testflow.Engine(workspace=tmp_path, applications={"reports": {}})
    run = engine.execute(workflow, environment)
    assert by_status(run) == {
        "passed": {"reports::bench/test_speed.py::test_ten_thousand_rows_are_summed"},
        "timed_out": {"reports::bench/test_speed.py::test_a_query_that_is_too_slow"},
    }
    assert run.phases["provision"] < 300
    durations = {outcome.test.name: outcome.duration for outcome in run.outcomes}
    assert 0 < durations["test_ten_thousand_rows_are_summed"] < 2 <= durations["test_a_query_that_is_too_slow"]


def test_complex_scenarios_with_cross_application_dependencies(write, tmp_path):
    """Values flow through three applications in two languages; what breaks takes with it only what needs it."""
    write("users", {"tests/test_auth.py": "def test_login(): return {'token': 'secret', 'ids': [7, 8]}\n"})
    write(
        "orders",
        {
            "tests/test_orders.py": """
                def test_create(headers):
                    assert headers == {"Authorization": "secret", "X-User": 8}
                    return {"id": "order-1"}

                def test_cancel(headers):
                    assert False, "never reached with a passed login"
            """
        },
    )
    write(
        "web",
        {
            "package.json": '{"type": "module", "scripts": {"test": "node --test"}}',
            "src/order.test.js": """
                import assert from "node:assert";
                import { readFileSync } from "node:fs";
                import test from "node:test";

                test("shows the order", () => {
                  const inputs = JSON.parse(readFileSync(process.env.TESTFLOW_INPUTS, "utf8"));
                  assert.deepEqual(inputs, { props: { order: "order-1" } });
                });
            """,
        },
    )
    login = {"app": "users", "test": "tests/test_auth.py::test_login"}
    create = {"app": "orders", "test": "tests/test_orders.py::test_create"}
    cancel = {"app": "orders", "test": "tests/test_orders.py::test_cancel"}
    show = {"app": "web", "test": "src/order.test.js"}
    workflow = testflow.TestWorkflow("flows").add_cross_app_test(
        "buy",
        {
            "steps": [login, create, show],
            "data_flow": {
                "token": {"from": "users.test_login.return.token", "to": "orders.test_create.headers.Authorization"},
                "user": {"from": "users.test_login.return.ids[1]", "to": "orders.test_create.headers.X-User"},
                "order": {"from": "orders.test_create.return.id", "to": "web.order.test.props.order"},
            },
        },
    )
    workflow.add_cross_app_test(
        "cancel",
        {
            "steps": [login, cancel],
            "data_flow": {
                "token": {"from": "users.test_login.return.nothing", "to": "orders.test_cancel.headers.Authorization"}
            },
        },
    )
    workflow.add_cross_app_test("abroad", {"steps": [login, {"app": "abroad", "test": "tests/test_x.py"}]})
    applications = testflow.Applications(
        {"users": {}, "orders": {}, "abroad": {}, "web": {"test_command": "npm test -- {test_path}"}}
    )
    run = testflow.Engine(workspace=tmp_path, applications=applications).execute(workflow)
    assert by_status(run) == {
        "passed": {
            "users::tests/test_auth.py::test_login",
            "orders::tests/test_orders.py::test_create",
            "web::src/order.test.js::shows the order",
        },
        "error": {"orders::tests/test_orders.py::test_cancel"},
        "unavailable": {"abroad::tests/test_x.py"},
    }
    (failure,) = run.failed_tests
    assert "return.nothing" in failure.logs


def test_failure_investigation_with_automated_analysis_and_routing(write, tmp_path):
    """Each failure has its category, its team and the evidence for both, also in the published reports."""
    write(
        "shop",
        {
            "tests/test_shop.py": """
                import pytest

                def test_database():
                    raise ConnectionError("could not connect: connection refused")

                def test_token():
                    pytest.fail("401 Unauthorized")

                def test_nobody_knows():
                    assert 1 == 2
            """
        },
    )
    analysis = {
        "categories": [
            {"name": "database", "patterns": ["connection refused"]},
            {"name": "authentication", "patterns": ["unauthorized", "invalid token"]},
        ],
        "routing": {"database": "database-team", "authentication": "security-team"},
        "default_team": "triage-team",
    }
    workflow = testflow.TestWorkflow("investigate").add_test_selection("shop", {"strategy": "all"})
    workflow.set_failure_analysis(analysis)
    run = testflow.Engine(workspace=tmp_path, applications={"shop": {}}).execute(workflow)
    found = {each.test_id.rpartition("::")[2]: (each.category, each.assigned_to) for each in run.failed_tests}
    assert found == {
        "test_database": ("database", "database-team"),
        "test_token": ("authentication", "security-team"),
        "test_nobody_knows": ("assertion/equality", "triage-team"),
    }
    evidence = {each.test_id.rpartition("::")[2]: each.diagnosis for each in run.failed_tests}
    assert "connection refused" in evidence["test_database"].evidence.text
    report = (run.reports / "summary.md").read_text()
    assert all(team in report for team in ("database-team", "security-team", "triage-team"))
