"""Mistakes of a declaration, told before anything starts."""

import pytest
from memory_runs import both, engine

import testflow
from testflow_core.errors import PluginNotFoundError, Problem
from testflow_core.testing import (
    MemoryProvisioner,
)


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

    def test_what_no_provisioner_knows_is_a_mistake_and_what_only_some_do_is_a_refusal(self, shop):
        engine = testflow.Engine(applications=shop, workspace=".")
        environment = testflow.Environment("e").add_service("worker", {"type": "process", "command": "true"})
        run = engine.execute(testflow.TestWorkflow("w"), environment)
        assert run.provisioner.startswith("process (docker: $.services.worker.type: unknown service type 'process'")
        environment.add_service("db", {"type": "postgrs", "config": {"prot": 1}})
        with pytest.raises(testflow.SpecError) as caught:
            engine.execute(testflow.TestWorkflow("w"), environment)
        assert [problem.path for problem in caught.value.problems] == ["$.services.db.type"]

    def test_a_routing_to_no_category_is_warned_of(self, shop):
        analysis = {"categories": [{"name": "database", "patterns": ["x"]}], "routing": {"databse": "team"}}
        run = engine(applications=shop).execute(both().set_failure_analysis(analysis))
        assert any("'databse'" in warning for warning in run.warnings)


@pytest.mark.parametrize("workers", ["0", "many", "-1"])
def test_a_wrong_number_of_workers_is_told_with_where_it_was_given(monkeypatch, workers):
    monkeypatch.setenv("TESTFLOW_WORKERS", workers)
    with pytest.raises(testflow.SpecError, match=f"TESTFLOW_WORKERS.*{workers}"):
        testflow.Engine()


class TestAnApplicationsOwnFile:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("start = [", "cannot be read as TOML"),
            ('strat = "run"', "did you mean 'start'"),
            ('path = "elsewhere"', "a checkout cannot say where it is"),
            ('[start]\ncommand = "run"\nreadyness = {}', "did you mean 'readiness'"),
        ],
    )
    def test_a_mistake_in_it_is_told_with_the_file(self, tmp_path, text, told):
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop/testflow.toml").write_text(text)
        workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
        with pytest.raises(testflow.SpecError, match=f"shop/testflow.toml: .*{told}"):
            testflow.Engine(workspace=tmp_path, applications={"shop": {}}).plan(workflow)

    def test_what_was_registered_wins_over_it(self, tmp_path):
        (tmp_path / "shop/checks").mkdir(parents=True)
        (tmp_path / "shop/checks/one.py").touch()
        (tmp_path / "shop/testflow.toml").write_text('test_files = ["*.py"]\ntest_command = "run {test_path}"\n')
        workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
        engine = testflow.Engine(workspace=tmp_path, applications={"shop": {"test_command": "pytest"}})
        plan = engine.plan(workflow)
        assert plan.applications["shop"].test_command == ("pytest",)
        assert [choice.test.id for choice in plan.choices] == ["shop::checks/one.py"]


def test_a_selection_without_tests_is_warned_of(tmp_path):
    (tmp_path / "shop").mkdir()
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", "test_paths": ["tsets"]})
    run = testflow.Engine(workspace=tmp_path, applications={"shop": {}}).execute(workflow)
    assert run.warnings == ("shop has no tests below tsets; check `test_paths` and `test_files`",)
    assert run.results == ()
