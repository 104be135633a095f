"""Files that take long are run by several workers, once the history knows how long; nothing else changes by that."""

from pathlib import Path
from textwrap import dedent

import pytest
from attrs import evolve
from run_results import statuses

import testflow
from testflow_core.history import History
from testflow_core.interfaces import Reporter
from testflow_core.model import Run, Status, TestCase, TestEnded, TestResult

FILE = "test_long.py"
TESTS = "".join(f"def test_{name}(): pass\n" for name in "abcdef")
NAMES = [f"{FILE}::test_{name}" for name in "abcdef"]
FAILING = TESTS.replace("def test_b(): pass", "def test_b(): assert 0")


def remember(*tests, seconds=10.0):
    """Have the history know of a run in which each of these tests took so long."""
    results = tuple(
        TestResult(test_id=f"shop::{test}", status=Status.PASSED, duration=seconds) for test in tests or NAMES
    )
    History(Path(".testflow/history.db")).record(Run(run_id="before", workflow="w", started=1.0, results=results))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Writes a file of an application whose other runs are known, and answers an engine with two workers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".testflow").mkdir()
    (tmp_path / "shop").mkdir()

    def write(text, **fields):
        (tmp_path / "shop" / FILE).write_text(dedent(text), encoding="utf-8")
        return testflow.Engine(applications={"shop": fields}, reporters=(), workers=2)

    return write


def workflow(**selection):
    return testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", **selection})


def once(run):
    """How each test ended; nothing has two outcomes."""
    ended = [(outcome.test, outcome.flow, outcome.attempt) for outcome in run.outcomes]
    assert len(ended) == len(set(ended))
    return statuses(run)


MEETING = """
    import pathlib, time
    def meet(me, other):
        pathlib.Path(me).touch()
        until = time.monotonic() + 30
        while pathlib.Path("known").exists() and not pathlib.Path(other).exists():
            assert time.monotonic() < until, f"{other} does not run meanwhile"
            time.sleep(0.01)
    def test_a(): time.sleep(0.2); meet("a", "b")
    def test_b(): time.sleep(0.2); meet("b", "a")
    """


def test_tests_of_one_file_run_at_the_same_time_once_a_run_has_shown_how_long_they_take(shop, tmp_path, monkeypatch):
    # The first test takes no longer than the second by what plugins do then.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    engine = shop(MEETING)
    passed = {f"{FILE}::test_{name}": "passed" for name in "ab"}
    assert len(engine.plan(workflow()).batches) == 1
    assert once(engine.execute(workflow())) == passed
    for name in "ab":
        (tmp_path / "shop" / name).unlink()
    (tmp_path / "shop/known").touch()
    assert once(engine.execute(workflow())) == passed


def test_each_test_of_a_file_in_parts_runs_once(shop):
    remember()
    run = shop(TESTS).execute(workflow())
    assert once(run) == dict.fromkeys(NAMES, "passed")
    assert {outcome.batch for outcome in run.outcomes} == {f"shop::{FILE} ({number} of 6)" for number in range(1, 7)}


def test_what_has_come_into_a_file_runs_and_what_has_gone_is_no_error(shop):
    remember()
    engine = shop(TESTS.replace("test_c", "test_new").replace("test_e", "test_e_2").replace("def test_f", "def f"))
    assert len(engine.plan(workflow()).batches) == 6
    left = [f"{FILE}::test_{name}" for name in ("a", "b", "new", "d", "e_2")]
    assert once(engine.execute(workflow())) == dict.fromkeys(left, "passed")


def test_other_parameters_than_those_of_the_history_run_and_the_former_are_no_error(shop):
    remember(*(f"{FILE}::test_a[{number}]" for number in range(3)), f"{FILE}::test_b[x]", f"{FILE}::test_b")
    text = """
        import pytest
        @pytest.mark.parametrize("x", [0, 2, 3])
        def test_a(x): pass
        @pytest.mark.parametrize("x", ["y", "z"])
        def test_b(x): pass
        """
    names = [f"{FILE}::test_{name}" for name in ("a[0]", "a[2]", "a[3]", "b[y]", "b[z]")]
    assert once(shop(text).execute(workflow())) == dict.fromkeys(names, "passed")


def test_what_the_user_has_named_and_has_gone_is_an_error(shop):
    remember()
    run = shop(TESTS.replace("test_c", "test_new")).execute(workflow(test_paths=NAMES))
    assert len({outcome.batch for outcome in run.outcomes}) == 6
    assert once(run) == {name: "error" if name.endswith("_c") else "passed" for name in NAMES}
    assert "no test named test_c" in run.failed_tests[0].message


@pytest.mark.parametrize(
    ("text", "status"), [("", "skipped"), ("import nothing_of_this_name", "error"), ("def test_b(:", "error")]
)
def test_what_is_said_of_a_whole_file_is_one_result(shop, text, status):
    remember()
    run = shop(text).execute(workflow(attempts=2))
    assert statuses(run) == {FILE: status}


