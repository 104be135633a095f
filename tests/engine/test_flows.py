"""Cross-application tests: order, values, and what breaks with what."""

import json
from contextlib import nullcontext

import pytest
from memory_runs import CART, LOGIN, TESTS, engine, failing, flow, statuses

import testflow
from testflow_core.interfaces import RunnerSession
from testflow_core.model import Outcome, Status, TestCase
from testflow_core.testing import (
    MemoryRunner,
    MemorySelector,
)


def test_values_flow_from_a_step_to_the_next(shop):
    runner = MemoryRunner(tests=TESTS)
    run = engine(runner, applications=shop).execute(flow())
    assert statuses(run) == {LOGIN: Status.PASSED, CART: Status.PASSED}
    given = [(batch.tests[0].id, batch.inputs) for batch in runner.batches]
    assert given == [(LOGIN, {}), (CART, {"headers": {"Authorization": f"token of {LOGIN}"}})]


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.SKIPPED])
def test_a_step_whose_producer_did_not_pass_is_skipped_with_the_path(shop, status):
    run = engine(MemoryRunner(outcomes=failing(LOGIN, status)), applications=shop).execute(flow())
    assert statuses(run) == {LOGIN: status, CART: Status.SKIPPED}
    reason = next(result.reason for result in run.results if result.test_id == CART)
    assert LOGIN in reason
    assert CART in reason


def test_a_value_that_the_producer_did_not_give_is_the_consumers_error_naming_both(shop):
    outcome = Outcome(test=TestCase.from_id(LOGIN), status=Status.PASSED, values={"id": 1})
    run = engine(MemoryRunner(outcomes={LOGIN: outcome}), applications=shop).execute(flow())
    assert statuses(run) == {LOGIN: Status.PASSED, CART: Status.ERROR}
    (failure,) = run.failed_tests
    assert LOGIN in failure.logs
    assert CART in failure.logs
    assert "return.token" in failure.logs


def test_a_test_that_is_selected_and_a_step_runs_once_as_the_step(shop):
    workflow = flow().add_test_selection("web", {})
    run = engine(MemoryRunner(tests=TESTS), applications=shop).execute(workflow)
    assert [outcome.test.id for outcome in run.outcomes].count(CART) == 1
    assert next(outcome.flow for outcome in run.outcomes if outcome.test.id == CART) == "buy"


@pytest.mark.parametrize(
    ("changed", "skipped", "reason"),
    [
        ([], {}, "every test runs in memory"),
        (["a.py"], {CART: "it is slow"}, "step 2 of buy: api changed (a.py)"),
        ([], {CART: "it is slow"}, "step 2 of buy: nothing changed in api, web; it is slow"),
    ],
    ids=["only the selection", "only the flow", "neither"],
)
def test_a_test_runs_if_a_flow_or_a_selection_chose_it_for_the_reason_of_the_one_that_did(changed, skipped, reason):
    shop = testflow.Applications({"api": {"changed_files": changed}, "web": {"changed_files": []}})
    workflow = flow().add_test_selection("web", {})
    plan = engine(MemoryRunner(tests=TESTS), MemorySelector(skipped=skipped), applications=shop).plan(workflow)
    choice = next(choice for choice in plan.choices if choice.test.id == CART)
    assert (choice.selected, choice.reason) == (changed != [] or not skipped, reason)


@pytest.mark.parametrize(
    ("changed", "runs"), [(["a.py"], True), (None, True), ([], False)], ids=["changed", "cannot say", "unchanged"]
)
def test_a_flow_runs_if_any_of_its_applications_changed_or_cannot_say(changed, runs):
    declared = {"api": {}, "web": {"changed_files": []}}
    if changed is not None:
        declared["api"]["changed_files"] = changed
    run = engine(applications=testflow.Applications(declared)).execute(flow())
    expected = Status.PASSED if runs else Status.SKIPPED
    assert statuses(run) == {LOGIN: expected, CART: expected}
    assert all("buy" in result.reason for result in run.results)


def test_a_returned_value_is_json_in_the_outcome(shop):
    run = engine(applications=shop).execute(flow())
    values = next(outcome.values for outcome in run.outcomes if outcome.test.id == LOGIN)
    assert json.loads(json.dumps(values)) == {"token": f"token of {LOGIN}"}


@pytest.mark.parametrize(
    ("given", "source", "arrives"),
    [
        ({"ids": [{"n": 7}]}, "return.ids[0].n", 7),
        ("whole", "return", "whole"),
        ({"a": None}, "return.a", None),
        ({"ids": [1]}, "return.ids[1]", "return.ids is a list of 1"),
        ({"ids": "text"}, "return.ids[0]", "return.ids is a str"),
        ([1], "return.ids", "return is a list of 1"),
        (None, "return", "return is nothing"),
        ({}, "return.a", "return is nothing"),
        ({"b": 1}, "return.a", "return is a mapping of b"),
    ],
)
def test_a_value_arrives_from_any_place_in_what_was_returned_or_is_missed_by_name(shop, given, source, arrives):
    steps = [{"app": "api", "test": "tests/login.py::test_login"}, {"app": "web", "test": "src/Cart.test.js"}]
    data_flow = {"x": {"from": f"api.test_login.{source}", "to": "web.Cart.test.x"}}
    workflow = testflow.TestWorkflow("w").add_cross_app_test("buy", {"steps": steps, "data_flow": data_flow})
    login = Outcome(test=TestCase.from_id(LOGIN), status=Status.PASSED, values=given)
    runner = MemoryRunner(outcomes={LOGIN: login})
    run = engine(runner, applications=shop).execute(workflow)
    if run.ok:
        assert runner.batches[1].inputs == {"x": arrives}
    else:
        assert arrives in run.failed_tests[0].reason


@pytest.mark.parametrize("failing_flow", ["buy", "log in"])
def test_a_test_that_is_a_step_of_two_flows_is_once_in_the_result_as_bad_as_its_worst(shop, failing_flow):
    class FailsInOneFlow(RunnerSession):
        def run(self, batch):
            status = Status.FAILED if batch.flow == failing_flow else Status.PASSED
            return (Outcome(test=test, status=status, values={"token": "t"}) for test in batch.tests)

    class Runner(MemoryRunner):
        def session(self, bench):
            return nullcontext(FailsInOneFlow())

    workflow = flow().add_cross_app_test("log in", {"steps": [{"app": "api", "test": "tests/login.py::test_login"}]})
    run = engine(Runner(), applications=shop).execute(workflow)
    login = {outcome.flow: outcome.status for outcome in run.outcomes if outcome.test.id == LOGIN}
    assert sorted(login.values()) == [Status.FAILED, Status.PASSED]
    assert [result.status for result in run.results if result.test_id == LOGIN] == [Status.FAILED]
