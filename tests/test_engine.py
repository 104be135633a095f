"""What `plan` and `execute` answer, on the shipped fakes."""

import json
from contextlib import nullcontext

import pytest

import testflow
from testflow_core.errors import PluginNotFoundError, Problem
from testflow_core.model import Outcome, Status, TestCase
from testflow_core.testing import (
    MemoryAnalyzer,
    MemoryCheckouts,
    MemoryData,
    MemoryDestination,
    MemoryExecutor,
    MemoryPlugins,
    MemoryProvisioner,
    MemoryReporter,
    MemoryRunner,
    MemorySelector,
)

ORDERS = "api::tests/orders.py"
CART = "web::src/Cart.test.js"
LOGIN = "api::tests/login.py::test_login"

RUNNER = {"api": ("tests/orders.py", "tests/login.py"), "web": ("src/Cart.test.js",)}


def failing(test_id, status=Status.FAILED, **more):
    return {test_id: Outcome(test=TestCase.from_id(test_id), status=status, message="boom", **more)}


def engine(*fakes, applications):
    return testflow.Engine(plugins=MemoryPlugins(*fakes), applications=applications)


def both():
    workflow = testflow.TestWorkflow("all")
    return workflow.add_test_selection("api", {}).add_test_selection("web", {})


def flow(**more):
    steps = [{"app": "api", "test": "tests/login.py::test_login"}, {"app": "web", "test": "src/Cart.test.js"}]
    data_flow = {"token": {"from": "api.test_login.return.token", "to": "web.Cart.test.headers.Authorization"}}
    return testflow.TestWorkflow("flow").add_cross_app_test("buy", {"steps": steps, "data_flow": data_flow, **more})


def statuses(run):
    return {result.test_id: result.status for result in run.results}


def test_every_chosen_test_is_executed_and_the_run_is_ok(shop):
    run = engine(MemoryRunner(tests=RUNNER), applications=shop).execute(both())
    assert {result.test_id for result in run.passed_tests} == {ORDERS, "api::tests/login.py", CART}
    assert run.executed_tests == run.passed_tests
    assert run.ok
    assert {outcome.test.id for outcome in run.outcomes} == {result.test_id for result in run.results}
    assert {"plan", "execute", "triage"} <= run.phases.keys()


def test_a_failing_test_is_categorised_and_assigned(shop):
    workflow = both().set_failure_analysis({"routing": {"database": "database-team"}, "default_team": "triage-team"})
    fakes = MemoryRunner(tests=RUNNER, outcomes=failing(ORDERS, text="Traceback"))
    run = engine(fakes, MemoryAnalyzer(categories={ORDERS: "database"}), applications=shop).execute(workflow)
    (failure,) = run.failed_tests
    assert (failure.test_id, failure.category, failure.assigned_to) == (ORDERS, "database", "database-team")
    assert failure.logs.startswith("boom")
    assert "Traceback" in failure.logs
    assert not run.ok
    assert len(run.executed_tests) == len(run.passed_tests) + 1


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERROR, Status.TIMED_OUT])
def test_failed_tests_are_those_that_failed_ended_in_error_or_timed_out(shop, status):
    run = engine(MemoryRunner(tests=RUNNER, outcomes=failing(CART, status)), applications=shop).execute(both())
    assert [result.test_id for result in run.failed_tests] == [CART]
    assert run.failed_tests[0].assigned_to == "unassigned"


def test_a_test_that_was_not_selected_is_skipped_with_the_selectors_reason(shop):
    selector = MemorySelector(skipped={CART: "nothing concerns it"})
    run = engine(MemoryRunner(tests=RUNNER), selector, applications=shop).execute(both())
    (skipped,) = run.skipped_tests
    assert (skipped.test_id, skipped.reason) == (CART, "nothing concerns it")
    assert run.ok


