"""The contract of executors."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testflow_core.model import Batch, BatchEnded, Bench, Outcome, Status, TestCase, WorkerLost
from testflow_core.testing.contracts.samples import to_be_answered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.interfaces import Crew, Executor, RunBatch

_WORK = 0.01
"""Seconds of work that a test of these batches takes."""


def _batch(name: str, tests: int = 1) -> Batch:
    cases = tuple(TestCase(application="shop", file=f"{name}.py", name=f"test_{n}") for n in range(tests))
    return Batch(id=name, runner="any", bench=Bench(directory=Path(), checkout=Path()), tests=cases)


def passing(batch: Batch) -> Iterator[Outcome]:
    """A `RunBatch` whose tests pass."""
    for test in batch.tests:
        yield Outcome(test=test, status=Status.PASSED, batch=batch.id)


def working(batch: Batch) -> Iterator[Outcome]:
    """A `RunBatch` whose tests are busy for a while; their values are when they began and when they ended."""
    for test in batch.tests:
        began = time.monotonic()
        while (ended := time.monotonic()) < began + _WORK:
            pass
        yield Outcome(test=test, status=Status.PASSED, batch=batch.id, values={"began": began, "ended": ended})


def raising(batch: Batch) -> Iterator[Outcome]:
    """A `RunBatch` that raises after the first outcome of a batch whose id starts with `bad`."""
    yield from passing(batch)
    if batch.id.startswith("bad"):
        raise LookupError(f"the runner of {batch.id} is broken")


def _told(crew: Crew) -> list[str]:
    """What happens, in short: `test a`, `end a`, `lost a`."""
    told: list[str] = []
    for event in crew.events():
        if isinstance(event, Outcome):
            told.append(f"test {event.batch}")
        else:
            told.append(f"{'end' if isinstance(event, BatchEnded) else 'lost'} {event.batch.id}")
    return told


def _left() -> tuple[set[threading.Thread], int]:
    return set(threading.enumerate()), len(multiprocessing.active_children())


class ExecutorContract:
    """What holds of every Executor."""

    @pytest.fixture
    def executor(self) -> Executor:
        """The plugin."""
        raise to_be_answered("executor", "the Executor under test, with more than one worker where it can have them")

    def test_there_is_a_slot_for_any_batch(self, executor: Executor) -> None:
        with executor.crew(passing) as crew:
            assert crew.slots.get("", 0) >= 1, 'the label "" takes any batch: without a slot for it nothing starts'

    def test_every_batch_ends_once_and_its_outcomes_come_before(self, executor: Executor) -> None:
        names = [f"batch {n}" for n in range(20)]
        with executor.crew(passing) as crew:
            for name in names:
                crew.submit(_batch(name, tests=3))
            told = _told(crew)
        for name in names:
            own = [each for each in told if each.endswith(f" {name}")]
            assert own == [f"test {name}"] * 3 + [f"end {name}"], f"of {name} is told {own}"
        assert len(told) == 4 * len(names)

    def test_events_end_at_once_where_nothing_was_submitted(self, executor: Executor) -> None:
        with executor.crew(passing) as crew:
            assert list(crew.events()) == []

    def test_a_batch_that_is_submitted_while_events_are_read_is_waited_for(self, executor: Executor) -> None:
        told: list[str] = []
        with executor.crew(passing) as crew:
            crew.submit(_batch("first"))
            for event in crew.events():
                if isinstance(event, BatchEnded):
                    told.append(event.batch.id)
                    if event.batch.id == "first":
                        crew.submit(_batch("second"))
        assert told == ["first", "second"]

    def test_a_crew_can_be_used_again_once_all_has_ended(self, executor: Executor) -> None:
        with executor.crew(passing) as crew:
            crew.submit(_batch("first"))
            assert _told(crew) == ["test first", "end first"]
            crew.submit(_batch("second"))
            assert _told(crew) == ["test second", "end second"]

    def test_never_more_batches_run_than_there_are_slots(self, executor: Executor) -> None:
        with executor.crew(working) as crew:
            slots = sum(crew.slots.values())
            for number in range(4 * slots):
                crew.submit(_batch(f"batch {number}"))
            spans = [event.values for event in crew.events() if isinstance(event, Outcome)]
        steps: list[tuple[float, int]] = []
        for span in spans:
            assert isinstance(span, dict)
            steps += [(float(str(span["began"])), 1), (float(str(span["ended"])), -1)]
        at_once = most = 0
        for _, step in sorted(steps):
            at_once += step
            most = max(most, at_once)
        assert most <= slots, f"{most} batches ran at a time in {slots} slots"

    def test_a_batch_that_raises_is_lost_with_the_reason_and_the_others_go_on(self, executor: Executor) -> None:
        with executor.crew(raising) as crew:
            for name in ("bad one", "good", "bad two"):
                crew.submit(_batch(name))
            events = list(crew.events())
        lost = {event.batch.id: event.reason for event in events if isinstance(event, WorkerLost)}
        assert set(lost) == {"bad one", "bad two"}, "what run_batch raises is told as WorkerLost"
        assert "the runner of bad one is broken" in lost["bad one"], "the reason says what was raised"
        assert [event.batch.id for event in events if isinstance(event, BatchEnded)] == ["good"]
        assert len([event for event in events if isinstance(event, Outcome)]) == 3, "the outcomes before count"

    def test_a_batch_that_is_cancelled_before_it_starts_never_runs(self, executor: Executor) -> None:
        with executor.crew(working) as crew:
            # More than can run at a time, so that the last still waits.
            names = [f"batch {n}" for n in range(sum(crew.slots.values()) + 4)]
            for name in names:
                crew.submit(_batch(name, tests=5))
            crew.cancel(_batch(names[-1], tests=5))
            told = _told(crew)
        assert f"test {names[-1]}" not in told, "a cancelled batch ran all the same"
        assert [each for each in told if each.startswith("end")].count(f"end {names[0]}") == 1
        assert {f"end {name}" for name in names[:-1]} <= set(told), "the others go on"

    def test_a_crew_that_is_drained_tells_whole_batches_or_nothing_of_them_and_comes_to_an_end(
        self, executor: Executor
    ) -> None:
        with executor.crew(working) as crew:
            names = [f"batch {n}" for n in range(sum(crew.slots.values()) + 4)]
            for name in names:
                crew.submit(_batch(name))
            crew.drain()
            told = _told(crew)
            for name in names:
                assert told.count(f"test {name}") >= told.count(f"end {name}"), "a batch ended without its outcome"
            crew.drain()
            assert list(crew.events()) == [], "a drained crew has nothing more to tell"

    def test_cancelling_what_has_ended_changes_nothing(self, executor: Executor) -> None:
        with executor.crew(passing) as crew:
            crew.submit(_batch("first"))
            assert _told(crew) == ["test first", "end first"]
            crew.cancel(_batch("first"))
            assert list(crew.events()) == []

    @pytest.mark.parametrize("run_batch", [passing, working, raising])
    def test_nothing_is_left_on_exit(self, executor: Executor, run_batch: RunBatch) -> None:
        before = _left()
        with executor.crew(run_batch) as crew:
            for number in range(5):
                crew.submit(_batch(f"bad {number}"))
            next(crew.events())
        assert _left() == before, "threads or processes outlive the crew"

    @pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
    def test_nothing_is_left_after_an_exception_which_goes_on(
        self, executor: Executor, error: type[BaseException]
    ) -> None:
        before = _left()

        def fail() -> None:
            with executor.crew(working) as crew:
                for number in range(5):
                    crew.submit(_batch(f"batch {number}"))
                raise error

        with pytest.raises(error):
            fail()
        assert _left() == before, "threads or processes outlive the crew"
