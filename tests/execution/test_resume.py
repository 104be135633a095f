"""Runs that are cut off or stopped, and what is left of them to do."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from run_results import statuses

import testflow
from testflow_core.history import History
from testflow_core.model import Outcome, Plan, Status, TestCase

# Executes all tests of `shop`.
ENGINE = """
import testflow
workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
testflow.Engine(applications={"shop": {}}, reporters=()).execute(workflow)
"""


def test_a_run_that_is_killed_again_and_again_loses_nothing_and_repeats_nothing(tmp_path):
    program, report = Path(__file__).parents[2] / "benchmarks/chaos.py", tmp_path / "report.json"
    argv = [sys.executable, program, report, "8"]
    told = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert told.returncode == 0, told.stdout + told.stderr
    assert json.loads(report.read_text())["kills"] == 8


def workflow(**selection):
    return testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", **selection})


FAILING = "def test_a(): pass\ndef test_b(): assert 1 == 2\ndef test_c(): pass\n"
# More of them than are handed over ahead.
FILES = {f"test_{n}.py": FAILING for n in range(1, 7)}


def test_a_run_stops_once_so_many_tests_have_failed_and_is_resumed_with_what_is_left(real_shop):
    engine = real_shop(FILES)
    stopped = engine.execute(workflow(), fail_fast=True)
    assert stopped.failed_tests[0].test_id == "shop::test_1.py::test_b"
    assert statuses(stopped)["test_1.py::test_a"] == "passed"
    assert statuses(stopped)["test_6.py"] == "interrupted"
    assert stopped.stopped == "1 failed, and no more than that was to be seen"
    assert not stopped.ok
    resumed = engine.resume()
    assert resumed.run_id == stopped.run_id
    names = [f"test_{file}.py::test_{name}" for file in "123456" for name in "abc"]
    assert statuses(resumed) == {name: "failed" if name.endswith("b") else "passed" for name in names}
    kept = {
        outcome.test.id: outcome.started for outcome in stopped.outcomes if outcome.status is not Status.INTERRUPTED
    }
    again = {outcome.test.id: outcome.started for outcome in resumed.outcomes}
    assert {test: again[test] for test in kept} == pytest.approx(kept)


def test_a_failed_attempt_that_is_tried_again_does_not_stop_a_run(real_shop):
    flaky = "import pathlib\ndef test_flaky():\n    p = pathlib.Path('x'); e = p.exists(); p.touch(); assert e\n"
    run = real_shop({"test_1.py": flaky, "test_2.py": "def test_a(): pass\n"}).execute(
        workflow(attempts=2), fail_fast=True
    )
    assert set(statuses(run).values()) == {"passed"}
    assert run.stopped == ""


SLOW = "import time\ndef test_a(): time.sleep(6)\ndef test_b(): pass\n"


def test_a_run_stops_when_its_time_is_up_and_awaits_the_test_that_runs(real_shop):
    engine = real_shop({"test_1.py": SLOW, "test_2.py": SLOW})
    run = engine.execute(workflow(), max_duration="5s")
    assert statuses(run)["test_1.py::test_a"] == "passed"
    assert "test_1.py::test_b" not in statuses(run)
    assert statuses(run)["test_2.py"] == "interrupted"
    assert run.stopped == "it had 5 s"
    assert set(statuses(engine.resume()).values()) == {"passed"}


INTERRUPTS = (
    "import os, signal, time\ndef test_a():\n    os.kill({pid}, signal.SIGINT); time.sleep(0.5)\ndef test_b(): pass\n"
)


def test_an_interrupt_lets_the_running_test_end_and_begins_no_other(real_shop):
    engine = real_shop({"test_1.py": INTERRUPTS.format(pid=os.getpid())})
    with pytest.raises(KeyboardInterrupt):
        engine.execute(workflow())
    with closing(sqlite3.connect(".testflow/history.db")) as history:
        rows = history.execute("select test_id, status from results join tests on tests.id = results.test").fetchall()
        assert ("shop::test_1.py::test_a", "passed") in rows
        assert not [test for test, _ in rows if test.endswith("test_b")]
    resumed = engine.resume()
    assert statuses(resumed) == {"test_1.py::test_a": "passed", "test_1.py::test_b": "passed"}


CUT_OFF = """
import os, signal, pathlib
def test_a():
    with open("ran", "a") as ran: ran.write("a")
def test_b():
    with open("ran", "a") as ran: ran.write("b")
    if not pathlib.Path("killed").exists():
        pathlib.Path("killed").touch()
        os.kill({pid}, signal.SIGKILL)
        signal.pause()
def test_c():
    with open("ran", "a") as ran: ran.write("c")