def test_plan_has_a_choice_for_every_test_and_starts_nothing(shop):
    provisioner = MemoryProvisioner()
    environment = testflow.Environment("e").add_service("db", {"type": "postgres"})
    selector = MemorySelector(skipped={CART: "nothing concerns it"})
    plan = engine(MemoryRunner(tests=RUNNER), selector, provisioner, applications=shop).plan(both(), environment)
    chosen = {choice.test.id: choice.selected for choice in plan.choices}
    assert chosen == {ORDERS: True, "api::tests/login.py": True, CART: False}
    assert all(choice.reason for choice in plan.choices)
    assert provisioner.events == []


def test_values_flow_from_a_step_to_the_next(shop):
    seen = []

    class Spy(MemoryRunner):
        def session(self, bench):
            inner = super().session(bench)

            class Session:
                def __enter__(self):
                    session = inner.__enter__()

                    class Watched:
                        def run(self, batch):
                            seen.append((batch.tests[0].id, batch.inputs))
                            return session.run(batch)

                    return Watched()

                def __exit__(self, *error):
                    return inner.__exit__(*error)

            return Session()

    run = engine(Spy(tests=RUNNER), applications=shop).execute(flow())
    assert statuses(run) == {LOGIN: Status.PASSED, CART: Status.PASSED}
    assert seen == [(LOGIN, {}), (CART, {"headers": {"Authorization": f"token of {LOGIN}"}})]


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
    run = engine(MemoryRunner(tests=RUNNER), applications=shop).execute(workflow)
    assert [outcome.test.id for outcome in run.outcomes].count(CART) == 1
    assert next(outcome.flow for outcome in run.outcomes if outcome.test.id == CART) == "buy"


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


def test_an_unavailable_application_takes_its_selections_and_flows_with_it_and_nothing_else(shop):
    checkouts = MemoryCheckouts(unavailable={"web": "no such repository"})
    workflow = flow().add_test_selection("api", {}).add_test_selection("web", {"test_paths": ["src/"]})
    run = engine(MemoryRunner(tests=RUNNER), checkouts, applications=shop).execute(workflow)
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
        run = engine(MemoryRunner(tests=RUNNER), provisioner, applications=shop).execute(both(), self.ENVIRONMENT)
        assert set(statuses(run).values()) == {Status.ERROR}
        assert "FATAL: no space left" in run.failed_tests[0].logs
        assert "db did not come up" in run.failed_tests[0].reason

    def test_tests_that_need_none_run_all_the_same(self, shop):
        provisioner = MemoryProvisioner(failing={"db": "FATAL"})
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"environment": False})
        workflow.add_test_selection("web", {})
        run = engine(MemoryRunner(tests=RUNNER), provisioner, applications=shop).execute(workflow, self.ENVIRONMENT)
        assert statuses(run)[ORDERS] is Status.PASSED
        assert statuses(run)[CART] is Status.ERROR

    def test_a_refusal_is_the_reason(self, shop):
        provisioner = MemoryProvisioner(refusal="needs an engine")
        run = engine(MemoryRunner(tests=RUNNER), provisioner, applications=shop).execute(both(), self.ENVIRONMENT)
        assert "needs an engine" in run.failed_tests[0].reason

    def test_it_goes_up_and_down_once_and_only_if_a_test_needs_it(self, shop):
        provisioner = MemoryProvisioner()
        engine(MemoryRunner(tests=RUNNER), provisioner, applications=shop).execute(both(), self.ENVIRONMENT)
        assert provisioner.events == [("up", "e"), ("down", "e")]
        idle = MemoryProvisioner()
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"environment": False})
        engine(MemoryRunner(tests=RUNNER), idle, applications=shop).execute(workflow, self.ENVIRONMENT)
        assert idle.events == []


