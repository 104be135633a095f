"""Faults that a step asks for are there while it runs, and while nothing else does."""

from contextlib import contextmanager
from typing import Any

import pytest
from attrs import evolve
from memory_runs import CART, LOGIN, ORDERS, TESTS, engine, failing, statuses

import testflow
from testflow_core import specs
from testflow_core.errors import ProvisionError, SpecError
from testflow_core.model import Fault, Status
from testflow_core.testing import MemoryProvisioner, MemoryRunner

PAUSE = {"pause": "db"}
DELAY = {"delay": "api", "seconds": 0.5}


def environment(name: str = "shop", *, faults: bool = True):
    made = testflow.Environment(name, faults=faults)
    for service in ("db", "api"):
        made.add_service(service, {"type": "postgres"})
    return made


def flow(*faults: object, **more: object):
    steps = [
        {"app": "api", "test": "tests/login.py::test_login", "faults": list(faults)},
        {"app": "web", "test": "src/Cart.test.js"},
    ]
    return testflow.TestWorkflow("w").add_cross_app_test("buy", {"steps": steps, **more})


class Noting(MemoryRunner):
    """Notes among the events of the provisioner which test runs."""

    def session(self, bench: Any):
        return _noting(super().session(bench))


EVENTS: list[tuple[str, str]] = []


@contextmanager
def _noting(inner: Any):
    with inner as session:
        run = session.run

        def noted(batch: Any):
            for outcome in run(batch):
                EVENTS.append(("test", outcome.test.id))
                yield outcome

        session.run = noted
        yield session


@pytest.fixture(autouse=True)
def events():
    yield EVENTS
    EVENTS.clear()


def execute(shop: Any, declared: Any, provisioner: Any = None, **outcomes: Any):
    chosen = provisioner or MemoryProvisioner(events=EVENTS)
    return engine(Noting(tests=TESTS, **outcomes), chosen, applications=shop).execute(declared, environment())


def test_a_step_runs_between_its_faults_and_their_end_the_last_undone_first(shop: Any):
    run = execute(shop, flow(PAUSE, DELAY))
    assert run.ok
    assert EVENTS == [
        ("up", "shop"),
        ("pause", "db"),
        ("delay", "api"),
        ("test", LOGIN),
        ("undo", "api"),
        ("undo", "db"),
        ("test", CART),
        ("down", "shop"),
    ]


def test_a_step_that_fails_leaves_no_fault_and_each_attempt_has_its_own(shop: Any):
    run = execute(shop, flow(PAUSE, attempts=2), outcomes=failing(LOGIN))
    assert statuses(run)[LOGIN] is Status.FAILED
    around = [("pause", "db"), ("test", LOGIN), ("undo", "db")]
    expected = [("up", "shop"), *around, *around, ("test", CART), ("down", "shop")]
    assert expected == EVENTS


def test_nothing_else_runs_while_a_fault_is_there(shop: Any):
    declared = flow(PAUSE).add_test_selection("api", {"strategy": "all"}).add_test_selection("web", {})
    execute(shop, declared)
    begins = EVENTS.index(("pause", "db"))
    assert EVENTS[begins : begins + 3] == [("pause", "db"), ("test", LOGIN), ("undo", "db")]
    assert ("test", ORDERS) in EVENTS


def test_the_steps_beside_it_need_not_run_alone(shop: Any):
    plan = engine(MemoryRunner(tests=TESTS), MemoryProvisioner(), applications=shop).plan(flow(PAUSE), environment())
    assert {batch.tests[0].id: (batch.terms.alone, batch.faults) for batch in plan.batches} == {
        LOGIN: (True, (Fault(kind="pause", service="db"),)),
        CART: (False, ()),
    }


class Interrupted(MemoryRunner):
    """Somebody presses Ctrl-C while a test runs, and once more."""

    def session(self, bench: Any):
        return _interrupted(super().session(bench))


@contextmanager
def _interrupted(inner: Any):
    with inner as session:

        def run(batch: Any):
            raise KeyboardInterrupt

        session.run = run
        yield session


def test_a_run_that_is_broken_off_undoes_what_is_there(shop: Any):
    with pytest.raises(KeyboardInterrupt):
        engine(Interrupted(tests=TESTS), MemoryProvisioner(events=EVENTS), applications=shop).execute(
            flow(PAUSE), environment()
        )
    assert EVENTS == [("up", "shop"), ("pause", "db"), ("undo", "db"), ("down", "shop")]


