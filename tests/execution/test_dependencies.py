"""Tests that wait for others, and are skipped where those did not pass."""

import pytest
from memory_runs import CART, ORDERS, TESTS, engine, failing, flow, statuses

import testflow
from testflow_core.model import Status
from testflow_core.testing import MemoryRunner, MemorySelector

LOGIN_FILE = "api::tests/login.py"


def both(*dependencies):
    workflow = testflow.TestWorkflow("all").add_test_selection("api", {}).add_test_selection("web", {})
    for test, *needs in dependencies:
        workflow.add_dependency(test, *needs)
    return workflow


def order(shop, workflow, **played):
    runner = MemoryRunner(tests=TESTS, outcomes=played)
    run = engine(runner, applications=shop).execute(workflow)
    return [test.id for batch in runner.batches for test in batch.tests], run


@pytest.mark.parametrize(
    ("dependencies", "expected"),
    [
        ([(ORDERS, CART)], [LOGIN_FILE, CART, ORDERS]),
        ([(ORDERS, CART), (LOGIN_FILE, ORDERS)], [CART, ORDERS, LOGIN_FILE]),
        ([(ORDERS, CART, LOGIN_FILE)], [LOGIN_FILE, CART, ORDERS]),
    ],
)
def test_a_file_waits_for_what_it_needs(shop, dependencies, expected):
    ran, run = order(shop, both(*dependencies))
    assert sorted(ran) == sorted(expected)
    for test, *needs in dependencies:
        assert all(ran.index(each) < ran.index(test) for each in needs)
    assert run.ok


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.SKIPPED])
def test_what_needs_a_test_that_did_not_pass_is_skipped_with_the_path(shop, status):
    workflow = both((ORDERS, CART), (LOGIN_FILE, ORDERS))
    _, run = order(shop, workflow, **failing(CART, status))
    assert statuses(run) == {CART: status, ORDERS: Status.SKIPPED, LOGIN_FILE: Status.SKIPPED}
    reasons = {result.test_id: result.reason for result in run.skipped_tests}
    assert reasons[ORDERS] == f"{CART} {status.value} -> {ORDERS} not run"
    assert reasons[LOGIN_FILE] == f"{CART} {status.value} -> {ORDERS} not run -> {LOGIN_FILE} not run"


def test_a_single_test_that_is_named_runs_by_itself_and_once(shop):
    runner = MemoryRunner(tests=TESTS)
    engine(runner, applications=shop).execute(both((CART, f"{ORDERS}::test_first")))
    ran = [(test.id, [each.id for each in batch.exclude]) for batch in runner.batches for test in batch.tests]
    assert (f"{ORDERS}::test_first", []) in ran
    assert (ORDERS, [f"{ORDERS}::test_first"]) in ran
    assert [name for name, _ in ran].index(f"{ORDERS}::test_first") < [name for name, _ in ran].index(CART)


def test_a_test_may_wait_for_a_step_of_a_flow(shop):
    runner = MemoryRunner(tests=TESTS)
    workflow = flow().add_test_selection("api", {"test_paths": ["tests/orders.py"]}).add_dependency(ORDERS, CART)
    engine(runner, applications=shop).execute(workflow)
    assert [batch.tests[0].id for batch in runner.batches][-1] == ORDERS


def test_the_rest_of_a_file_may_need_one_of_its_tests(shop):
    runner = MemoryRunner(tests=TESTS)
    engine(runner, applications=shop).execute(both((ORDERS, f"{ORDERS}::test_first")))
    ran = [test.id for batch in runner.batches for test in batch.tests]
    assert ran.index(f"{ORDERS}::test_first") < ran.index(ORDERS)


def test_what_is_needed_and_not_among_the_tests_is_told_and_not_waited_for(shop):
    selector = MemorySelector(skipped={CART: "nothing changed"})
    run = engine(MemoryRunner(tests=TESTS), selector, applications=shop).execute(both((ORDERS, CART)))
    assert statuses(run)[ORDERS] is Status.PASSED
    assert f"{ORDERS} does not wait for {CART}: {CART} is not among the tests that run" in run.warnings


def test_a_circle_is_refused_where_it_is_closed_with_its_path():
    workflow = both((ORDERS, CART), (CART, LOGIN_FILE))
    with pytest.raises(testflow.SpecError) as raised:
        workflow.add_dependency(LOGIN_FILE, ORDERS)
    (problem,) = raised.value.problems
    circle = f"{ORDERS} -> {CART} -> {LOGIN_FILE} -> {ORDERS}"
    assert (problem.path, problem.message) == (
        "$.dependencies[2]",
        f"the tests depend on each other in a circle: {circle}",
    )


def test_a_circle_through_a_flow_is_refused_before_anything_starts(shop):
    runner = MemoryRunner(tests=TESTS)
    workflow = flow().add_dependency("api::tests/login.py::test_login", CART)
    with pytest.raises(testflow.SpecError, match=r"circle: buy/1 -> buy/2 -> buy/1"):
        engine(runner, applications=shop).execute(workflow)
    assert runner.batches == []


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ((ORDERS,), "$.dependencies[0].needs"),
        (("orders", CART), "$.dependencies[0].test"),
        ((ORDERS, CART, "api::"), "$.dependencies[0].needs[1]"),
        ((ORDERS, 5), "$.dependencies[0].needs[0]"),
        ((ORDERS, ORDERS), "$.dependencies[0]"),
    ],
)
def test_what_names_no_test_is_a_mistake(given, path):
    with pytest.raises(testflow.SpecError) as raised:
        testflow.TestWorkflow("w").add_dependency(*given)
    assert [problem.path for problem in raised.value.problems] == [path]


def test_an_application_that_nobody_registered_is_a_mistake(shop):
    with pytest.raises(testflow.SpecError, match="unknown application 'apy'"):
        engine(applications=shop).execute(both((ORDERS, "apy::tests/x.py")))


def test_a_file_of_which_nothing_is_left_is_no_error(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/test_1.py").write_text("def test_a(): pass\n")
    (tmp_path / "shop/test_2.py").write_text("def test_b(): pass\n")
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    workflow.add_dependency("shop::test_2.py::test_b", "shop::test_1.py::test_a")
    workflow.add_dependency("shop::test_2.py", "shop::test_1.py")
    history = tmp_path / "history.db"
    run = testflow.Engine(applications={"shop": {}}, workspace=tmp_path, history=history, reporters=()).execute(
        workflow
    )
    assert statuses(run) == {"shop::test_1.py::test_a": Status.PASSED, "shop::test_2.py::test_b": Status.PASSED}
