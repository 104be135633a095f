from __future__ import annotations

import threading
from pathlib import Path

import pytest

from testflow_core.builtin.executors.local import LocalExecutor
from testflow_core.model import Batch, BatchEnded, Bench, Outcome, Status, TestCase, WorkerLost
from testflow_core.provisioning.interruption import LeftUndoneError, current

LIMIT = 10


def batch(name, *tests):
    cases = tuple(TestCase(application="shop", file=test) for test in tests or (name,))
    return Batch(id=name, runner="any", bench=Bench(directory=Path(), checkout=Path()), tests=cases)


def passing(work):
    for test in work.tests:
        yield Outcome(test=test, status=Status.PASSED)


def told(event):
    return event.test.file if isinstance(event, Outcome) else (type(event).__name__, event.batch.id)


def waits_for_its_end(started):
    """A batch that lasts until it is interrupted, as a runner's session would."""

    def run(work):
        over = threading.Event()
        with current().ended_by(over.set):
            started.release()
            yield Outcome(test=work.tests[0], status=Status.PASSED)
            assert over.wait(LIMIT)
            yield Outcome(test=work.tests[0], status=Status.ERROR)

    return run


def test_one_worker_runs_batches_in_the_order_they_came_each_outcome_before_its_end():
    with LocalExecutor().crew(passing) as crew:
        crew.submit(batch("one", "a", "b"))
        crew.submit(batch("two"))
        assert list(map(told, crew.events())) == ["a", "b", ("BatchEnded", "one"), "two", ("BatchEnded", "two")]


def test_as_many_batches_run_at_a_time_as_there_are_workers():
    meeting = threading.Barrier(3)

    def run(work):
        meeting.wait(LIMIT)
        yield from passing(work)

    with LocalExecutor(workers=3).crew(run) as crew:
        assert dict(crew.slots) == {"": 3}
        for name in "abc":
            crew.submit(batch(name))
        assert sum(isinstance(event, BatchEnded) for event in crew.events()) == 3


def test_a_batch_that_raises_is_lost_with_the_traceback_and_the_worker_goes_on():
    def run(work):
        yield from passing(work)
        if work.id == "bad":
            raise LookupError("no such thing")

    with LocalExecutor().crew(run) as crew:
        crew.submit(batch("bad"))
        crew.submit(batch("good"))
        first, lost, *rest = crew.events()
    assert told(first) == "bad"
    assert isinstance(lost, WorkerLost)
    assert "LookupError: no such thing" in lost.reason
    assert "test_local_executor.py" in lost.reason
    assert list(map(told, rest)) == ["good", ("BatchEnded", "good")]


def test_a_cancelled_batch_never_starts_or_is_interrupted_and_the_others_go_on():
    started = threading.Semaphore(0)
    endless = waits_for_its_end(started)
    with LocalExecutor().crew(lambda work: endless(work) if work.id == "endless" else passing(work)) as crew:
        for name in ("endless", "waiting", "last"):
            crew.submit(batch(name))
        assert started.acquire(timeout=LIMIT)
        crew.cancel(batch("waiting"))
        crew.cancel(batch("endless"))
        seen = list(map(told, crew.events()))
    assert seen[-2:] == ["last", ("BatchEnded", "last")]
    assert not {"waiting", ("BatchEnded", "waiting"), ("BatchEnded", "endless")} & set(seen)


def test_a_drained_crew_drops_what_waits_and_lets_what_runs_pause():
    started, go = threading.Semaphore(0), threading.Event()

    def run(work):
        yield from passing(work)
        with current().paused_by(go.set):
            started.release()
            assert go.wait(LIMIT)
        if work.id == "first":
            raise LeftUndoneError

    with LocalExecutor(workers=2).crew(run) as crew:
        for name in ("first", "second", "waiting"):
            crew.submit(batch(name))
        for _ in range(2):
            assert started.acquire(timeout=LIMIT)
        crew.drain()
        seen = list(map(told, crew.events()))
    assert sorted(map(str, seen)) == sorted(map(str, ["first", "second", ("BatchEnded", "second")]))


def test_leaving_by_an_exception_interrupts_what_runs_and_starts_nothing_more():
    started = threading.Semaphore(0)
    before = threading.active_count()
    ran = []
    endless = waits_for_its_end(started)

    def run(work):
        ran.append(work.id)
        return endless(work)

    def leave():
        with LocalExecutor(workers=2).crew(run) as crew:
            for name in "abc":
                crew.submit(batch(name))
            for _ in range(2):
                assert started.acquire(timeout=LIMIT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert sorted(ran) == ["a", "b"]
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [0, -1])
def test_there_is_at_least_one_worker(workers):
    with pytest.raises(ValueError, match="workers"):
        LocalExecutor(workers=workers)