"""

KILLED = """
import json, os, pathlib, sys, testflow
path = pathlib.Path("shop/test_1.py")
path.write_text(path.read_text().replace("{pid}", str(os.getpid())))
selection = {"strategy": "all", "idempotent": sys.argv[1] == "True"}
workflow = testflow.TestWorkflow("w").add_test_selection("shop", selection)
testflow.Engine(applications={"shop": json.loads(sys.argv[2])}, reporters=(), workers=1).execute(workflow)
"""

PROGRAM = CUT_OFF + "test_a()\ntest_b()\ntest_c()\n"


def cut_off(folder, text, *, idempotent, **fields):
    """What comes of a run that a test of `text` has killed, once it is resumed."""
    (folder / "shop").mkdir()
    (folder / "shop/test_1.py").write_text(text)
    arguments = [str(idempotent), json.dumps(fields)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], cwd=folder, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    return testflow.Engine(applications={}, reporters=(), history=folder / ".testflow/history.db").resume()


@pytest.mark.parametrize(("idempotent", "ran", "of_b"), [(True, "abbc", "passed"), (False, "abc", "interrupted")])
def test_a_test_that_was_running_runs_again_unless_that_is_not_to_be(tmp_path, idempotent, ran, of_b):
    resumed = cut_off(tmp_path, CUT_OFF, idempotent=idempotent)
    names = {"test_a": "passed", "test_b": of_b, "test_c": "passed"}
    assert statuses(resumed) == {f"test_1.py::{name}": status for name, status in names.items()}
    assert (tmp_path / "shop/ran").read_text() == ran
    if not idempotent:
        (interrupted,) = resumed.interrupted_tests
        assert "not to be run again" in interrupted.reason


@pytest.mark.parametrize(("idempotent", "ran", "status"), [(True, "ababc", "passed"), (False, "ab", "interrupted")])
def test_a_program_that_was_running_runs_again_unless_that_is_not_to_be(tmp_path, idempotent, ran, status):
    command = [sys.executable, "{test_path}"]
    resumed = cut_off(tmp_path, PROGRAM, idempotent=idempotent, test_command=command, test_files=["test_*.py"])
    assert statuses(resumed) == {"test_1.py": status}
    assert (tmp_path / "shop/ran").read_text() == ran


def test_tests_of_a_file_that_has_changed_since_run_again_and_that_is_said(real_shop, tmp_path):
    engine = real_shop(FILES)
    engine.execute(workflow(), max_failures=1)
    (tmp_path / "shop/test_1.py").write_text(FAILING.replace("1 == 2", "1 == 1"))
    resumed = engine.resume()
    assert statuses(resumed)["test_1.py::test_b"] == "passed"
    assert "shop::test_1.py has changed since the run was cut off: its tests run again" in resumed.warnings


def test_values_of_steps_that_had_passed_flow_into_those_that_are_resumed(real_shop, tmp_path):
    engine = real_shop(
        {
            "test_login.py": "def test_login(): return {'token': 'abc', 'tries': [1, 2]}\n",
            "test_fails.py": "def test_fails(): assert False\n",
            "test_buy.py": "def test_buy(token): assert token == 'abc'\n",
        }
    )
    steps = [
        {"app": "shop", "test": f"test_{name}.py::test_{name}", "name": name} for name in ("login", "fails", "buy")
    ]
    flow = {"token": {"from": "shop.login.return.token", "to": "shop.buy.token"}}
    declared = testflow.TestWorkflow("w").add_cross_app_test("f", {"steps": steps, "data_flow": flow})
    stopped = engine.execute(declared, fail_fast=True)
    assert statuses(stopped)["test_buy.py::test_buy"] == "interrupted"
    (tmp_path / "shop/test_login.py").touch()
    resumed = engine.resume(stopped.run_id)
    assert statuses(resumed)["test_buy.py::test_buy"] == "passed"
    with closing(sqlite3.connect(".testflow/history.db")) as history:
        assert history.execute("select count(*) from attempts where value is not null").fetchone() == (0,)


def test_what_cannot_be_resumed_says_why(real_shop, tmp_path):
    engine = real_shop({"test_1.py": "def test_a(): pass\n", "test_2.py": "def test_b(): assert 0\n"})
    with pytest.raises(testflow.HistoryError, match="no run to resume: there is no history at"):
        engine.resume()
    run = engine.execute(workflow())
    with pytest.raises(testflow.HistoryError, match="none was cut off or stopped"):
        engine.resume()
    with pytest.raises(testflow.HistoryError, match="has come to its end: there is nothing to resume"):
        engine.resume(run.run_id)
    with pytest.raises(testflow.HistoryError, match="none is called 'another'"):
        engine.resume("another")
    (tmp_path / "damaged.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(testflow.HistoryError, match="is damaged"):
        testflow.Engine(applications={}, history="damaged.db").resume()
    with pytest.raises(testflow.HistoryError, match="on disk"):
        testflow.Engine(applications={}, plugins="memory").resume()


def test_a_run_that_still_goes_on_cannot_be_resumed(real_shop, tmp_path):
    waiting = "import os\ndef test_waits():\n    open('here', 'w').close()\n    open('go').read()\n"
    engine = real_shop({"test_1.py": waiting})
    os.mkfifo(tmp_path / "shop/here")
    os.mkfifo(tmp_path / "shop/go")
    with subprocess.Popen([sys.executable, "-c", ENGINE], cwd=tmp_path) as running:
        (tmp_path / "shop/here").read_text()
        holder = rf"still goes on in another process \({running.pid} on {re.escape(os.uname().nodename)}\)"
        with pytest.raises(testflow.HistoryError, match=holder):
            engine.resume()
        (tmp_path / "shop/go").write_text("go")


@pytest.mark.parametrize("limits", [{"max_failures": 0}, {"max_duration": "soon"}, {"max_failures": "many"}])
def test_limits_that_are_none_are_mistakes(real_shop, limits):
    with pytest.raises(testflow.SpecError, match=next(iter(limits))):
        real_shop({}).execute(workflow(), **limits)


def test_no_secret_of_a_declaration_stands_in_the_history_while_it_can_be_resumed(real_shop, tmp_path):
    engine = real_shop(FILES)
    environment = testflow.Environment("e").add_service(
        "api",
        {"type": "process", "command": "sleep 100", "env": {"API_TOKEN": "hunter-two"}, "readiness": {"exec": "true"}},
    )
    engine.execute(workflow(), environment, fail_fast=True)
    for path in Path(".testflow").rglob("history.db*"):
        if path.is_file():
            assert b"hunter-two" not in path.read_bytes()
    kept = [path for path in Path(".testflow").rglob("*") if path.is_file() and b"hunter-two" in path.read_bytes()]
    assert [path.name for path in kept] == ["declared.json"]
    assert kept[0].stat().st_mode & 0o077 == 0
    assert len(statuses(engine.resume())) == 3 * len(FILES)
    assert not Path(".testflow/history.db.runs").exists()


def test_a_run_that_is_interrupted_before_its_first_test_can_be_resumed(real_shop, monkeypatch):
    # The service knows us by our number, which means nothing in namespaces.
    monkeypatch.setenv("TESTFLOW_ISOLATION", "subreaper")
    engine = real_shop({"test_1.py": "def test_a(): pass\n"})
    once = "p = pathlib.Path('seen'); p.exists() or (p.touch(), os.kill({pid}, signal.SIGINT))"
    first = f"import os, pathlib, signal; {once.format(pid=os.getpid())}"
    service = {"type": "process", "command": "sleep 100", "readiness": {"exec": [sys.executable, "-c", first]}}
    environment = testflow.Environment("e").add_service("api", service)
    with pytest.raises(KeyboardInterrupt):
        engine.execute(workflow(), environment)
    assert statuses(engine.resume()) == {"test_1.py::test_a": "passed"}


def test_a_resume_that_fails_lets_go_of_the_run(real_shop, tmp_path):
    engine = real_shop(FILES)
    environment = testflow.Environment("e").add_service("api", {"type": "process", "command": "sleep 100"})
    stopped = engine.execute(workflow(environment=False), environment, fail_fast=True)
    for _ in range(2):
        with pytest.raises(testflow.PluginError):
            testflow.Engine(applications={}, provisioner="none", history=tmp_path / ".testflow/history.db").resume()
    assert engine.resume().run_id == stopped.run_id


def test_values_that_no_journal_can_write_hinder_nobody(tmp_path):
    history = History(tmp_path / "history.db")
    journal = history.journal("one")
    journal.begin(1.0, Plan(workflow=testflow.TestWorkflow("w").value), lambda _: {})
    test = TestCase(application="shop", file="test_a.py")
    journal.outcome(Outcome(test=test, status=Status.PASSED, values=object()))
    journal.flush()
    journal.close()
    journal.release(remove=True)
    assert "TypeError" in journal.trouble


def test_what_is_left_of_a_run_in_variants_is_resumed_in_the_variants_in_which_it_is_left(real_shop):
    told = "import os\ndef test_a(): pass\ndef test_b(): assert os.environ['PROBE_URL'] and 1 == 2\n"
    engine = real_shop({"test_1.py": told, "test_2.py": told})
    probe = {"type": "process", "command": [sys.executable, "-c", PROBE], "ports": {"8000": 0}}
    both = testflow.Environment("e").add_service("probe", probe).variants({"one": {}, "two": {}})
    stopped = engine.execute(workflow(), both, fail_fast=True)
    assert len(stopped.failed_tests) == 1
    assert {result.variant for result in stopped.interrupted_tests} == {"one", "two"}
    resumed = engine.resume()
    names = [f"shop::test_{file}.py::test_{name}" for file in "12" for name in "ab"]
    labels = [f"{name} [{variant}]" for name in names for variant in ("one", "two")]
    assert sorted(result.label for result in resumed.results) == sorted(labels)
    assert all(str(result.status) == ("failed" if "test_b" in result.label else "passed") for result in resumed.results)
    # What had ended is not run again.
    kept = {each.test: each.started for each in stopped.outcomes if each.status is not Status.INTERRUPTED}
    again = {each.test: each.started for each in resumed.outcomes}
    assert {test: again[test] for test in kept} == pytest.approx(kept)


PROBE = """
import http.server, os
address = os.environ["HOST"], int(os.environ["PORT"])
http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""