class TestWithoutItsData:
    DATA = testflow.TestData("d").add_generator("users", {"count": 2, "schema": {"id": "uuid"}})

    @pytest.mark.parametrize("fake", [MemoryData(failure="users.id: no"), MemoryDestination(failure="users.id: no")])
    def test_a_test_ends_in_error_and_those_that_need_none_run(self, shop, fake):
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"data": False})
        workflow.add_test_selection("web", {})
        run = engine(MemoryRunner(tests=RUNNER), fake, applications=shop).execute(workflow, test_data=self.DATA)
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
        fakes = (MemoryRunner(tests=RUNNER), Generator(), Provisioner())
        engine(*fakes, applications=shop).execute(both(), environment, self.DATA)
        assert events == ["data", "services"]


class TestDeclarationMistakes:
    def test_an_unknown_application_is_told_with_its_path_and_the_nearest_name(self, shop):
        workflow = testflow.TestWorkflow("w").add_test_selection("apii", {})
        with pytest.raises(testflow.SpecError, match=r"\$\.test_selections\.apii.*did you mean 'api'"):
            engine(applications=shop).plan(workflow)

    def test_all_are_told_at_once(self):
        applications = testflow.Applications({"a": {"depends_on": ["b"]}, "b": {"depends_on": ["a", "c"]}})
        workflow = testflow.TestWorkflow("w").add_test_selection("x", {})
        with pytest.raises(testflow.SpecError) as caught:
            engine(applications=applications).execute(workflow)
        paths = [problem.path for problem in caught.value.problems]
        assert paths == ["$.test_selections.x", "$.applications.b.depends_on[1]", "$.applications.a.depends_on"]
        assert "a -> b -> a" in str(caught.value)

    def test_a_plugin_that_is_not_installed_names_what_is_and_what_to_install(self, shop):
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"strategy": "chnge-based"})
        with pytest.raises(PluginNotFoundError, match="did you mean 'change-based'"):
            testflow.Engine(applications=shop).plan(workflow)

    def test_wrong_options_of_a_plugin_are_told_below_options(self, shop):
        workflow = testflow.TestWorkflow("w").add_test_selection("api", {"strategy": "all", "options": {"x": 1}})
        with pytest.raises(testflow.SpecError, match=r"\$\.test_selections\.api\.options"):
            testflow.Engine(applications=shop).plan(workflow)

    def test_what_a_provisioner_finds_wrong_is_told_before_anything_starts(self, shop):
        class Strict(MemoryProvisioner):
            def problems(self, environment, /):
                yield Problem("$.services.db.type", "unknown service type")

        environment = testflow.Environment("e").add_service("db", {"type": "postgrs"})
        with pytest.raises(testflow.SpecError, match="unknown service type"):
            engine(Strict(), applications=shop).execute(both(), environment)

    def test_a_routing_to_no_category_is_warned_of(self, shop):
        analysis = {"categories": [{"name": "database", "patterns": ["x"]}], "routing": {"databse": "team"}}
        run = engine(applications=shop).execute(both().set_failure_analysis(analysis))
        assert any("'databse'" in warning for warning in run.warnings)


