"""What `plan` and `execute` answer, on the shipped fakes."""

import pytest
from memory_runs import CART, ORDERS, TESTS, both, engine, failing, statuses

import testflow
from testflow_core.model import BatchDone, BatchSubmitted, Status, TestCase, TestEnded
from testflow_core.testing import (
    MemoryAnalyzer,
    MemoryPlugins,
    MemoryProvisioner,
    MemoryReporter,
    MemoryRunner,
    MemorySelector,
)


def test_every_chosen_test_is_executed_and_the_run_is_ok(shop):
    run = engine(MemoryRunner(tests=TESTS), applications=shop).execute(both())
    assert {result.test_id for result in run.passed_tests} == {ORDERS, "api::tests/login.py", CART}
    assert run.executed_tests == run.passed_tests
    assert run.ok
    assert {outcome.test.id for outcome in run.outcomes} == {result.test_id for result in run.results}
    assert {"plan", "execute", "triage"} <= run.phases.keys()


def test_a_failing_test_is_categorised_and_assigned(shop):
    workflow = both().set_failure_analysis({"routing": {"database": "database-team"}, "default_team": "triage-team"})
    fakes = MemoryRunner(tests=TESTS, outcomes=failing(ORDERS, text="Traceback"))
    run = engine(fakes, MemoryAnalyzer(categories={ORDERS: "database"}), applications=shop).execute(workflow)
    (failure,) = run.failed_tests
    assert (failure.test_id, failure.category, failure.assigned_to) == (ORDERS, "database", "database-team")
    assert failure.logs.startswith("boom")
    assert "Traceback" in failure.logs
    assert not run.ok
    assert len(run.executed_tests) == len(run.passed_tests) + 1


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.TIMED_OUT])
def test_failed_tests_are_those_that_failed_ended_in_error_or_timed_out(shop, status):
    run = engine(MemoryRunner(tests=TESTS, outcomes=failing(CART, status)), applications=shop).execute(both())
    assert [result.test_id for result in run.failed_tests] == [CART]
    assert run.failed_tests[0].assigned_to == "unassigned"


def test_a_test_that_was_not_selected_is_skipped_with_the_selectors_reason(shop):
    selector = MemorySelector(skipped={CART: "nothing concerns it"})
    run = engine(MemoryRunner(tests=TESTS), selector, applications=shop).execute(both())
    (skipped,) = run.skipped_tests
    assert (skipped.test_id, skipped.reason) == (CART, "nothing concerns it")
    assert run.ok


def test_plan_has_a_choice_for_every_test_and_starts_nothing(shop):
    provisioner = MemoryProvisioner()
    environment = testflow.Environment("e").add_service("db", {"type": "postgres"})
    selector = MemorySelector(skipped={CART: "nothing concerns it"})
    plan = engine(MemoryRunner(tests=TESTS), selector, provisioner, applications=shop).plan(both(), environment)
    chosen = {choice.test.id: choice.selected for choice in plan.choices}
    assert chosen == {ORDERS: True, "api::tests/login.py": True, CART: False}
    assert all(choice.reason for choice in plan.choices)
    assert provisioner.events == []


def test_observers_are_told_of_the_plan_and_every_outcome(shop):
    reporter = MemoryReporter()
    plugins = MemoryPlugins(MemoryRunner(tests=TESTS))
    run = testflow.Engine(plugins=plugins, applications=shop, reporters=[reporter]).execute(both())
    kinds = [type(event).__name__ for event in reporter.events]
    assert kinds.count("TestEnded") == len(run.outcomes)
    assert kinds.index("Planned") < kinds.index("TestEnded")
    assert list(reporter.runs) == [run.run_id]


def test_observers_are_told_which_tests_run_before_they_end_and_when_nothing_of_them_is_left(shop):
    reporter = MemoryReporter()
    plugins = MemoryPlugins(MemoryRunner(tests=TESTS))
    testflow.Engine(plugins=plugins, applications=shop, reporters=[reporter]).execute(both())
    told = [each for each in reporter.events if isinstance(each, BatchSubmitted | TestEnded | BatchDone)]
    running = dict[str, tuple[TestCase, ...]]()
    for event in told:
        if isinstance(event, BatchSubmitted):
            running[event.batch] = event.tests
        elif isinstance(event, TestEnded):
            assert event.outcome.test in running[event.outcome.batch]
        else:
            del running[event.batch]
    assert running == {}
    assert {test.id for each in told if isinstance(each, BatchSubmitted) for test in each.tests} == {
        ORDERS,
        CART,
        "api::tests/login.py",
    }


def test_observers_are_told_of_each_attempt_at_what_failed_and_of_one_end(shop):
    reporter = MemoryReporter()
    plugins = MemoryPlugins(MemoryRunner(tests={"api": ("tests/orders.py",)}, outcomes=failing(ORDERS)))
    workflow = testflow.TestWorkflow("again").add_test_selection("api", {"attempts": 2})
    testflow.Engine(plugins=plugins, applications=shop, reporters=[reporter]).execute(workflow)
    told = [each for each in reporter.events if isinstance(each, BatchSubmitted | BatchDone)]
    (batch,) = {each.batch for each in told}
    orders = (TestCase.from_id(ORDERS),)
    assert told == [
        BatchSubmitted(batch=batch, tests=orders),
        BatchSubmitted(batch=batch, tests=orders, attempt=2),
        BatchDone(batch=batch),
    ]


def test_execute_may_be_called_twice_and_each_run_has_an_id_of_its_own(shop):
    twice = engine(MemoryRunner(tests=TESTS), applications=shop)
    first, second = twice.execute(both()), twice.execute(both())
    assert first.run_id != second.run_id
    assert statuses(first) == statuses(second)


def test_nothing_is_written_by_the_memory_plugins(shop, tmp_path):
    engine(MemoryRunner(tests=TESTS), applications=shop).execute(both())
    assert list(tmp_path.iterdir()) == []


def test_environment_variables_stand_in_for_arguments(monkeypatch, tmp_path, shop):
    (tmp_path / "apps/api/tests").mkdir(parents=True)
    (tmp_path / "apps/api/tests/test_a.py").write_text("def test_a(): pass\n")
    monkeypatch.setenv("TESTFLOW_WORKSPACE", str(tmp_path / "apps"))
    monkeypatch.setenv("TESTFLOW_HISTORY", str(tmp_path / "elsewhere.db"))
    workflow = testflow.TestWorkflow("w").add_test_selection("api", {"strategy": "all"})
    run = testflow.Engine(applications=shop).execute(workflow)
    assert [result.test_id for result in run.passed_tests] == ["api::tests/test_a.py::test_a"]
    assert (tmp_path / "elsewhere.db").exists()
    assert run.reports is not None
    assert run.run_id in run.reports.name
