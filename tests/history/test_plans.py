"""The plan of a run is told later by the history alone, with the reasons of then."""

import pytest
from attrs import evolve
from remembered_runs import case, run

import testflow
from testflow_core.history import History
from testflow_core.model import Change, Choice, Status, TestCase, TestResult, Uncovered

CHANGES = {
    "shop": Change(
        application="shop", files=("cart.py", "odd\nname.py"), reason="git, compared with main", base="4f2a"
    ),
    "web": Change(application="web", files=None, reason="git is not installed"),
}
UNCOVERED = (
    Uncovered(application="shop", file="cart.py", unit="total", reason="no test that runs is known to enter it"),
    Uncovered(application="web", reason="what changed is not known", known=False),
)
LEFT_OUT = Choice(test=case("left_out"), selected=False, reason="no change concerns it (changed: cart.py)")


@pytest.fixture
def remembered():
    history = History(None)
    done = run("r1", a=".")
    history.record(evolve(done, choices=(*done.choices, LEFT_OUT), changes=CHANGES, uncovered=UNCOVERED))
    return history


def test_changes_and_what_of_them_is_untested_are_as_they_were(remembered):
    for found in (remembered.run("r1"), remembered.plan("r1")):
        assert found.changes == CHANGES
        assert found.uncovered == UNCOVERED


def test_a_plan_of_the_past_explains_what_ran_and_what_did_not(remembered):
    plan = remembered.plan("r1")
    assert plan.explain(case("a").id).runs
    assert str(plan.explain(LEFT_OUT.test.id)) == (
        f"{LEFT_OUT.test.id} does not run\n"
        "  left out: no change concerns it (changed: cart.py)\n"
        "  shop: 2 changed files (git, compared with main)"
    )


def test_it_does_so_once_the_history_is_compacted(remembered):
    before = remembered.plan("r1").explain(case("a").id)
    remembered.compact()
    after = remembered.plan("r1").explain(case("a").id)
    assert after.runs
    assert after.choices == before.choices


def test_what_could_not_run_says_why(remembered):
    web = TestCase(application="web", file="tests")
    done = run("r2")
    result = TestResult(test_id=web.id, status=Status.UNAVAILABLE, reason="web is unavailable: no checkout")
    remembered.record(evolve(done, results=(result,), choices=(Choice(test=web, selected=False, reason="none"),)))
    assert "cannot run\n  web is unavailable: no checkout" in str(remembered.plan("r2").explain("web::tests"))


def test_a_merge_takes_changes_over_again_and_again_in_any_order(remembered):
    shard = History(None)
    other = {"shop": Change(application="shop", files=("cart.py",), reason="declared")}
    shard.record(evolve(run("r1", b="."), changes=other, uncovered=UNCOVERED[:1]))
    one, two = History(None), History(None)
    for whole, parts in ((one, (remembered, shard, remembered)), (two, (shard, remembered))):
        for part in parts:
            whole.merge(part)
    # What two shards say differently of one application is told alike, whichever came first.
    assert one.run("r1").changes == two.run("r1").changes == {**CHANGES, **other}
    assert set(one.run("r1").uncovered) == set(two.run("r1").uncovered) == set(UNCOVERED)


def test_scripts_ask_the_history_for_the_plan_of_a_real_run(tmp_path):
    tests = tmp_path / "shop/tests"
    tests.mkdir(parents=True)
    for name in "ab":
        (tests / f"test_{name}.py").write_text(f"def test_{name}():\n    assert True\n")
    engine = testflow.Engine(
        applications={"shop": {"changed_files": ["tests/test_a.py"]}},
        workspace=tmp_path,
        history=tmp_path / "history.db",
        reporters=(),
    )
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": ["change-based", "rules"]})
    planned = engine.plan(workflow)
    done = engine.execute(workflow)
    told = testflow.History(tmp_path / "history.db").plan(done.run_id)
    assert {(each.test, each.selected, each.reason) for each in told.choices} == {
        (each.test, each.selected, each.reason) for each in planned.choices
    }
    for test in ("shop::tests/test_a.py::test_a", "shop::tests/test_b.py::test_b"):
        assert str(told.explain(test)).splitlines()[1:] == str(planned.explain(test)).splitlines()[1:]
        assert told.explain(test).runs is planned.explain(test).runs


def test_a_run_that_nobody_knows_has_no_plan(remembered):
    with pytest.raises(testflow.HistoryError, match="the history has no run 'r9'"):
        remembered.plan("r9")
