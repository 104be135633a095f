"""What becomes of a run while it goes on, written by a thread of its own; so a run that is cut off can be resumed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core import specs
from testflow_core.errors import HistoryError
from testflow_core.history import attempts
from testflow_core.history.connection import keep_little
from testflow_core.history.folder import DECLARED, GENERATED
from testflow_core.history.plans import only_terms
from testflow_core.model import Outcome, Plan

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.history.folder import RunFolder


@frozen(kw_only=True)
class _Beginning:
    started: float
    plan: Plan
    files: Callable[[Plan], Mapping[str, str]]


@frozen(kw_only=True)
class _Mark:
    batch: str
    mark: str


class Journal:
    """
    The journal of one run.

    What is noted is in the file a moment later; what comes in while a transaction is written is the next one.
    `trouble` says why nothing is written any more, if that is so: the run itself goes on.
    """

    def __init__(
        self,
        run_id: str,
        folder: RunFolder,
        connected: Callable[[], AbstractContextManager[sqlite3.Connection]],
        transaction: Callable[[sqlite3.Connection], AbstractContextManager[None]],
    ) -> None:
        self.run_id = run_id
        self.trouble = ""
        self._folder = folder
        self._connected = connected
        self._transaction = transaction
        self._queue: SimpleQueue[_Beginning | _Mark | Outcome | threading.Event | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="testflow-journal", daemon=True)
        self._thread.start()

    @property
    def directory(self) -> Path:
        """A folder that outlives whoever carries out the run."""
        return self._folder.path

    @property
    def declared(self) -> tuple[str, ...]:
        """The secrets of the declaration, which the plan needs."""
        return self._folder.kept(DECLARED)

    @property
    def generated(self) -> tuple[str, ...]:
        """The secrets of the environment that was up when the run was cut off."""
        return self._folder.kept(GENERATED)

    def begin(self, started: float, plan: Plan, files: Callable[[Plan], Mapping[str, str]]) -> None:
        """Note what the run is to do, and what `files` answers of the files that its tests are in."""
        self._queue.put(_Beginning(started=started, plan=plan, files=files))

    def hide(self, secrets: tuple[str, ...]) -> None:
        """Keep the secrets of the environment where only the user can read them, for who resumes the run."""
        self._folder.keep(GENERATED, secrets)

    def begun(self, batch: str) -> None:
        """A batch was handed to a worker."""
        self._queue.put(_Mark(batch=batch, mark="begun"))

    def outcome(self, outcome: Outcome) -> None:
        """An attempt at a test has ended."""
        self._queue.put(outcome)

    def ended(self, batch: str) -> None:
        """Nothing of a batch is left to do."""
        self._queue.put(_Mark(batch=batch, mark="ended"))

    def flush(self) -> None:
        """Return when all that was noted so far is written, or cannot be."""
        written = threading.Event()
        self._queue.put(written)
        written.wait()

    def close(self) -> None:
        """Return when all that was noted is written."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def release(self, *, remove: bool) -> None:
        """Let go of the run: where it has come to its end, only the history remembers it."""
        self._folder.release(remove=remove)

    def _work(self) -> None:
        waiting: list[threading.Event] = []
        try:
            with self._connected() as connection:
                keep_little(connection)
                while self._write(connection, waiting):
                    pass
        except Exception as error:  # noqa: BLE001 - the run goes on, and nobody may wait for what is never written
            self.trouble = str(error) if isinstance(error, HistoryError) else repr(error)
            for each in waiting:
                each.set()
            while (entry := self._queue.get()) is not None:
                if isinstance(entry, threading.Event):
                    entry.set()

    def _write(self, connection: sqlite3.Connection, waiting: list[threading.Event]) -> bool:
        """Write what is there, or comes first; False at the end. `waiting` are those who are told when it is done."""
        entries = [self._queue.get()]
        while not self._queue.empty():
            entries.append(self._queue.get())
        waiting[:] = [each for each in entries if isinstance(each, threading.Event)]
        with self._transaction(connection):
            for entry in entries:
                if isinstance(entry, _Beginning):
                    self._begin(connection, entry)
            key = attempts.key_of(connection, self.run_id)
            outcomes = [each for each in entries if isinstance(each, Outcome)]
            attempts.add_tests(connection, (each.test for each in outcomes))
            attempts.add(connection, key, outcomes)
            marks = [(each.batch, each.mark) for each in entries if isinstance(each, _Mark)]
            attempts.add_marks(connection, key, marks)
        for each in waiting:
            each.set()
        return None not in entries

    def _begin(self, connection: sqlite3.Connection, entry: _Beginning) -> None:
        plan = entry.plan
        text, secrets = specs.plan_to_json(plan)
        self._folder.keep(DECLARED, secrets)
        content = json.dumps({"plan": text, "files": dict(entry.files(plan))})
        # Its secrets are not kept: they are gone with the run.
        terms, _ = specs.plan_to_json(only_terms(plan))
        manifest = attempts.Manifest(run_id=self.run_id, content=content, terms=terms)
        attempts.begin(connection, manifest, plan.workflow.name, entry.started, plan.choices)