def test_a_plan_that_is_kept_for_who_resumes_it_keeps_the_faults(shop: Any):
    plan = engine(MemoryRunner(tests=TESTS), MemoryProvisioner(), applications=shop).plan(flow(DELAY), environment())
    kept = specs.plan_from_json(*specs.plan_to_json(plan))
    assert kept == evolve(plan, choices=())
    (faults,) = [batch.faults for batch in kept.batches if batch.faults]
    assert faults == (Fault(kind="delay", service="api", seconds=0.5),)


def test_a_fault_that_cannot_be_undone_is_a_warning_and_costs_no_result(shop: Any):
    run = execute(shop, flow(PAUSE), MemoryProvisioner(stuck=("db",)))
    assert set(statuses(run).values()) == {Status.PASSED}
    assert list(run.warnings) == ["the fault `pause` of 'db' could not be undone: db does not come back"]


class Without(MemoryProvisioner):
    """Injects nothing."""

    @contextmanager
    def provision(self, environment: Any, site: Any):
        with super().provision(environment, site) as up:
            yield evolve(up, inject=None)


def second_fails(error: Exception):
    class Second(MemoryProvisioner):
        """Does one thing to a service, and no other."""

        @contextmanager
        def provision(self, environment: Any, site: Any):
            with super().provision(environment, site) as up:
                assert up.inject is not None
                inject = up.inject

                def once(fault: str, service: str, seconds: float):
                    if fault == "delay":
                        raise error
                    return inject(fault, service, seconds)

                yield evolve(up, inject=once)

    return Second(events=EVENTS)


@pytest.mark.parametrize(
    ("error", "said"),
    [(ProvisionError("no such thing"), "no such thing"), (OSError("boom"), "the provisioner raised OSError('boom')")],
)
def test_a_fault_that_cannot_be_injected_is_an_error_of_the_step_and_undoes_those_before(
    shop: Any, error: Exception, said: str
):
    run = execute(shop, flow(PAUSE, DELAY), second_fails(error))
    assert statuses(run)[LOGIN] is Status.ERROR
    assert run.failed_tests[0].reason == f"the fault `delay` of 'api' could not be injected: {said}"
    assert EVENTS[1:3] == [("pause", "db"), ("undo", "db")]


def test_a_provisioner_without_faults_is_told_to_the_step(shop: Any):
    run = execute(shop, flow(PAUSE), Without())
    assert (
        "its provisioner has no means for that; those named `process` and `docker` have" in run.failed_tests[0].reason
    )


@pytest.mark.parametrize(
    ("given", "declared", "path", "said"),
    [
        (environment(faults=False), PAUSE, "faults", "`Environment('shop', faults=True)` does"),
        (None, PAUSE, "faults", "the step runs in no environment"),
        (environment(), {"kill": "dbb"}, "faults[0].kill", "unknown service 'dbb'; did you mean 'db'?"),
    ],
)
def test_what_a_step_cannot_do_is_told_before_anything_starts(
    shop: Any, given: Any, declared: object, path: str, said: str
):
    with pytest.raises(SpecError) as caught:
        engine(MemoryRunner(tests=TESTS), MemoryProvisioner(), applications=shop).plan(flow(declared), given)
    (problem,) = caught.value.problems
    assert problem.path == f"$.cross_app_tests.buy.steps[0].{path}"
    assert said in problem.message


@pytest.mark.parametrize(
    ("declared", "field", "said"),
    [
        ({"paus": "db"}, ".paus", "did you mean 'pause'?"),
        ({}, "", "say one thing that is done to one service, got 0"),
        ({"stop": "db", "kill": "db"}, "", "got 2 (known: stop, pause, kill, refuse, delay)"),
        ({"delay": "db"}, ".seconds", "a delay takes a number of seconds above 0, got None"),
        ({"delay": "db", "seconds": -1}, ".seconds", "above 0, got -1"),
        ({"stop": "db", "seconds": 1}, ".seconds", "is for `delay` only"),
    ],
)
def test_a_fault_that_is_written_wrongly_is_told_with_its_place(declared: object, field: str, said: str):
    with pytest.raises(SpecError) as caught:
        flow(declared)
    problem = caught.value.problems[0]
    assert problem.path == f"$.cross_app_tests.buy.steps[0].faults[0]{field}"
    assert said in problem.message
