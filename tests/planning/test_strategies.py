"""A selection may name several strategies: what any of them chooses runs, and each one's reason is kept."""

import pytest
from attrs import evolve, frozen

import testflow
from testflow_core import specs
from testflow_core.builtin.selectors.all import SelectAll
from testflow_core.errors import PluginNotFoundError, SpecError
from testflow_core.model import Choice, Past, TestCase, TestSelection, TestWorkflow
from testflow_core.planning import adaptation
from testflow_core.planning.strategies import united
from testflow_core.plugin_calls import PluginCalls
from testflow_core.registry import InstalledPlugins

A, B = (TestCase(application="shop", file=f"tests/test_{name}.py") for name in "ab")


class SelectorsByName(InstalledPlugins):
    def __init__(self, selectors):
        self.selectors = selectors

    def load(self, kind, name, /, **options):
        return self.selectors.get(name) or super().load(kind, name, **options)


@pytest.fixture
def shop(tmp_path):
    tests = tmp_path / "shop/tests"
    tests.mkdir(parents=True)
    for name in "ab":
        (tests / f"test_{name}.py").write_text(f"def test_{name}():\n    assert True\n")
    applications = testflow.Applications({"shop": {"changed_files": ["tests/test_a.py"]}})
    return testflow.Engine(applications=applications, workspace=tmp_path, history=tmp_path / "history.db", reporters=())


def plan(engine, **declaration):
    return engine.plan(testflow.TestWorkflow("w").add_test_selection("shop", declaration))


def choice(test, reason, *, selected=True, priority=0.0):
    return Choice(test=test, selected=selected, reason=reason, priority=priority)


def test_what_any_strategy_chooses_runs_for_the_reasons_of_all_who_did():
    first = [choice(A, "changed"), choice(B, "unchanged", selected=False)]
    second = [choice(A, "failed", priority=3), choice(B, "passed", selected=False)]
    third = [choice(A, "not drawn", selected=False), choice(B, "drawn")]
    assert united(("one", "two", "three"), (first, second, third)) == (
        choice(A, "one: changed; two: failed", priority=3),
        choice(B, "three: drawn"),
    )


def test_what_all_strategies_leave_out_says_why_each_of_them_does():
    said = [choice(A, "unchanged", selected=False)], [choice(A, "passed", selected=False)]
    assert united(("one", "two"), said) == (choice(A, "one: unchanged; two: passed", selected=False),)


def test_a_list_of_strategies_plans_what_each_of_them_chooses(shop):
    rules = [{"source_pattern": "tests/test_a.py", "test_pattern": "tests/test_b.py"}]
    found = plan(shop, strategy=["change-based", "rules"], mapping_rules=rules)
    assert {each.test.file: each.reason for each in found.choices} == {
        "tests/test_a.py": "change-based: tests/test_a.py changed",
        "tests/test_b.py": "change-based: tests/test_a.py changed → rule tests/test_a.py → tests/test_b.py; "
        "rules: tests/test_a.py changed → rule tests/test_a.py → tests/test_b.py",
    }


def test_what_several_strategies_warn_of_is_told_once(shop):
    rules = [{"source_pattern": "tests/test_a.py", "test_pattern": "tests/test_gone.py"}]
    found = plan(shop, strategy=["change-based", "rules"], mapping_rules=rules)
    assert sum("explains nothing" in warning for warning in found.warnings) == 1


def test_options_are_given_by_the_name_of_the_strategy(shop):
    options = {"sample": {"share": 1.0, "seed": "monday"}}
    found = plan(shop, strategy=["change-based", "sample"], options=options)
    assert found.choices[1].reason == "sample: drawn with 2 of 2 at random (seed 'monday')"
    assert all(each.selected for each in found.choices)


def test_a_list_of_one_is_that_one(shop):
    found = plan(shop, strategy=["sample"], options={"share": 1.0})
    assert found.choices[0].reason == "drawn with 2 of 2 at random (seed '')"


def test_what_several_strategies_left_out_is_audited_in_the_name_of_all_of_them(shop, tmp_path):
    applications = testflow.Applications({"shop": {"changed_files": []}})
    engine = testflow.Engine(applications=applications, workspace=tmp_path, history=tmp_path / "h.db", shadow=True)
    found = plan(engine, strategy=["change-based", "rules"])
    assert {each.left_out_by for each in found.choices} == {"change-based + rules"}


def test_what_a_budget_left_out_is_not_audited_whoever_stands_beside_it(shop, tmp_path):
    applications = testflow.Applications({"shop": {"changed_files": []}})
    store = tmp_path / "history.db"
    engine = testflow.Engine(applications=applications, workspace=tmp_path, history=store, shadow=True, reporters=())
    engine.execute(testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"}))
    options = {"history": {"mode": "budget", "max_duration": "0.000001s"}}
    found = plan(engine, strategy=["failed", "history"], options=options)
    assert [(each.selected, each.left_out_by) for each in found.choices] == [(False, "")] * 2


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ([], "expected a name or a list of names, got []"),
        (5, "expected a name or a list of names, got 5"),
        (["rules", 5], "expected a name or a list of names, got ['rules', 5]"),
        (["rules", "rules"], "'rules' is named twice"),
    ],
)
def test_what_is_no_list_of_names_is_told_at_once(strategy, said):
    with pytest.raises(SpecError) as caught:
        testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": strategy})
    assert str(caught.value) == f"$.test_selections.shop.strategy: {said}"


def test_a_name_in_a_list_that_is_not_installed_is_told_with_the_nearest(shop):
    with pytest.raises(PluginNotFoundError, match="did you mean 'change-based'"):
        plan(shop, strategy=["chnge-based", "failed"])


def test_all_mistakes_in_several_strategies_are_told_with_their_places(shop):
    options = {"sampel": {}, "sample": {"share": 2.0}, "failed": 3}
    with pytest.raises(SpecError) as caught:
        plan(shop, strategy=["sample", "failed", "rulez"], options=options)
    told = {problem.path: problem.message for problem in caught.value.problems}
    assert told.keys() == {
        f"$.test_selections.shop.{where}"
        for where in ("options.sampel", "options.failed", "options.sample.share", "strategy[2]")
    }
    assert "did you mean 'sample'" in told["$.test_selections.shop.options.sampel"]
    assert "did you mean 'rules'" in told["$.test_selections.shop.strategy[2]"]


def test_several_strategies_are_the_same_once_a_journal_has_kept_them(shop):
    planned = plan(shop, strategy=["change-based", "sample"], options={"sample": {"share": 0.5}})
    assert specs.plan_from_json(*specs.plan_to_json(planned)).workflow == planned.workflow


@frozen
class Adapting(SelectAll):
    name: str

    def adaptation(self, choices, context):
        return lambda outcomes: [evolve(each, reason=self.name) for each in choices]


def test_of_several_strategies_the_first_that_can_changes_the_order_of_what_waits(shop):
    selectors = {"all": SelectAll(), "one": Adapting("one"), "two": Adapting("two")}
    plugins = SelectorsByName(selectors)
    selection = TestSelection(application="shop", strategies=("all", "one", "two"))
    planned = evolve(plan(shop), workflow=TestWorkflow(name="w", selections=(selection,)))
    adapted = adaptation(planned, Past(), plugins, PluginCalls())
    assert {each.reason for each in adapted(())} == {"one"}
