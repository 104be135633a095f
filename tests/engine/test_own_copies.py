"""What selections, flows and tests have of an environment for themselves, and what becomes of it."""

from contextlib import contextmanager

import pytest
from attrs import evolve
from memory_runs import CART, ORDERS, TESTS, engine, failing, flow, statuses

import testflow
from testflow_core.errors import ProvisionError
from testflow_core.model import Endpoint, Status
from testflow_core.testing import MemoryProvisioner, MemoryRunner

LOGIN_FILE = "api::tests/login.py"


def environment(*others):
    made = testflow.Environment("shop")
    for name in ("db", *others):
        made.add_service(name, {"type": "postgres"})
    return made


def workflow(api=None, web=None):
    made = testflow.TestWorkflow("w")
    made.add_test_selection("api", {"isolation": api} if api else {})
    return made.add_test_selection("web", {"isolation": web} if web else {})


class Hosts(MemoryRunner):
    """Notes with which database each batch was run, attempt by attempt."""

    def session(self, bench):
        return _noting(super().session(bench))


@contextmanager
def _noting(inner):
    with inner as session:
        run = session.run

        def noted(batch):
            for outcome in run(batch):
                SEEN.append((outcome.test.id, batch.attempt, batch.variables.get("DB_HOST")))
                yield outcome

        session.run = noted
        yield session


SEEN = []


@pytest.fixture(autouse=True)
def seen():
    yield SEEN
    SEEN.clear()


def hosts():
    return {test: host for test, _, host in SEEN}


def execute(shop, declared, *, provisioner=None, given=None, **outcomes):
    chosen = provisioner or MemoryProvisioner(copied=("db",))
    run = engine(Hosts(tests=TESTS, **outcomes), chosen, applications=shop).execute(declared, given or environment())
    return run, chosen.events


def test_without_isolation_all_share_the_environment_and_none_is_copied(shop):
    run, events = execute(shop, workflow())
    assert run.ok
    assert set(hosts().values()) == {"db.memory"}
    assert events == [("up", "shop"), ("down", "shop")]


def test_a_selection_has_a_database_of_its_own_from_its_first_batch_to_its_last(shop):
    run, events = execute(shop, workflow("selection", {"scope": "selection", "by": "schema"}))
    assert run.ok
    assert hosts() == {
        ORDERS: "db.database1.memory",
        LOGIN_FILE: "db.database1.memory",
        CART: "db.schema2.memory",
    }
    assert events == [
        ("up", "shop"),
        ("copy", "database"),
        ("copy", "schema"),
        ("copy gone", "database"),
        ("copy gone", "schema"),
        ("down", "shop"),
    ]


def test_those_without_isolation_share_what_those_with_it_do_not_see(shop):
    execute(shop, workflow("selection"))
    assert hosts() == {ORDERS: "db.database1.memory", LOGIN_FILE: "db.database1.memory", CART: "db.memory"}


def test_two_selections_that_say_the_same_are_two(shop):
    declared = testflow.TestWorkflow("w")
    for file in ("orders", "login"):
        declared.add_test_selection(
            "api", {"strategy": "all", "test_paths": [f"tests/{file}.py"], "isolation": "selection"}
        )
    execute(shop, declared)
    assert hosts() == {ORDERS: "db.database1.memory", LOGIN_FILE: "db.database2.memory"}


def test_selections_that_are_isolated_by_workflow_share_with_each_other(shop):
    execute(shop, workflow("workflow", "workflow"))
    assert set(hosts().values()) == {"db.database1.memory"}


def test_a_flow_is_one_test(shop):
    run, events = execute(shop, flow(isolation="test"))
    assert run.ok
    assert set(hosts().values()) == {"db.database1.memory"}
    assert events.count(("copy gone", "database")) == 1


