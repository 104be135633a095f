"""A recorded run is done again from what the history has of it: the same tests, in the same order."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

import testflow
from testflow_core.errors import HistoryError, SpecError
from testflow_core.model import Choice, Outcome, PlannedBatch, Run, Status, TestCase
from testflow_core.planning.replaying import gone, in_recorded_order

if TYPE_CHECKING:
    from pathlib import Path

PASSES = "def test_it(): pass\n"


class Shop:
    """An application of which three files are tested; one run of it failed in the last of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("test_a.py", PASSES)
        self.write("test_b.py", f"{PASSES}def test_more(): pass\n")
        self.write("test_c.py", "def test_it(): assert False\n")
        self.write("test_d.py", PASSES)

    def write(self, name: str, text: str) -> None:
        path = self.root / "shop/tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *changed: str, replay: str | None = None, shadow: bool = False) -> Run:
        engine = testflow.Engine(
            applications={"shop": {"changed_files": [f"tests/{name}" for name in changed]}},
            workspace=self.root,
            history=self.root / "history.db",
            workers=1,
            reporters=[],
            shadow=shadow,
        )
        workflow = testflow.TestWorkflow("all").add_test_selection("shop", {"environment": False, "record": False})
        return engine.execute(workflow, replay=replay)


def began(run: Run) -> list[str]:
    return list(dict.fromkeys(outcome.test.file.removeprefix("tests/") for outcome in run.outcomes))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_replay_runs_the_tests_of_then_in_the_order_of_then_whatever_has_changed_since(shop: Shop):
    first = shop.run("test_c.py", "test_b.py")
    assert began(first) == ["test_b.py", "test_c.py"]
    shop.write("test_c.py", PASSES)
    again = shop.run("test_a.py", "test_d.py", replay=first.run_id, shadow=True)
    assert began(again) == began(first)
    assert [result.status for result in again.failed_tests] == []
    assert {choice.test.file for choice in again.choices if choice.selected} == {"tests/test_b.py", "tests/test_c.py"}
    assert all(choice.reason.startswith(f"as in the run {first.run_id}: ") for choice in again.choices)
    assert not again.audits
    assert not [said for said in again.warnings if "any more" in said]


def test_what_is_gone_is_said_and_what_is_new_does_not_run(shop: Shop):
    first = shop.run(shadow=True)
    (shop.root / "shop/tests/test_a.py").unlink()
    shop.write("test_b.py", PASSES)
    shop.write("test_new.py", PASSES)
    again = shop.run(replay=first.run_id)
    assert [said for said in again.warnings if "any more" in said] == [
        f"shop::tests/test_a.py ran in the run {first.run_id}, and is not there any more",
        f"shop::tests/test_b.py::test_more ran in the run {first.run_id}, and is not there any more",
    ]
    (new,) = (choice for choice in again.choices if choice.test.file == "tests/test_new.py")
    assert (new.selected, new.reason) == (False, f"the run {first.run_id} did not know it")


def test_an_application_that_is_not_there_stays_unavailable(shop: Shop):
    first = shop.run(shadow=True)
    (shop.root / "shop").rename(shop.root / "elsewhere")
    again = shop.run(replay=first.run_id)
    assert {result.status for result in again.results} == {Status.UNAVAILABLE}


def test_a_run_that_nobody_remembers_cannot_be_done_again(shop: Shop):
    with pytest.raises(HistoryError, match="no run 'that'"):
        shop.run(replay="that")
    first = shop.run(shadow=True)
    with pytest.raises(HistoryError, match=f"no run 'that'.*{first.run_id}"):
        shop.run(replay="that")


TESTS = [TestCase(application="a", file=f"test_{number}.py") for number in range(30)]
REMEMBERED = Run(
    run_id="r",
    workflow="w",
    started=0.0,
    choices=tuple(Choice(test=test, selected=True, reason="all") for test in TESTS),
    outcomes=tuple(Outcome(test=evolve(test, name="test"), status=Status.PASSED) for test in reversed(TESTS[:3])),
)


