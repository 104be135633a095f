"""What is tried again, what is repeated, and what is said of it."""

import itertools
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from memory_runs import CART, ORDERS, TESTS, engine, failing, flow, statuses

import testflow
from testflow_core.execution.performance import ENOUGH, too_slow
from testflow_core.model import Outcome, Past, Status, Terms, TestCase
from testflow_core.testing import MemoryRunner

PASSED = Outcome(test=TestCase.from_id(CART), status=Status.PASSED, duration=1.0)
FAILED = evolve(PASSED, status=Status.FAILED, message="boom")


def web(**terms):
    return testflow.TestWorkflow("web").add_test_selection("web", terms)


@pytest.mark.parametrize(
    ("played", "attempts", "ran", "status", "flaky"),
    [
        ([PASSED], 3, 1, Status.PASSED, False),
        ([FAILED, PASSED], 1, 1, Status.FAILED, False),
        ([FAILED, PASSED], 3, 2, Status.PASSED, True),
        ([FAILED, FAILED, PASSED], 3, 3, Status.PASSED, True),
        ([FAILED, FAILED, PASSED], 2, 2, Status.FAILED, False),
        ([evolve(FAILED, status=Status.ERROR), PASSED], 2, 2, Status.PASSED, True),
        ([evolve(FAILED, status=Status.TIMED_OUT), PASSED], 2, 2, Status.PASSED, True),
        ([evolve(FAILED, status=Status.SKIPPED), PASSED], 2, 1, Status.SKIPPED, False),
    ],
)
def test_what_fails_is_tried_again_and_flaky_where_it_passes_then(shop, played, attempts, ran, status, flaky):
    run = engine(MemoryRunner(tests=TESTS, outcomes={CART: played}), applications=shop).execute(web(attempts=attempts))
    (result,) = run.results
    assert [outcome.attempt for outcome in run.outcomes] == list(range(1, ran + 1))
    assert (result.status, result.attempts, result.flaky) == (status, ran, flaky)
    assert run.flaky_tests == ((result,) if flaky else ())
    assert result not in run.failed_tests or not flaky


def test_a_flaky_test_is_explained_and_assigned_though_it_passed(shop):
    workflow = web(attempts=2).set_failure_analysis({"default_team": "web-team"})
    run = engine(MemoryRunner(tests=TESTS, outcomes={CART: [FAILED, PASSED]}), applications=shop).execute(workflow)
    (flaky,) = run.flaky_tests
    assert (flaky.message, flaky.assigned_to) == ("boom", "web-team")
    assert run.ok


def test_only_what_failed_of_a_batch_is_tried_again(shop):
    runner = MemoryRunner(tests=TESTS, outcomes={ORDERS: [evolve(FAILED, test=TestCase.from_id(ORDERS)), PASSED]})
    workflow = testflow.TestWorkflow("api").add_test_selection("api", {"attempts": 2})
    engine(runner, applications=shop).execute(workflow)
    again = [batch for batch in runner.batches if batch.attempt == 2]
    assert [[test.id for test in batch.tests] for batch in again] == [[ORDERS]]


def test_the_steps_after_a_flaky_one_get_the_values_of_the_attempt_that_passed(shop):
    (login,) = (test for test in flow().value.flows[0].steps if test.app == "api")
    test_id = f"api::{login.test}"
    first = Outcome(test=TestCase.from_id(test_id), status=Status.FAILED, values={"token": "bad"})
    good = evolve(first, status=Status.PASSED, values={"token": "good"})
    runner = MemoryRunner(tests=TESTS, outcomes={test_id: [first, good]})
    run = engine(runner, applications=shop).execute(flow(attempts=2))
    assert statuses(run) == {test_id: Status.PASSED, CART: Status.PASSED}
    assert runner.batches[-1].inputs == {"headers": {"Authorization": "good"}}


