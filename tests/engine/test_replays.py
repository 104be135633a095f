"""A recorded run is done again from what the history has of it: the same tests, in the same order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

import testflow
from testflow_core.errors import HistoryError
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
