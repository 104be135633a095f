"""A plugin that raises costs what depends on it, and nothing else."""

from contextlib import nullcontext

import pytest
from memory_runs import CART, ORDERS, TESTS, both, engine, failing, statuses

import testflow
from testflow_core.model import Status
from testflow_core.testing import (
    MemoryAnalyzer,
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
                class Session:
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
