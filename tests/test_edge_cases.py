"""The edge cases of the requirements, with the plugins that users have."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from textwrap import dedent

import pytest
from leftovers import end_in_time, left_in, mentioned

import testflow
from testflow_core.interfaces import DATA_GENERATOR
from testflow_core.registry import InstalledPlugins
from testflow_core.testing import MemoryData


@pytest.fixture
def write(tmp_path):
    def write(application, files):
        for name, text in files.items():
            file = tmp_path / application / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text))

    return write


def statuses(run):
    return {result.test_id: str(result.status) for result in run.results}


def both(write, **first):
    """A workflow over two applications, the first declared as told."""
    write("api", {"tests/test_api.py": "def test_api(): pass\n"})
    write("web", {"tests/test_web.py": "def test_web(): pass\n"})
    workflow = testflow.TestWorkflow("both").add_test_selection("api", {"strategy": "all", **first})
    return workflow.add_test_selection("web", {"strategy": "all"})


API, WEB = "api::tests/test_api.py", "web::tests/test_web.py"


def test_an_environment_that_does_not_come_up_costs_the_tests_that_need_it_and_tells_no_secret(write, tmp_path):
    """A service dies after it printed what it was wired to; the other application needs no environment."""
    crash = "import os, sys; print('cannot use', os.environ['STORE_URL']); sys.exit(3)"
    environment = testflow.Environment("broken").add_service("store", {"type": "postgres"})
    worker = {"type": "process", "command": [sys.executable, "-c", crash], "ports": {"80": 80}, "depends_on": ["store"]}
    environment.add_service("worker", worker)
    workflow = both(write, environment=False)
    run = testflow.Engine(workspace=tmp_path, applications={"api": {}, "web": {}}).execute(workflow, environment)
    assert statuses(run) == {f"{API}::test_api": "passed", WEB: "error"}
    (failure,) = run.failed_tests
    assert "the service worker ended with exit code 3" in failure.reason
    assert "cannot use postgresql://postgres:********@127.0.0.1:" in failure.logs
    with closing(sqlite3.connect(tmp_path / ".testflow/history.db")) as history, history:
        (text,) = history.execute("select message from attempts where status = 'error'").fetchone()
    history.close()
    assert ":********@" in text


def test_a_database_whose_schema_has_an_error_tells_file_and_line(write, tmp_path):
    write("api", {"schema.sql": "CREATE TABLE fine (id int);\nCREATE TABEL broken (id int);\n"})
    environment = testflow.Environment("broken")
    environment.add_service("store", {"type": "postgres", "config": {"schemas": ["schema.sql"]}})
    run = testflow.Engine(workspace=tmp_path, applications={"api": {}, "web": {}}).execute(both(write), environment)
    assert set(statuses(run).values()) == {"error"}
    assert "schema.sql:2" in run.failed_tests[0].logs
    assert "TABEL" in run.failed_tests[0].logs


@pytest.mark.parametrize(
    ("application", "why"),
    [
        ({"changed_files": ["deploy/helm.yaml"]}, "deploy/helm.yaml"),
        ({}, "in no git repository"),
        ({"base": "gone"}, "gone"),
    ],
    ids=["a file nothing explains", "no repository", "an unknown base"],
)
def test_a_change_that_is_not_understood_runs_every_test_and_says_why(write, tmp_path, application, why):
    write("api", {"tests/test_one.py": "def test_one(): pass\n", "tests/test_two.py": "def test_two(): pass\n"})
    if "base" in application:
        for command in (
            ["init", "-q"],
            ["add", "."],
            ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "1"],
        ):
            subprocess.run(["git", *command], cwd=tmp_path / "api", check=True)
    workflow = testflow.TestWorkflow("w").add_test_selection("api", {"strategy": "change-based"})
    run = testflow.Engine(workspace=tmp_path, applications={"api": application}).execute(workflow)
    assert len(run.passed_tests) == 2
    assert all(why in choice.reason for choice in run.choices), [choice.reason for choice in run.choices]


def test_data_that_cannot_be_made_costs_the_tests_that_need_it(write, tmp_path):
    class Failing(InstalledPlugins):
        def load(self, kind, name, /, **options):
            if kind is DATA_GENERATOR:
                return MemoryData(failure="users.email: the domain is too small")
            return super().load(kind, name, **options)

    data = testflow.TestData("d").add_generator("users", {"count": 1, "schema": {"email": "email"}})
    engine = testflow.Engine(workspace=tmp_path, applications={"api": {}, "web": {}}, plugins=Failing())
    run = engine.execute(both(write, data=False), test_data=data)
    assert statuses(run) == {f"{API}::test_api": "passed", WEB: "error"}
    assert "users.email: the domain is too small" in run.failed_tests[0].logs


def test_a_type_of_data_that_nobody_knows_is_told_before_anything_starts(write, tmp_path):
    data = testflow.TestData("d").add_generator("users", {"count": 1, "schema": {"email": "emial"}})
    engine = testflow.Engine(workspace=tmp_path, applications={"api": {}, "web": {}})
    with pytest.raises(testflow.SpecError, match=r"\$\.generators\.users\.schema\.email.*did you mean 'email'"):
        engine.execute(both(write), test_data=data)
    assert not (tmp_path / ".testflow").exists()


def test_an_application_that_is_unavailable_takes_its_service_and_those_that_refer_to_it(write, tmp_path):
    write("api", {"testflow.toml": 'start = "python -m http.server {port} --bind {host}"\n'})
    environment = testflow.Environment("e")
    environment.add_service("api", {"type": "docker", "ports": {"80": 80}})
    environment.add_service("gone", {"type": "docker"})
    environment.add_service("needs", {"type": "process", "command": "true", "env": {"X": "{gone.host}"}})
    workflow = both(write).add_test_selection("gone", {"test_paths": ["tests"]})
    applications = {"api": {}, "web": {}, "gone": {"repository": "nowhere.invalid/example/gone"}}
    run = testflow.Engine(workspace=tmp_path, applications=applications).execute(workflow, environment)
    assert statuses(run) == {
        f"{API}::test_api": "passed",
        f"{WEB}::test_web": "passed",
        "gone::tests": "unavailable",
    }
    assert "no checkout at" in run.unavailable_tests[0].reason
    assert "the host nowhere.invalid is not found" in run.unavailable_tests[0].reason
    assert [warning.partition(":")[0] for warning in run.warnings] == ["gone stays down", "needs stays down"]


HANGS = """
    import os, socket, threading

    def test_before(): pass

    def test_that_waits():
        signal = socket.create_connection(("127.0.0.1", int(os.environ["TELL_PORT"])))
        threading.Event().wait()
