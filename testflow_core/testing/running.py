"""Fakes of what runs tests and tells of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core.interfaces import Crew, Executor, Reporter, Runner, RunnerSession
from testflow_core.model import Batch, BatchEnded, Event, Outcome, Run, Status, TestCase, WorkerLost

if TYPE_CHECKING:
    from testflow_core.interfaces import RunBatch
    from testflow_core.model import Application, Bench, Json

FILE = "in_memory"
"""The one file of tests that is found below every path, where no other is given."""


@frozen(kw_only=True)
class MemoryRunner(Runner):
    """
    Finds the files that `tests` gives for an application, and runs them in no time.

    `outcomes` plays how a test ends, by its id, or how each of its attempts does, the last for all that follow; every
    other test passes. A step returns what later steps ask of it: the
    value at `token` is the text `token of` and the test's id. `batches` are those it ran, in order.
    """

    tests: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    outcomes: Mapping[str, Outcome | Sequence[Outcome]] = field(factory=dict[str, "Outcome | Sequence[Outcome]"])
    batches: list[Batch] = field(factory=list["Batch"])

    def discover(self, application: Application, paths: Sequence[str]) -> Iterable[TestCase]:
        """The given files that are below the paths, else one below each path."""
        given = self.tests.get(application.name)
        if given:
            files = [file for file in given if not paths or any(_is_below(file, path) for path in paths)]
        else:
            files = [f"{path.rstrip('/')}/{FILE}" for path in paths or ["."]]
        return tuple(TestCase(application=application.name, file=file) for file in files)

    @contextmanager
    def session(self, bench: Bench) -> Generator[RunnerSession]:  # noqa: ARG002 - the contract's
        """A session without anything behind it."""
        yield _MemorySession(self.outcomes, self.batches)


def _is_below(file: str, path: str) -> bool:
    return PurePosixPath(file).is_relative_to(PurePosixPath(path))


class _MemorySession(RunnerSession):
    def __init__(self, outcomes: Mapping[str, Outcome | Sequence[Outcome]], batches: list[Batch]) -> None:
        self._outcomes = outcomes
        self._batches = batches

    def run(self, batch: Batch) -> Iterator[Outcome]:
        self._batches.append(batch)
        for test in batch.tests:
            played = self._outcomes.get(test.id)
            if isinstance(played, Sequence):
                played = played[min(batch.attempt, len(played)) - 1]
            values = {path[0]: _value(path, test) for path in batch.wanted if path}
            passed = Outcome(test=test, status=Status.PASSED, values=values or None)
            yield passed if played is None else evolve(played, test=test)


def _value(path: Sequence[str], test: TestCase) -> Json:
    """A value in which the path leads to a text that names the path and the test."""
    value: Json = f"{'.'.join(path)} of {test.id}"
    for part in reversed(path[1:]):
        value = [value] * (int(part[1:-1]) + 1) if part.startswith("[") else {part: value}
    return value


@frozen(kw_only=True)
class MemoryExecutor(Executor):
    """Runs batches one after the other in the caller's thread, in the order they come."""

    workers: int = 1

    @contextmanager
    def crew(self, run_batch: RunBatch) -> Generator[Crew]:
        """A crew of one."""
        yield _MemoryCrew(run_batch)


class _MemoryCrew(Crew):
    def __init__(self, run_batch: RunBatch) -> None:
        self.slots: Mapping[str, int] = {"": 1}
        self._run_batch = run_batch
        self._waiting: deque[Batch] = deque()

    def submit(self, batch: Batch) -> None:
        self._waiting.append(batch)

    def cancel(self, batch: Batch) -> None:
        if batch in self._waiting:
            self._waiting.remove(batch)

    def events(self) -> Iterator[Outcome | BatchEnded | WorkerLost]:
        while self._waiting:
            batch = self._waiting.popleft()
            try:
                yield from self._run_batch(batch)
            except Exception as error:  # noqa: BLE001 - a worker is lost by whatever a runner raises
                yield WorkerLost(batch=batch, reason=f"its worker was lost: {error!r}")
            else:
                yield BatchEnded(batch=batch)


@frozen(kw_only=True)
class MemoryReporter(Reporter):
    """Keeps the runs it is given, by their ids, and the events it observes."""

    runs: dict[str, Run] = field(factory=dict[str, "Run"])
    events: list[Event] = field(factory=list["Event"])

    def report(self, run: Run) -> None:
        """Keep the run."""
        self.runs[run.run_id] = run

    def observe(self, event: Event) -> None:
        """Keep the event."""
        self.events.append(event)