def test_reports_tell_of_flaky_tests(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "test_x.py").write_text(
        "import pathlib\n"
        "def test_flaky():\n"
        "    seen = pathlib.Path('seen')\n"
        "    first, _ = not seen.exists(), seen.touch()\n"
        "    if first: raise RuntimeError('not yet')\n"
        "def test_fails(): assert 1 == 2\n"
        "def test_fine(): pass\n"
    )
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", "attempts": 2})
    run = testflow.Engine(applications={"shop": {}}, reporters=("junit", "markdown")).execute(workflow)
    assert [result.test_id for result in run.flaky_tests] == ["shop::test_x.py::test_flaky"]
    assert sorted((outcome.test.name, outcome.attempt) for outcome in run.outcomes) == [
        ("test_fails", 1),
        ("test_fails", 2),
        ("test_fine", 1),
        ("test_flaky", 1),
        ("test_flaky", 2),
    ]
    cases = {case.get("name"): case for case in ET.parse(run.reports / "junit.xml").iter("testcase")}  # noqa: S314
    assert [(each.tag, each.get("message")) for each in cases["test_flaky"].iter("flakyFailure")] == [
        ("flakyFailure", "RuntimeError: not yet")
    ]
    assert {"failure", "rerunFailure"} <= {each.tag for each in cases["test_fails"]}
    summary = (run.reports / "summary.md").read_text(encoding="utf-8")
    assert "1 failed, 2 passed (1 of them flaky)" in summary
    assert "| `shop::test_x.py::test_flaky` | passed in attempt 2 | RuntimeError: not yet |" in summary


def test_a_performance_test_is_repeated_and_its_median_told(shop):
    runner = MemoryRunner(tests=TESTS, outcomes={CART: [evolve(PASSED, duration=float(n)) for n in (5, 1, 3)]})
    run = engine(runner, applications=shop).execute(web(kind="performance", repeat=3))
    (result,) = run.results
    assert [outcome.attempt for outcome in run.outcomes] == [1, 2, 3]
    assert (result.kind, result.timing.median, result.timing.low, result.timing.high) == ("performance", 3.0, 2.0, 4.0)
    assert (result.status, result.flaky) == (Status.PASSED, False)


def test_a_performance_test_that_fails_once_is_not_repeated(shop):
    runner = MemoryRunner(tests=TESTS, outcomes=failing(CART))
    run = engine(runner, applications=shop).execute(web(kind="performance"))
    assert [outcome.attempt for outcome in run.outcomes] == [1]
    assert [result.test_id for result in run.failed_tests] == [CART]


def test_a_performance_test_that_takes_longer_than_it_may_fails_with_the_numbers(shop):
    runner = MemoryRunner(tests=TESTS, outcomes={CART: PASSED})
    run = engine(runner, applications=shop).execute(web(kind="performance", repeat=3, max_duration="500ms"))
    (failure,) = run.failed_tests
    assert failure.message == "the median of its 3 repetitions is 1 s (1 to 1), more than the 0.5 s that it may take"


def repetitions(*seconds):
    return [evolve(PASSED, duration=each, attempt=number) for number, each in enumerate(seconds, start=1)]


@pytest.mark.parametrize(
    ("seconds", "before", "slow"),
    [
        ((1.0, 1.1, 1.2), (1.0,) * ENOUGH, False),
        ((1.6, 1.7, 1.8), (1.0,) * ENOUGH, True),
        ((1.6, 1.7, 1.8), (1.0,) * (ENOUGH - 1), False),
        ((1.6, 1.0, 1.0), (1.0,) * ENOUGH, False),
        ((0.1, 0.1, 0.1), (1.0,) * ENOUGH, False),
    ],
)
def test_slower_than_before_is_by_medians_and_needs_enough_of_a_past(seconds, before, slow):
    terms = Terms(kind="performance", max_slowdown=1.5)
    past = Past(timings={PASSED.test: before})
    found = too_slow(terms, repetitions(*seconds), past)
    assert bool(found) == slow
    for outcome in found:
        assert outcome.status is Status.FAILED
        assert outcome.message == (
            "the median of its 3 repetitions is 1.7 s (1.65 to 1.75), 1.7 times that of its last 3 runs, 1 s (1 to 1);"
            " 1.5 times is allowed"
        )


def test_what_always_passed_and_has_no_limit_is_never_too_slow():
    past = Past(timings={PASSED.test: (0.1,) * 9})
    assert too_slow(Terms(kind="performance"), repetitions(9.0, 9.0), past) == []
    mixed = [*repetitions(9.0), evolve(FAILED, attempt=2)]
    assert too_slow(Terms(kind="performance", max_duration=timedelta(seconds=1)), mixed, past) == []


def test_attempts_of_different_tests_do_not_mix():
    first, second = (TestCase.from_id(f"web::a.js::{name}") for name in "ab")
    outcomes = itertools.chain(
        (evolve(each, test=first) for each in repetitions(1.0, 1.0)),
        (evolve(each, test=second) for each in repetitions(3.0, 3.0)),
    )
    terms = Terms(kind="performance", max_duration=timedelta(seconds=2))
    assert [outcome.test for outcome in too_slow(terms, outcomes, Past())] == [second]
