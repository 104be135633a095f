"""Our side of the agent: gives it batches, and turns its events into outcomes."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from testflow_core.builtin.runners.agent.spool import Reading
from testflow_core.builtin.runners.agent.texts import first_lines, limited
from testflow_core.builtin.runners.agent_process import Place
from testflow_core.builtin.runners.agent_seat import FAREWELL, LOOK, Seat
from testflow_core.builtin.runners.agent_words import AgentTroubleError
from testflow_core.builtin.runners.attachments import attachments
from testflow_core.builtin.runners.exchange import exchange, with_outputs
from testflow_core.errors import UnknownReferenceError
from testflow_core.interfaces import RunnerSession
from testflow_core.model import Artifact, FailureContext, Outcome, Status, TestCase
from testflow_core.model.artifact import FOLDER, OUTPUT
from testflow_core.provisioning.interruption import LeftUndoneError, current

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from testflow_core.builtin.runners.agent_process import SharedAgent, SharedAgents
    from testflow_core.builtin.runners.agent_seat import Event
    from testflow_core.builtin.runners.exchange import Exchange
    from testflow_core.model import Batch, Bench, Json
    from testflow_core.provisioning.interruption import Interruption

PATIENCE = 60.0
"""Seconds beyond a test's limit after which an agent that says nothing is given up: it watches that limit itself."""

SPOOL = "spool-"
"""What the names of the files begin with in which workers note."""

FAILING = {"failed", "error", "timed_out"}
FOLDERS = {"output_path": OUTPUT, "tmp_path": FOLDER}
"""Fixtures that are folders of one test: pytest-playwright's, with screenshots, videos and traces, and pytest's own."""

AROUND = frozenset(("log", "exit", "resources", "folders"))
"""What an event of a test that did not fail has only where there was something around it."""

ENDS = (b'{"event": "ended"', b'{"event": "late"')


@contextmanager
def agent_session(agents: SharedAgents, bench: Bench) -> Generator[RunnerSession]:
    """
    A session whose agent gets ready while others go on; its tests' processes are gone on exit.

    Sessions of one place share the agent; what a test has left outside of its group ends with the last of them.
    """
    with agents.of(Place.of_bench(bench)) as shared, closing(AgentSession(bench, shared)) as session:
        session.open()
        yield session


class AgentSession(RunnerSession):
    """Runs batches at a seat of the agent that it shares with other sessions of its bench."""

    def __init__(self, bench: Bench, shared: SharedAgent) -> None:
        self._bench = bench
        self._shared = shared
        self._seat: Seat | None = None
        self._before: Batch | None = None
        self._spool: Path | None = None
        self._noted = Reading("")

    def open(self) -> None:
        """Have the agent started; it is waited for when it has something to do, and what is wrong told then."""
        with suppress(AgentTroubleError, UnknownReferenceError, OSError):
            self._sit_down()

    def close(self) -> None:
        """End what its tests have started; may come from two threads at a time."""
        seat, self._seat = self._seat, None
        spool, self._spool = self._spool, None
        self._before = None
        if seat is not None:
            seat.close()
        if spool is not None and self._bench.spool is None:
            spool.unlink(missing_ok=True)

    def run(self, batch: Batch) -> Iterator[Outcome]:
        """The outcome of every test as it ends; closing the iterator ends the processes of the batch."""
        if not batch.tests:
            return
        with exchange(batch) as files:
            yield from with_outputs(self._outcomes(batch, files), files.outputs)

    def finish(self) -> Iterator[Outcome]:
        """What the end of the framework's session tells: what was set up for all tests could not be ended, say."""
        seat, before = self._seat, self._before
        if seat is None or before is None:
            return
        try:
            seat.send({"finish": True})
            for event in self._events(seat, before):
                if event["event"] == "late":
                    yield outcome_of(event, _mark(before))
        except AgentTroubleError:
            self.close()

    def _outcomes(self, batch: Batch, files: Exchange) -> Iterator[tuple[Outcome, bool]]:
        seen: set[TestCase] = set()
        mark = _mark(batch)
        interruption = current()
        done = False
        try:
            # The agent may be lost, or a wish to stop may come, at any point from here on: both end here.
            seat = self._ready()
            with interruption.ended_by(seat.leave), interruption.paused_by(seat.pause):
                order = _order(batch, files)
                seat.send({**order, "session": dict(seat.agent.words.session), "spool": str(self._spool)})
                for event in self._events(seat, batch):
                    outcome = outcome_of(event, mark)
                    if event["event"] == "late":
                        # It is of this batch where a worker was replaced, else of the one before.
                        late = outcome if outcome.test in seen else outcome_of(event, _mark(self._before or batch))
                        yield late, False
                    elif outcome.test not in seen:
                        seen.add(outcome.test)
                        yield outcome, event.get("left") == 0
            self._before = batch
            done = True
        except LeftUndoneError:
            self._before = batch
            done = True
            raise
        except (AgentTroubleError, UnknownReferenceError) as trouble:
            if not interruption.wished:
                yield from _lost(batch, seen, trouble)
        finally:
            if not done:
                self.close()

    def _events(self, seat: Seat, batch: Batch) -> Iterator[Event]:
        """The ends of tests, as workers note and the agent tells them, until it is done; AgentTroubleError."""
        silence = batch.timeout.total_seconds() + PATIENCE
        stopping = current()
        heard = time.monotonic()
        told: Event | None = None
        while told is None or told["event"] != "done":
            trouble: AgentTroubleError | None = None
            try:
                told = seat.next_event(LOOK)
            except AgentTroubleError as error:
                trouble = error
            # What workers noted happened before anything that is told of them, and before the agent's own end.
            noted = self._noted.has_grown()
            ends = self._noted.events(ENDS)
            # What a stop does to tests says nothing of them.
            yield from (event for event in ends if event["at"] <= stopping.wished_at)
            if trouble is not None:
                raise trouble
            if told is not None and told["event"] in {"ended", "late"} and not stopping.wished:
                yield told
            if told is not None or noted:
                heard = time.monotonic()
            else:
                _expect_word(heard, silence, stopping)
        if told.get("undone"):
            raise LeftUndoneError

    def _sit_down(self) -> Seat:
        if self._spool is None:
            directory = (self._bench.spool or self._bench.directory).absolute()
            directory.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=SPOOL, dir=directory)
            os.close(descriptor)
            self._spool = Path(name)
            self._noted = Reading(name)
        self._seat = Seat(self._shared.process())
        return self._seat

    def _ready(self) -> Seat:
        if self._seat is not None and self._seat.is_ready and not self._seat.lives:
            # Nobody but the agent's own end takes a seat away; that it has ended may not be known yet.
            self._seat.agent.await_end(FAREWELL)
            self.close()
        seat = self._seat or self._sit_down()
        seat.wait_until_ready()
        return seat


