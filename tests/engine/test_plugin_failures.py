"""A plugin that raises costs what depends on it, and nothing else."""

from contextlib import nullcontext

import pytest
from memory_runs import CART, ORDERS, TESTS, both, engine, failing, statuses

import testflow
from testflow_core.interfaces import RunnerSession
from testflow_core.model import Status
from testflow_core.testing import (
    MemoryAnalyzer,
    MemoryChanges,
    MemoryCheckouts,
    MemoryData,
    MemoryPlugins,
    MemoryProvisioner,
    MemoryReporter,
    MemoryRunner,
    MemorySelector,
)


class TestAPluginThatRaises:
    def test_a_selector_costs_no_test(self, shop):
        class Broken(MemorySelector):
            def select(self, tests, context):
                raise RuntimeError("no idea")

        run = engine(MemoryRunner(tests=TESTS), Broken(), applications=shop).execute(both())
        assert len(run.passed_tests) == 3
        assert "said nothing of it" in run.choices[0].reason
        assert any("no idea" in failure.traceback for failure in run.plugin_failures)

    def test_a_runner_costs_its_batch(self, shop):
        class Broken(MemoryRunner):
            def session(self, bench):
                if "npm" in bench.command:
                    raise RuntimeError("no idea")
                return super().session(bench)

        run = engine(Broken(tests=TESTS), applications=shop).execute(both())
        assert statuses(run) == {ORDERS: Status.PASSED, "api::tests/login.py": Status.PASSED, CART: Status.ERROR}
        assert "no idea" in run.failed_tests[0].logs

    def test_a_runner_that_gives_no_outcome_loses_no_test(self, shop):
        class Silent(MemoryRunner):
            def session(self, bench):
                class Session(RunnerSession):
                    def run(self, batch):
                        return iter(())

                return nullcontext(Session())

        run = engine(Silent(tests=TESTS), applications=shop).execute(both())
        assert set(statuses(run).values()) == {Status.ERROR}
        assert "gave no outcome" in run.failed_tests[0].reason

    @pytest.mark.parametrize("raises", [RuntimeError("no idea"), OSError("disk")])
    def test_a_provisioner_costs_the_tests_that_need_it_and_its_end_costs_nothing(self, shop, raises):
        class Broken(MemoryProvisioner):
            def provision(self, environment, site):
                raise raises

        environment = testflow.Environment("e").add_service("db", {"type": "postgres"})
        run = engine(MemoryRunner(tests=TESTS), Broken(), applications=shop).execute(both(), environment)
        assert set(statuses(run).values()) == {Status.ERROR}
        assert str(raises) in run.failed_tests[0].logs

    def test_an_analyzer_leaves_the_failure_unknown(self, shop):
        class Broken(MemoryAnalyzer):
            def analyze(self, failures, context):
                raise RuntimeError("no idea")

        fakes = (MemoryRunner(tests=TESTS, outcomes=failing(CART)), Broken())
        run = engine(*fakes, applications=shop).execute(both())
        assert run.failed_tests[0].category == "unknown"
        assert run.plugin_failures

    def test_a_reporter_costs_nothing(self, shop):
        class Broken(MemoryReporter):
            def report(self, run):
                raise RuntimeError("no idea")

        plugins = MemoryPlugins(MemoryRunner(tests=TESTS))
        run = testflow.Engine(plugins=plugins, applications=shop, reporters=[Broken()]).execute(both())
        assert run.passed_tests
        assert run.plugin_failures[0].name == "TestAPluginThatRaises.test_a_reporter_costs_nothing.<locals>.Broken"

    def test_a_checkout_source_makes_its_applications_unavailable(self, shop):
        class Broken(MemoryCheckouts):
            def checkout(self, application):
                raise RuntimeError("no idea")

        run = engine(Broken(), applications=shop).execute(both())
        assert set(statuses(run).values()) == {Status.UNAVAILABLE}
        assert {failure.kind for failure in run.plugin_failures} == {"checkout source"}

    def test_a_change_source_leaves_the_change_unknown(self, shop):
        class Broken(MemoryChanges):
            def changes(self, application):
                raise RuntimeError("no idea")

        plan = engine(Broken(), applications=shop).plan(both())
        assert {change.files for change in plan.changes.values()} == {None}
        assert all("raised" in change.reason for change in plan.changes.values())

    def test_a_data_generator_costs_the_tests_that_need_data(self, shop):
        class Broken(MemoryData):
            def generate(self, data):
                raise RuntimeError("no idea")

        data = testflow.TestData("d").add_generator("users", {"count": 1, "schema": {"id": "uuid"}})
        run = engine(MemoryRunner(tests=TESTS), Broken(), applications=shop).execute(both(), test_data=data)
        assert set(statuses(run).values()) == {Status.ERROR}
        assert "no idea" in run.failed_tests[0].logs

    def test_a_runner_that_raises_half_way_keeps_what_had_ended_and_is_not_used_again(self, shop):
        sessions = []

        class Broken(MemoryRunner):
            def session(self, bench):
                sessions.append(bench)
                inner = super().session(bench)

                class Session(RunnerSession):
                    def __enter__(self):
                        self.session = inner.__enter__()
                        return self

                    def __exit__(self, *error):
                        return inner.__exit__(*error)

                    def run(self, batch):
                        yield from self.session.run(batch)
                        if ORDERS in {test.id for test in batch.tests}:
                            raise RuntimeError("no idea")

                return Session()

        workflow = testflow.TestWorkflow("w").add_test_selection("api", {})
        run = engine(Broken(tests=TESTS), applications=shop).execute(workflow)
        assert statuses(run) == {ORDERS: Status.PASSED, "api::tests/login.py": Status.PASSED}
        assert len(sessions) == 2

    def test_a_provisioner_that_fails_to_clean_up_costs_nothing(self, shop):
        class Broken(MemoryProvisioner):
            def provision(self, environment, site):
                inner = super().provision(environment, site)

                class Manager:
                    def __enter__(self):
                        return inner.__enter__()

                    def __exit__(self, *error):
                        inner.__exit__(*error)
                        raise RuntimeError("no idea")

                return Manager()

        environment = testflow.Environment("e").add_service("db", {"type": "postgres"})
        run = engine(MemoryRunner(tests=TESTS), Broken(), applications=shop).execute(both(), environment)
        assert len(run.passed_tests) == 3
        assert [failure.kind for failure in run.plugin_failures] == ["provisioner"]


def test_a_history_that_cannot_be_used_costs_the_memory_of_the_run_and_is_said(tmp_path):
    (tmp_path / "shop/tests").mkdir(parents=True)
    (tmp_path / "shop/tests/test_a.py").write_text("def test_a(): pass\n")
    (tmp_path / "history.db").write_text("this is no database, and not empty either")
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    run = testflow.Engine(history="history.db", workspace=tmp_path, applications={"shop": {}}).execute(workflow)
    assert run.ok
    assert [warning.partition(":")[0] for warning in run.warnings] == [
        "the order of the tests knows nothing of the past",
        "this run is not remembered",
    ]
    assert (tmp_path / "history.db").read_text().startswith("this is no database")