def test_each_test_has_its_own_and_each_attempt_a_new_one(shop):
    declared = testflow.TestWorkflow("w").add_test_selection(
        "api", {"strategy": "all", "test_paths": ["tests/orders.py"], "isolation": "test", "attempts": 2}
    )
    outcomes = failing(ORDERS)
    run, events = execute(shop, declared, outcomes=outcomes)
    assert statuses(run) == {ORDERS: Status.FAILED}
    assert SEEN == [(ORDERS, 1, "db.database1.memory"), (ORDERS, 2, "db.database2.memory")]
    assert events.count(("copy gone", "database")) == 2
    assert any("share what each is to have for itself" in warning for warning in run.warnings)


def test_an_attempt_of_a_selections_test_finds_what_the_others_have_left(shop):
    declared = testflow.TestWorkflow("w").add_test_selection(
        "api", {"strategy": "all", "test_paths": ["tests/orders.py"], "isolation": "selection", "attempts": 2}
    )
    execute(shop, declared, outcomes=failing(ORDERS))
    assert SEEN == [(ORDERS, 1, "db.database1.memory"), (ORDERS, 2, "db.database1.memory")]


def test_a_single_test_that_others_wait_for_has_its_own(shop):
    declared = testflow.TestWorkflow("w").add_test_selection("api", {"strategy": "all", "isolation": "test"})
    declared.add_dependency(f"{ORDERS}::test_two", ORDERS.replace("orders", "login") + "::test_login")
    execute(shop, declared)
    assert len(set(hosts().values())) == len(hosts()) == 4


class Secretive(MemoryProvisioner):
    """Each server has a password of its own, and says how it was made."""

    @contextmanager
    def provision(self, environment, site):
        number = 1 + self.events.count(("up", environment.name))
        with super().provision(environment, site) as up:
            endpoints = {"db": Endpoint(host=f"db{number}.memory", password=f"s3cret-{number}")}
            told = evolve(up, endpoints=endpoints, variables={"DB_HOST": f"db{number}.memory"}, isolation="fake")
            yield evolve(told, warnings=("is a fake",), unavailable={"web": "no checkout"})


def test_by_server_is_an_environment_of_its_own_and_the_shared_one_only_for_who_needs_it(shop):
    by_server = {"scope": "selection", "by": "server"}
    run, events = execute(shop, workflow(by_server, by_server), provisioner=Secretive())
    assert run.ok
    assert hosts() == {ORDERS: "db1.memory", LOGIN_FILE: "db1.memory", CART: "db2.memory"}
    assert events.count(("up", "shop")) == events.count(("down", "shop")) == 2
    assert list(run.warnings) == ["is a fake", "web stays down: no checkout"]
    assert run.isolation == "fake"


def test_the_secrets_of_an_environment_of_its_own_are_told_nowhere(shop):
    by_server = {"scope": "selection", "by": "server"}
    outcomes = failing(ORDERS) | failing(CART)
    told = {name: evolve(outcome, message="s3cret-1 s3cret-2 s3cret-3") for name, outcome in outcomes.items()}
    run, _ = execute(shop, workflow(by_server), provisioner=Secretive(), outcomes=told)
    assert [each.message for each in run.failed_tests] == 2 * ["******** ******** s3cret-3"]


def test_what_cannot_be_copied_is_shared_and_said_once(shop):
    run, _ = execute(shop, workflow("selection", "selection"), given=environment("api", "web"))
    assert [warning for warning in run.warnings if "copied" in warning] == [
        (
            "of the environment 'shop', api, web cannot be copied: all tests share that, and what it is wired to; "
            '`"by": "server"` gives them an environment of their own'
        )
    ]


def test_where_nothing_can_be_copied_all_is_shared(shop):
    run, _ = execute(shop, workflow("selection", "test"), provisioner=MemoryProvisioner())
    assert set(hosts().values()) == {"db.memory"}
    assert any("of the environment 'shop', db cannot be copied" in warning for warning in run.warnings)


class Barren(MemoryProvisioner):
    """Its second environment does not come up."""

    @contextmanager
    def provision(self, environment, site):
        if self.events:
            raise ProvisionError("no memory", service="db")
        with super().provision(environment, site) as up:
            yield up