def _expect_word(heard: float, silence: float, stopping: Interruption) -> None:
    """AgentTroubleError where the agent has been silent for too long since it was heard."""
    now = time.monotonic()
    if now - stopping.wished_at > FAREWELL:
        raise AgentTroubleError("the agent does not end what it was at")
    if now - heard > silence:
        raise AgentTroubleError(f"the agent has said nothing for {silence:g} s")


def _order(batch: Batch, files: Exchange) -> Mapping[str, Json]:
    wanted: dict[str, list[str] | None] = {}
    for test in batch.tests:
        names = wanted.setdefault(test.file, [])
        if test.name is None:
            wanted[test.file] = None
        elif names is not None:
            names.append(test.name)
    return {
        "checkout": str(batch.bench.checkout.absolute()),
        "tests": tuple((file, names) for file, names in wanted.items()),
        "exclude": _names(batch.exclude),
        "only": _names(batch.only),
        "timeout": batch.timeout.total_seconds(),
        "variables": dict(files.variables),
        "inputs": dict(batch.inputs),
        "plain": batch.whole,
        "directory": str(files.directory),
        "mark": _mark(batch),
        "record": str(batch.bench.record.absolute()) if batch.bench.record is not None else "",
        "dear": batch.bench.dear,
    }


def _names(tests: Iterable[TestCase]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for test in tests:
        if test.name is not None:
            found.setdefault(test.file, []).append(test.name)
    return found


def _mark(batch: Batch) -> Event:
    return {
        "application": batch.tests[0].application,
        "batch": batch.id,
        "flow": batch.flow,
        "attempt": batch.attempt,
    }


def outcome_of(event: Event, mark: Event) -> Outcome:
    """What an event tells of a test, which was run as the mark of an order says."""
    name, flow = event.get("name"), mark["flow"]
    return Outcome(
        batch=str(mark["batch"]),
        flow=None if flow is None else str(flow),
        attempt=int(cast("int", mark["attempt"])),
        test=TestCase(
            application=str(mark["application"]),
            # All tests of a file have one.
            file=sys.intern(str(event["file"])),
            # Its track, if it has one, has the same.
            name=None if name is None else sys.intern(str(name)),
        ),
        status=Status(str(event["status"])),
        duration=float(cast("float", event["duration"])),
        started=float(cast("float", event["started"])),
        reason=str(event.get("reason", "")),
        message=str(event.get("message", "")),
        text=str(event.get("text", "")),
        stdout=str(event.get("stdout", "")),
        stderr=str(event.get("stderr", "")),
        values=event.get("values"),
        context=_context_of(event),
        ended=float(cast("float", event.get("over", 0.0))),
    )


def _context_of(event: Event) -> FailureContext | None:
    """What an event tells of what there was around a test that failed; None where that is nothing."""
    if event["status"] not in FAILING and AROUND.isdisjoint(event):
        return None
    code, lack = event.get("exit"), event.get("resources")
    found = FailureContext(
        log=str(event.get("log", "")),
        exit=int(cast("int", code)) if code is not None else None,
        resources=tuple(map(str, cast("list[str]", lack or []))),
        artifacts=tuple(_left(event)),
    )
    return None if found == FailureContext() else found


def _left(event: Event) -> Iterator[Artifact]:
    """What a failed test names as its own, and the folders that it had for itself."""
    if event["status"] in FAILING:
        told = map(str, cast("list[str]", event.get("attachments") or []))
        printed = attachments(*(str(event.get(name, "")) for name in ("stdout", "stderr", "text")))
        yield from (Artifact(path=path) for path in dict.fromkeys((*told, *printed)))
    folders = cast("dict[str, str]", event.get("folders") or {})
    for name, kind in FOLDERS.items():
        if name in folders:
            yield Artifact(path=folders[name], name=name, kind=kind)


def _lost(batch: Batch, seen: set[TestCase], trouble: Exception) -> Iterator[tuple[Outcome, bool]]:
    """The same error for every test whose end is not known; of a file that was begun, for the file."""
    message = first_lines(str(trouble))
    for test in batch.tests:
        if test not in seen:
            yield Outcome(test=test, status=Status.ERROR, message=message, text=limited(str(trouble))), True
