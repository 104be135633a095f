"""Executor `local`: threads of this process, each of which runs one batch after the other."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen, validators

from testflow_core.interfaces import Crew, Executor
from testflow_core.model import Batch, BatchEnded, Outcome, WorkerLost
from testflow_core.provisioning.interruption import Interruption, LeftUndoneError, interruptible

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from testflow_core.interfaces import RunBatch

Happening: TypeAlias = Outcome | BatchEnded | WorkerLost | None
"""What a worker tells; None where a batch was dropped."""


@frozen(kw_only=True)
class LocalExecutor(Executor):
    """Runs `workers` batches at a time, in the order they are submitted."""

    workers: int = field(default=1, validator=validators.ge(1))

    @contextmanager
    def crew(self, run_batch: RunBatch) -> Generator[Crew]:
        """Threads that wait for batches; on exit those that still run are interrupted, and their processes ended."""
        crew = _LocalCrew(run_batch, self.workers)
        try:
            yield crew
        finally:
            crew.dismiss()


class _LocalCrew(Crew):
    def __init__(self, run_batch: RunBatch, workers: int) -> None:
        self.slots: Mapping[str, int] = {"": workers}
        self._run_batch = run_batch
        self._told: SimpleQueue[tuple[int, Happening]] = SimpleQueue()
        self._changed = threading.Condition()
        self._waiting: deque[tuple[int, Batch]] = deque()
        self._running: dict[int, tuple[Batch, Interruption]] = {}
        self._submitted = 0
        self._open: set[int] = set()
        self._over = False
        self._threads = [
            threading.Thread(target=self._work, name=f"testflow-worker-{number}", daemon=True)
            for number in range(1, workers + 1)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, batch: Batch) -> None:
        with self._changed:
            self._submitted += 1
            self._open.add(self._submitted)
            self._waiting.append((self._submitted, batch))
            self._changed.notify()

    def cancel(self, batch: Batch) -> None:
        with self._changed:
            dropped = [entry for entry in self._waiting if entry[1] is batch or entry[1].id == batch.id]
            for entry in dropped:
                self._waiting.remove(entry)
                self._told.put((entry[0], None))
            stopping = [interruption for running, interruption in self._running.values() if running.id == batch.id]
        for interruption in stopping:
            interruption.wish()

    def drain(self) -> None:
        with self._changed:
            for number, _ in self._waiting:
                self._told.put((number, None))
            self._waiting.clear()
            pausing = [interruption for _, interruption in self._running.values()]
        for interruption in pausing:
            interruption.pause()

    def events(self) -> Iterator[Outcome | BatchEnded | WorkerLost]:
        while self._open:
            number, happening = self._told.get()
            if not isinstance(happening, Outcome):
                self._open.discard(number)
            if happening is not None:
                yield happening

    def dismiss(self) -> None:
        """Let every worker go; returns when none is at work."""
        with self._changed:
            self._over = True
            self._waiting.clear()
            stopping = [interruption for _, interruption in self._running.values()]
            self._changed.notify_all()
        for interruption in stopping:
            interruption.wish()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            number, batch, interruption = taken
            try:
                with interruptible(interruption):
                    end = self._run(number, batch, interruption)
            finally:
                with self._changed:
                    del self._running[number]
            self._told.put((number, end))

    def _next(self) -> tuple[int, Batch, Interruption] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._over)
            if self._over:
                return None
            number, batch = self._waiting.popleft()
            interruption = Interruption()
            self._running[number] = (batch, interruption)
            return number, batch, interruption

    def _run(self, number: int, batch: Batch, interruption: Interruption) -> BatchEnded | WorkerLost | None:
        try:
            for outcome in self._run_batch(batch):
                self._told.put((number, outcome))
        except LeftUndoneError:
            return None
        except BaseException as error:  # noqa: BLE001 - the thread outlives whatever a runner raises, and tells of it
            if interruption.wished:
                return None
            trace = "".join(traceback.format_exception(error))
            return WorkerLost(batch=batch, reason=f"running the batch raised {error!r}\n{trace}")
        return None if interruption.wished else BatchEnded(batch=batch)