"""

SCRIPT = """
    import testflow

    environment = testflow.Environment("e").add_service("store", {"type": "postgres"})
    environment.add_service("api", {"type": "docker", "env": {"STORE": "{store.url}"}})
    workflow = testflow.TestWorkflow("w").add_test_selection("web", {"strategy": "all"})
    start = {"command": "sleep 1000", "readiness": {"exec": "true"}}
    engine = testflow.Engine(workspace=".", applications={"web": {}, "api": {"start": start}})
    run = engine.execute(workflow, environment)
"""


@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda kill: kill.name)
def test_a_run_that_is_stopped_leaves_nothing_and_the_next_one_works(write, tmp_path, kill):
    write("web", {"tests/test_web.py": HANGS})
    write("api", {"README": ""})
    (tmp_path / "script.py").write_text(dedent(SCRIPT))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as told:
        told.settimeout(60)
        variables = {**os.environ, "TMPDIR": str(temporary), "TELL_PORT": str(told.getsockname()[1])}
        engine = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, env=variables, stderr=subprocess.PIPE)
        connection, _ = told.accept()
        running = mentioned(str(temporary))
        engine.send_signal(kill)
        if kill is signal.SIGINT:
            # The first lets what runs come to its end, which it never does.
            with pytest.raises(subprocess.TimeoutExpired):
                engine.wait(1)
            engine.send_signal(kill)
        _, errors = engine.communicate(timeout=60)
        connection.close()
    assert engine.returncode != 0
    assert len(running) > 4
    assert end_in_time(running, 10)
    assert mentioned(str(temporary)) == []
    assert left_in(temporary) == []
    if kill is signal.SIGINT:
        assert b"KeyboardInterrupt" in errors
        with closing(sqlite3.connect(tmp_path / ".testflow/history.db")) as history, history:
            rows = history.execute("select status from results order by 1").fetchall()
        history.close()
        assert rows == [("interrupted",), ("passed",)]
    (tmp_path / "web/tests/test_web.py").write_text("def test_web(): pass\n")
    workflow = testflow.TestWorkflow("w").add_test_selection("web", {"strategy": "all"})
    assert testflow.Engine(workspace=tmp_path, applications={"web": {}}).execute(workflow).ok


def test_two_runs_at_once_in_one_folder_are_both_remembered_and_reported(write, tmp_path):
    write("web", {"tests/test_web.py": "def test_web(): pass\n"})
    (tmp_path / "script.py").write_text(
        dedent("""
            import testflow

            workflow = testflow.TestWorkflow("w").add_test_selection("web", {"strategy": "all"})
            run = testflow.Engine(workspace=".", applications={"web": {}}).execute(workflow)
            assert run.ok and not run.warnings, run.warnings
            print(run.run_id)
        """)
    )
    engines = [
        subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ids = {engine.communicate(timeout=60)[0].strip() for engine in engines}
    assert [engine.returncode for engine in engines] == [0, 0]
    assert len(ids) == 2
    assert {each.name for each in (tmp_path / ".testflow/reports").iterdir()} == ids
    history = sqlite3.connect(tmp_path / ".testflow/history.db")
    assert {run_id for (run_id,) in history.execute("select run_id from runs")} == ids
    history.close()


def test_a_step_that_names_no_test_is_an_error_that_says_so(write, tmp_path):
    write("api", {"tests/test_api.py": "def test_api(): pass\n"})
    steps = [{"app": "api", "test": "tests/test_gone.py"}, {"app": "api", "test": "tests/test_api.py::test_apj"}]
    workflow = testflow.TestWorkflow("w").add_cross_app_test("flow", {"steps": steps})
    run = testflow.Engine(workspace=tmp_path, applications={"api": {}}).execute(workflow)
    assert statuses(run) == {"api::tests/test_gone.py": "error", "api::tests/test_api.py::test_apj": "error"}
    gone, misspelt = (failure.logs for failure in run.failed_tests)
    assert "no file tests/test_gone.py" in gone
    assert "test_api" in misspelt.replace("test_apj", "")


def test_a_hanging_test_and_one_that_ends_its_process_cost_themselves_alone(write, tmp_path):
    write(
        "web",
        {
            "tests/test_web.py": """
                import os, threading

                def test_first(): pass
                def test_hangs(): threading.Event().wait()
                def test_between(): pass
                def test_dies(): os._exit(7)
                def test_last(): pass
            """
        },
    )
    workflow = testflow.TestWorkflow("w").add_test_selection("web", {"strategy": "all", "timeout": "2s"})
    run = testflow.Engine(workspace=tmp_path, applications={"web": {}}).execute(workflow)
    found = {test.rpartition("_")[2]: status for test, status in statuses(run).items()}
    assert found == {"first": "passed", "hangs": "timed_out", "between": "passed", "dies": "error", "last": "passed"}
    logs = {each.test_id.rpartition("_")[2]: each.logs for each in run.failed_tests}
    assert "wait" in logs["hangs"]
    assert "7" in logs["dies"]
