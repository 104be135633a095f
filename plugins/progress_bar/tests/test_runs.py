"""Whole runs, followed by the reporter `bar` on a terminal."""

import pytest
from testflow_progress_bar import BarReporter

import testflow
from testflow_core.model import Outcome, Status, TestCase, TestEnded
from testflow_core.testing import MemoryPlugins, MemoryReporter, MemoryRunner


def declared(tmp_path):
    (tmp_path / "api").mkdir()
    return {"api": {"path": str(tmp_path / "api")}}


def test_a_run_is_counted_to_its_end_and_leaves_one_line(on_a_terminal, tmp_path):
    applications = declared(tmp_path)
    tests = {"api": tuple(f"tests/test_{number}.py" for number in range(20))}
    bad = "api::tests/test_3.py"
    failing = {bad: Outcome(test=TestCase.from_id(bad), status=Status.FAILED, message="boom")}
    plugins = MemoryPlugins(MemoryRunner(tests=tests, outcomes=failing))
    workflow = testflow.TestWorkflow("logins").add_test_selection("api", {})
    runs = []

    def show():
        engine = testflow.Engine(plugins=plugins, applications=applications, reporters=[BarReporter()])
        runs.extend([engine.execute(workflow), engine.execute(workflow)])

    terminal = on_a_terminal(show)
    assert all(run.plugin_failures == () for run in runs)
    assert sum(each.startswith("execute 20 ended [") and "1 failed" in each for each in terminal.frames) >= 2
    first, second = terminal.left.splitlines()
    assert first.startswith("logins: 1 failed, 19 passed in ")
    assert second.startswith("logins: 1 failed, 19 passed in ")


def test_an_interrupted_run_leaves_nothing(on_a_terminal, tmp_path):
    class Interrupts(MemoryReporter):
        def observe(self, event):
            if isinstance(event, TestEnded):
                raise KeyboardInterrupt

    plugins = MemoryPlugins(MemoryRunner(tests={"api": ("tests/login.py",)}))
    workflow = testflow.TestWorkflow("logins").add_test_selection("api", {})
    reporters = [BarReporter(), Interrupts()]

    def show():
        engine = testflow.Engine(plugins=plugins, applications=declared(tmp_path), reporters=reporters)
        with pytest.raises(KeyboardInterrupt):
            engine.execute(workflow)

    terminal = on_a_terminal(show)
    assert any(each.startswith("execute") for each in terminal.frames)
    assert terminal.left == "stopping: awaiting the tests that run; Ctrl-C again ends them"


def test_pytest_is_followed_from_file_to_file(on_a_terminal, tmp_path, monkeypatch):
    applications = declared(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "api/tests").mkdir()
    (tmp_path / "api/tests/test_login.py").write_text("def test_in(): pass\ndef test_out(): assert 1 == 2\n")
    workflow = testflow.TestWorkflow("logins").add_test_selection("api", {"strategy": "all"})

    def show():
        testflow.Engine(applications=applications, reporters=["bar"]).execute(workflow)

    terminal = on_a_terminal(show, 120)
    assert any(each.endswith("tests/test_login.py") for each in terminal.frames)
    assert terminal.left.startswith("logins: 1 failed, 1 passed in ")