CLASSES = """
    import unittest
    class First(unittest.TestCase):
        @classmethod
        def setUpClass(cls): cls.before = []
        def test_a(self): self.before.append("a")
        def test_b(self): self.assertEqual(self.before, ["a"])
    class Second(unittest.TestCase):
        def test_a(self): pass
        def test_b(self): pass
    """


@pytest.mark.parametrize("command", ["pytest {test_path}", "python -m unittest {test_path}"])
def test_the_tests_of_a_class_stay_on_one_worker(shop, command):
    names = [f"{FILE}::{kind}::test_{name}" for kind in ("First", "Second") for name in "ab"]
    remember(*names)
    engine = shop(CLASSES, test_command=command)
    whole = TestCase(application="shop", file=FILE)
    second = (evolve(whole, name="Second"),)
    found = [(batch.tests, batch.only, batch.exclude) for batch in engine.plan(workflow()).batches]
    assert found == [((whole,), (), second), ((whole,), second, ())]
    assert once(engine.execute(workflow())) == dict.fromkeys(names, "passed")


def test_a_file_whose_tests_take_a_thing_that_there_is_once_stays_whole(shop):
    remember()
    assert len(shop(TESTS).plan(workflow(resources={"the order of the tests": 1})).batches) == 1


def test_a_command_whose_tests_cannot_be_chosen_runs_a_file_whole(shop):
    remember()
    engine = shop(TESTS, test_command="python {test_path}", test_files=[FILE])
    assert len(engine.plan(workflow()).batches) == 1


def test_an_application_whose_tests_need_one_session_is_not_split(shop):
    remember()
    (batch,) = shop(TESTS, test_command="pytest -n 2 {test_path}").plan(workflow()).batches
    assert batch.whole
    assert batch.only == batch.exclude == ()


def test_only_what_failed_of_a_part_is_tried_again(shop):
    remember()
    run = shop(FAILING).execute(workflow(attempts=2))
    assert once(run) == {name: "failed" if name.endswith("_b") else "passed" for name in NAMES}
    assert [outcome.test.name for outcome in run.outcomes if outcome.attempt == 2] == ["test_b"]


def test_a_part_of_a_file_that_could_not_be_read_is_tried_again_as_that_part(shop):
    remember()
    first = "import pathlib\nis_second = pathlib.Path('x').exists()\npathlib.Path('x').touch()\nassert is_second\n"
    run = shop(first + TESTS).execute(workflow(attempts=2))
    assert max(outcome.attempt for outcome in run.outcomes) == 2
    ran = [outcome.test.name for outcome in run.outcomes if outcome.status is Status.PASSED]
    assert sorted(ran) == [f"test_{name}" for name in "abcdef"]


def test_what_waits_for_a_file_waits_for_all_of_its_parts(shop, tmp_path):
    remember()
    engine = shop(TESTS)
    (tmp_path / "shop/test_after.py").write_text("def test_after(): pass\n")
    run = engine.execute(workflow().add_dependency("shop::test_after.py", f"shop::{FILE}"))
    (after,) = (outcome for outcome in run.outcomes if outcome.test.file == "test_after.py")
    assert after.status is Status.PASSED
    assert after.started >= max(each.started + each.duration for each in run.outcomes if each is not after) - 0.01


def test_a_test_of_a_flow_is_in_no_part(shop):
    remember()
    engine = shop(TESTS)
    both = workflow().add_cross_app_test("buy", {"steps": [{"app": "shop", "test": f"{FILE}::test_c"}]})
    run = engine.execute(both)
    assert once(run) == dict.fromkeys(NAMES, "passed")
    assert [outcome.flow for outcome in run.outcomes if outcome.test.name == "test_c"] == ["buy"]


class Hears(Reporter):
    """Leaves a file as soon as a test has failed."""

    def report(self, run):
        pass

    def observe(self, event):
        if isinstance(event, TestEnded) and event.outcome.status is Status.FAILED:
            Path("shop/heard").touch()


AFTER_THE_FAILURE = """
import pathlib, time
def wait():
    until = time.monotonic() + 30
    while not pathlib.Path("heard").exists() and time.monotonic() < until:
        time.sleep(0.01)
"""


def test_a_run_that_was_stopped_goes_on_with_the_parts_that_are_left(shop):
    # More parts than two workers can have begun before the failure is heard of: each has one and is handed another.
    letters = "abcdefghijkl"
    names = [f"{FILE}::test_{name}" for name in letters]
    remember(*names)
    body = {"a": "pass", "b": "assert 0"}
    shop(AFTER_THE_FAILURE + "".join(f"def test_{each}(): {body.get(each, 'wait()')}\n" for each in letters))
    engine = testflow.Engine(applications={"shop": {}}, reporters=(Hears(),), workers=2)
    stopped = engine.execute(workflow(), fail_fast=True)
    kept = {each.test.name: each.started for each in stopped.outcomes if each.status is not Status.INTERRUPTED}
    assert len(kept) < len(names)
    resumed = engine.resume()
    assert once(resumed) == {name: "failed" if name.endswith("_b") else "passed" for name in names}
    again = {each.test.name: each.started for each in resumed.outcomes}
    assert {name: again[name] for name in kept} == pytest.approx(kept)
