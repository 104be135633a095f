"""What becomes of tests whose application, environment or data is not there."""

from contextlib import contextmanager, nullcontext

import pytest
from memory_runs import CART, LOGIN, ORDERS, TESTS, both, engine, failing, flow, statuses

import testflow
from testflow_core.model import Endpoint, Provisioned, Status
from testflow_core.testing import (
    MemoryCheckouts,
    MemoryData,
    MemoryDestination,
    MemoryExecutor,
    MemoryProvisioner,
    MemoryRunner,
)


def test_an_unavailable_application_takes_its_selections_and_flows_with_it_and_nothing_else(shop):
    checkouts = MemoryCheckouts(unavailable={"web": "no such repository"})
    workflow = flow().add_test_selection("api", {}).add_test_selection("web", {"test_paths": ["src/"]})
    run = engine(MemoryRunner(tests=TESTS), checkouts, applications=shop).execute(workflow)
    assert {each.test_id for each in run.unavailable_tests} == {LOGIN, CART, "web::src"}
    assert all("no such repository" in each.reason for each in run.unavailable_tests)
    assert ORDERS in {each.test_id for each in run.passed_tests}
    assert not run.ok


def test_services_of_an_unavailable_application_stay_down_and_are_told_of(shop):
    environment = testflow.Environment("e").add_service("web", {"type": "docker"})
    checkouts = MemoryCheckouts(unavailable={"web": "no such repository"})
    workflow = testflow.TestWorkflow("w").add_test_selection("api", {})
    run = engine(checkouts, applications=shop).execute(workflow, environment)
    assert any("web stays down" in warning for warning in run.warnings)


class TestWithoutItsEnvironment:
    ENVIRONMENT = testflow.Environment("e").add_service("db", {"type": "postgres"})

    def test_a_test_ends_in_error_with_the_logs_that_tell_why(self, shop):
        provisioner = MemoryProvisioner(failing={"db": "FATAL: no space left"})
        run = engine(MemoryRunner(tests=TESTS), provisioner, applications=shop).execute(both(), self.ENVIRONMENT)
        assert set(statuses(run).values()) == {Status.ERROR}
        assert "FATAL: no space left" in run.failed_tests[0].logs
        assert "db did not come up" in run.failed_tests[0].reason

    def test_tests_that_need_none_run_all_the_same(self, shop):
        provisioner = MemoryProvisioner(failing={"db": "FATAL"})
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"environment": False})
        workflow.add_test_selection("web", {})
        run = engine(MemoryRunner(tests=TESTS), provisioner, applications=shop).execute(workflow, self.ENVIRONMENT)
        assert statuses(run)[ORDERS] is Status.PASSED
        assert statuses(run)[CART] is Status.ERROR

    def test_a_refusal_is_the_reason(self, shop):
        provisioner = MemoryProvisioner(refusal="needs an engine")
        run = engine(MemoryRunner(tests=TESTS), provisioner, applications=shop).execute(both(), self.ENVIRONMENT)
        assert "needs an engine" in run.failed_tests[0].reason

    def test_it_goes_up_and_down_once_and_only_if_a_test_needs_it(self, shop):
        provisioner = MemoryProvisioner()
        engine(MemoryRunner(tests=TESTS), provisioner, applications=shop).execute(both(), self.ENVIRONMENT)
        assert provisioner.events == [("up", "e"), ("down", "e")]
        idle = MemoryProvisioner()
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"environment": False})
        engine(MemoryRunner(tests=TESTS), idle, applications=shop).execute(workflow, self.ENVIRONMENT)
        assert idle.events == []

    def test_runners_get_ready_before_it_is_up_and_are_told_of_it_with_their_batches(self, shop):
        events = []

        class Runner(MemoryRunner):
            def session(self, bench):
                events.append("session")
                return super().session(bench)

        class Provisioner(MemoryProvisioner):
            def provision(self, environment, site):
                events.append("services")
                return super().provision(environment, site)

        runner = Runner(tests=TESTS)
        environment = testflow.Environment("e").add_service("db", {"type": "postgres", "ports": {"5432": 5432}})
        engine(runner, Provisioner(), applications=shop).execute(both(), environment)
        assert events == ["session", "session", "services"]
        assert {batch.variables["DB_HOST"] for batch in runner.batches} == {"db.memory"}

    def test_what_a_test_says_of_its_secrets_is_made_unreadable(self, shop):
        hush = "a made up one"

        class Provisioner(MemoryProvisioner):
            @contextmanager
            def provision(self, environment, site):
                yield Provisioned(environment="e", endpoints={"db": Endpoint(host="h", password=hush)})

        said = dict.fromkeys(("text", "stdout", "stderr", "reason"), f"postgres://me:{hush}@h")
        runner = MemoryRunner(tests=TESTS, outcomes=failing(ORDERS, **said))
        run = engine(runner, Provisioner(), applications=shop).execute(both(), self.ENVIRONMENT)
        (outcome,) = (outcome for outcome in run.outcomes if outcome.test.id == ORDERS)
        assert {getattr(outcome, name) for name in said} == {"postgres://me:********@h"}
        assert hush not in run.failed_tests[0].logs


class TestWithoutItsData:
    DATA = testflow.TestData("d").add_generator("users", {"count": 2, "schema": {"id": "uuid"}})

    @pytest.mark.parametrize("fake", [MemoryData(failure="users.id: no"), MemoryDestination(failure="users.id: no")])
    def test_a_test_ends_in_error_and_those_that_need_none_run(self, shop, fake):
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"data": False})
        workflow.add_test_selection("web", {})
        run = engine(MemoryRunner(tests=TESTS), fake, applications=shop).execute(workflow, test_data=self.DATA)
        assert statuses(run)[ORDERS] is Status.PASSED
        assert statuses(run)[CART] is Status.ERROR
        assert "users.id: no" in run.failed_tests[0].logs

    def test_no_service_is_started_before_the_records_are_made(self, shop):
        events = []

        class Generator(MemoryData):
            def generate(self, data):
                events.append("data")
                return super().generate(data)

        class Provisioner(MemoryProvisioner):
            def provision(self, environment, site):
                events.append("services")
                return super().provision(environment, site)

        environment = testflow.Environment("e").add_service("db", {"type": "postgres"})
        fakes = (MemoryRunner(tests=TESTS), Generator(), Provisioner())
        engine(*fakes, applications=shop).execute(both(), environment, self.DATA)
        assert events == ["data", "services"]


def test_an_interrupted_run_ends_its_environment_and_is_remembered(shop):
    class Interrupted(MemoryExecutor):
        def crew(self, run_batch):
            class Crew:
                slots = {"": 1}

                def submit(self, batch):
                    pass

                def events(self):
                    raise KeyboardInterrupt

            return nullcontext(Crew())

    provisioner = MemoryProvisioner()
    environment = testflow.Environment("e").add_service("db", {"type": "postgres"})
    with pytest.raises(KeyboardInterrupt):
        engine(MemoryRunner(tests=TESTS), provisioner, Interrupted(), applications=shop).execute(both(), environment)
    assert provisioner.events == [("up", "e"), ("down", "e")]