class TestAPluginThatRaises:
    def test_a_selector_costs_no_test(self, shop):
        class Broken(MemorySelector):
            def select(self, tests, context):
                raise RuntimeError("no idea")

        run = engine(MemoryRunner(tests=RUNNER), Broken(), applications=shop).execute(both())
        assert len(run.passed_tests) == 3
        assert "said nothing of it" in run.choices[0].reason
        assert any("no idea" in failure.traceback for failure in run.plugin_failures)
        assert any("no idea" in warning for warning in run.warnings)

    def test_a_runner_costs_its_batch(self, shop):
        class Broken(MemoryRunner):
            def session(self, bench):
                if "npm" in bench.command:
                    raise RuntimeError("no idea")
                return super().session(bench)

        run = engine(Broken(tests=RUNNER), applications=shop).execute(both())
        assert statuses(run) == {ORDERS: Status.PASSED, "api::tests/login.py": Status.PASSED, CART: Status.ERROR}
        assert "no idea" in run.failed_tests[0].logs

    def test_a_runner_that_gives_no_outcome_loses_no_test(self, shop):
        class Silent(MemoryRunner):
            def session(self, bench):
                class Session:
                    def run(self, batch):
                        return iter(())

                return nullcontext(Session())

        run = engine(Silent(tests=RUNNER), applications=shop).execute(both())
        assert set(statuses(run).values()) == {Status.ERROR}
        assert "gave no outcome" in run.failed_tests[0].reason

    @pytest.mark.parametrize("raises", [RuntimeError("no idea"), OSError("disk")])
    def test_a_provisioner_costs_the_tests_that_need_it_and_its_end_costs_nothing(self, shop, raises):
        class Broken(MemoryProvisioner):
            def provision(self, environment, site):
                raise raises

        environment = testflow.Environment("e").add_service("db", {"type": "postgres"})
        run = engine(MemoryRunner(tests=RUNNER), Broken(), applications=shop).execute(both(), environment)
        assert set(statuses(run).values()) == {Status.ERROR}
        assert str(raises) in run.failed_tests[0].logs

    def test_an_analyzer_leaves_the_failure_unknown(self, shop):
        class Broken(MemoryAnalyzer):
            def analyze(self, failures, context):
                raise RuntimeError("no idea")

        fakes = (MemoryRunner(tests=RUNNER, outcomes=failing(CART)), Broken())
        run = engine(*fakes, applications=shop).execute(both())
        assert run.failed_tests[0].category == "unknown"
        assert run.plugin_failures

    def test_a_reporter_costs_nothing(self, shop):
        class Broken(MemoryReporter):
            def report(self, run):
                raise RuntimeError("no idea")

        plugins = MemoryPlugins(MemoryRunner(tests=RUNNER))
        run = testflow.Engine(plugins=plugins, applications=shop, reporters=[Broken()]).execute(both())
        assert run.passed_tests
        assert run.plugin_failures[0].name == "TestAPluginThatRaises.test_a_reporter_costs_nothing.<locals>.Broken"


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
        engine(MemoryRunner(tests=RUNNER), provisioner, Interrupted(), applications=shop).execute(both(), environment)
    assert provisioner.events == [("up", "e"), ("down", "e")]


def test_observers_are_told_of_the_plan_and_every_outcome(shop):
    reporter = MemoryReporter()
    plugins = MemoryPlugins(MemoryRunner(tests=RUNNER))
    run = testflow.Engine(plugins=plugins, applications=shop, reporters=[reporter]).execute(both())
    kinds = [type(event).__name__ for event in reporter.events]
    assert kinds.count("TestEnded") == len(run.outcomes)
    assert kinds.index("Planned") < kinds.index("TestEnded")
    assert list(reporter.runs) == [run.run_id]


def test_execute_may_be_called_twice_and_each_run_has_an_id_of_its_own(shop):
    twice = engine(MemoryRunner(tests=RUNNER), applications=shop)
    first, second = twice.execute(both()), twice.execute(both())
    assert first.run_id != second.run_id
    assert statuses(first) == statuses(second)


def test_nothing_is_written_by_the_memory_plugins(shop, tmp_path):
    engine(MemoryRunner(tests=RUNNER), applications=shop).execute(both())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", ["0", "many", "-1"])
def test_a_wrong_number_of_workers_is_told_with_where_it_was_given(monkeypatch, workers):
    monkeypatch.setenv("TESTFLOW_WORKERS", workers)
    with pytest.raises(testflow.SpecError, match=f"TESTFLOW_WORKERS.*{workers}"):
        testflow.Engine()


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


def test_a_returned_value_is_json_in_the_outcome(shop):
    run = engine(applications=shop).execute(flow())
    values = next(outcome.values for outcome in run.outcomes if outcome.test.id == LOGIN)
    assert json.loads(json.dumps(values)) == {"token": f"token of {LOGIN}"}