def test_of_many_that_are_gone_the_number_is_told():
    told = gone(REMEMBERED, REMEMBERED.choices[:5])
    assert (len(told), told[-1]) == (21, "and so are 5 more")


def test_batches_and_what_is_in_them_begin_as_they_did_and_what_did_not_run_comes_last():
    batches = [
        PlannedBatch(
            id=name, application="a", runner="pytest", tests=tuple(TESTS[place] for place in places), priority=9
        )
        for name, places in {"x": (4,), "y": (0, 2), "z": (1,)}.items()
    ]
    ordered = in_recorded_order(batches, REMEMBERED)
    assert [(each.id, [test.file for test in each.tests]) for each in ordered] == [
        ("y", ["test_2.py", "test_0.py"]),
        ("z", ["test_1.py"]),
        ("x", ["test_4.py"]),
    ]
    assert {each.priority for each in ordered} == {0}


def engine_of(root: Path, **said: object) -> testflow.Engine:
    settings: dict[str, object] = {"workspace": root, "history": root / "history.db", "workers": 1, "reporters": []}
    return testflow.Engine(**{**settings, **said})  # pyright: ignore[reportArgumentType] - by name


def test_a_replay_needs_nothing_but_the_history(shop: Shop):
    first = shop.run("test_c.py", "test_b.py")
    again = engine_of(shop.root, applications={}).execute(replay=first.run_id)
    assert began(again) == ["test_b.py", "test_c.py"]
    assert again.workflow == first.workflow
    assert {each.test_id: each.status for each in again.results} == {
        each.test_id: each.status for each in first.results
    }


def test_of_a_merged_history_a_run_is_done_again_as_well(shop: Shop):
    first = shop.run("test_b.py")
    merged = testflow.History(shop.root / "merged.db")
    merged.merge(shop.root / "history.db")
    again = engine_of(shop.root, history=shop.root / "merged.db").execute(replay=first.run_id)
    assert began(again) == ["test_b.py"]


def test_what_is_registered_today_stands_for_what_was(shop: Shop, tmp_path: Path):
    first = shop.run("test_b.py")
    elsewhere = tmp_path / "elsewhere"
    (shop.root / "shop").rename(elsewhere)
    again = engine_of(shop.root, applications={"shop": {"path": str(elsewhere)}}).execute(replay=first.run_id)
    assert began(again) == ["test_b.py"]


def test_a_run_with_secrets_is_done_again_by_who_declares_them(shop: Shop):
    workflow = testflow.TestWorkflow("all").add_test_selection("shop", {"strategy": "all", "environment": False})
    environment = testflow.Environment("e").add_service(
        "server", {"type": "process", "command": "sleep 60", "env": {"DB_PASSWORD": "hush"}}
    )
    engine = engine_of(shop.root, applications={"shop": {}})
    first = engine.execute(workflow, environment)
    with pytest.raises(HistoryError, match=r"keeps no secrets, and the run .* give the workflow"):
        engine.execute(replay=first.run_id)
    assert b"hush" not in (shop.root / "history.db").read_bytes()


def test_what_was_recorded_before_terms_were_kept_needs_its_workflow(shop: Shop):
    first = shop.run("test_b.py")
    with closing(sqlite3.connect(shop.root / "history.db")) as connection, connection:
        connection.execute("update runs set terms = null")
    with pytest.raises(HistoryError, match="nobody noted what was declared for the run"):
        engine_of(shop.root).execute(replay=first.run_id)
    assert began(shop.run(replay=first.run_id)) == ["test_b.py"]


def test_an_unknown_run_cannot_be_done_again_without_a_workflow_either(shop: Shop):
    shop.run("test_b.py")
    with pytest.raises(HistoryError, match="the history has no run 'that'"):
        engine_of(shop.root).execute(replay="that")


@pytest.mark.parametrize("given", [{}, {"replay": "r", "environment": testflow.Environment("e")}])
def test_without_a_workflow_nothing_runs_but_a_replay(shop: Shop, given: dict[str, Any]):
    with pytest.raises(SpecError, match="only `replay`, and that alone, does without one"):
        engine_of(shop.root).execute(**given)