def test_a_server_that_does_not_come_up_is_an_error_of_those_who_need_it(shop):
    run, _ = execute(shop, workflow({"scope": "selection", "by": "server"}), provisioner=Barren())
    assert statuses(run) == {ORDERS: Status.ERROR, LOGIN_FILE: Status.ERROR, CART: Status.PASSED}
    assert "did not come up: no memory" in run.failed_tests[0].reason


def test_a_run_that_stops_early_leaves_no_copy(shop):
    provisioner = MemoryProvisioner(copied=("db",))
    many = {"api": tuple(f"tests/{number}.py" for number in range(9))}
    outcomes = {f"api::{file}": failing(ORDERS)[ORDERS] for file in many["api"]}
    shipped = engine(Hosts(tests=many, outcomes=outcomes), provisioner, applications=shop)
    run = shipped.execute(workflow("selection"), environment(), fail_fast=True)
    assert run.interrupted_tests
    assert provisioner.events[-2:] == [("copy gone", "database"), ("down", "shop")]


def test_an_application_whose_tests_run_in_one_session_has_one(shop):
    class Whole(Hosts):
        def whole(self, application):
            return "--cov"

    provisioner = MemoryProvisioner(copied=("db",))
    run = engine(Whole(tests=TESTS), provisioner, applications=shop).execute(workflow("test"), environment())
    assert {host for test, host in hosts().items() if test != CART} == {"db.database1.memory"}
    assert "the tests of api run in one session, and share what each is to have for itself" in run.warnings


class Clumsy(MemoryProvisioner):
    """Cannot copy."""

    @contextmanager
    def provision(self, environment, site):
        with super().provision(environment, site) as up:
            yield evolve(up, clone=_no_copy)


def _no_copy(by):
    raise ProvisionError("the disk is full", service="db")


def test_a_copy_that_cannot_be_made_is_an_error_of_those_who_need_it(shop):
    run, _ = execute(shop, workflow("selection"), provisioner=Clumsy())
    assert statuses(run) == {ORDERS: Status.ERROR, LOGIN_FILE: Status.ERROR, CART: Status.PASSED}
    assert run.failed_tests[0].reason == "the environment 'shop' could not be copied: the disk is full"


def test_an_environment_that_is_not_there_cannot_be_copied(shop):
    run, _ = execute(shop, workflow("selection"), provisioner=MemoryProvisioner(failing={"db": "FATAL"}))
    assert set(statuses(run).values()) == {Status.ERROR}
    assert "did not come up" in run.failed_tests[0].reason


class Untidy(MemoryProvisioner):
    """Cannot take a copy away."""

    @contextmanager
    def provision(self, environment, site):
        with super().provision(environment, site) as up:
            yield evolve(up, clone=lambda by: _never_gone(up))


@contextmanager
def _never_gone(up):
    yield up
    raise ProvisionError("the copy does not go")


def test_a_copy_that_cannot_be_taken_away_is_recorded_and_costs_no_result(shop):
    run, _ = execute(shop, workflow("selection"), provisioner=Untidy())
    assert set(statuses(run).values()) == {Status.PASSED}
    assert "the copy does not go" in run.plugin_failures[0].traceback


class Interrupting(MemoryProvisioner):
    """Somebody presses Ctrl-C while a copy is made."""

    @contextmanager
    def provision(self, environment, site):
        with super().provision(environment, site) as up:
            yield evolve(up, clone=_interrupted)


@contextmanager
def _interrupted(by):
    raise KeyboardInterrupt
    yield


def test_an_interrupt_while_a_copy_is_made_stops_the_run_in_good_order(shop):
    provisioner = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        execute(shop, workflow("selection"), provisioner=provisioner)
    assert provisioner.events == [("up", "shop"), ("down", "shop")]


def test_variants_have_their_own_each(shop):
    both = environment().variants({"one": {}, "two": {}})
    run, events = execute(shop, workflow("selection"), given=both)
    assert run.ok
    assert events.count(("copy", "database")) == events.count(("copy gone", "database")) == 2
