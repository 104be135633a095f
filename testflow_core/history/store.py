"""The history of all runs: read before one, written while it goes on and once it is over."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from testflow_core.errors import HistoryError
from testflow_core.history.connection import (
    SCHEMA_VERSION,
    opened,
    schema_version,
    transaction,
    use_write_ahead_log,
)
from testflow_core.history.folder import RunFolder, sweep
from testflow_core.history.journal import Journal
from testflow_core.history.recording import add_run
from testflow_core.history.statistics import add_to_tracks, read_past
from testflow_core.history.unfinished import Unfinished, all_resumable, read_unfinished, resumable
from testflow_core.model import Past

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from testflow_core.model import Run

PATIENCE = timedelta(seconds=30)


class History:
    """
    What past runs learnt, in the SQLite file at `path`, or in memory where that is None.

    Any number of processes and threads may use one file: only a journal is kept open, and what is written is written
    in short transactions, each of which waits at most `patience` for another. No file is made before the first run.
    """

    def __init__(self, path: Path | None, *, patience: timedelta = PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._image = b""
        self._image_lock = Lock()

    def past(self, applications: Iterable[str]) -> Past:
        """What is known of the tests of these applications; HistoryError where the file cannot be read."""
        if self.path is None:
            if not self._image:
                return Past()
        elif not self.path.exists():
            return Past()
        with opened(self.path, self._patience, create=False) as connection:
            self._load_image(connection)
            with transaction(connection, "deferred"):
                version = schema_version(connection, self.path)
                return read_past(connection, applications, version) if version else Past()

    def record(self, run: Run) -> None:
        """Remember a run, once however often it is recorded; HistoryError where the file cannot be written."""
        with (
            self._image_lock if self.path is None else nullcontext(),
            opened(self.path, self._patience, create=True) as connection,
        ):
            self._load_image(connection)
            with self._writing(connection):
                counted = add_run(connection, run)
                if counted is not None:
                    add_to_tracks(connection, run, counted)
            if self.path is None:
                self._image = connection.serialize()
            else:
                use_write_ahead_log(connection)
                sweep(self.path, all_resumable(connection))

    def journal(self, run_id: str) -> Journal | None:
        """
        The journal of a run that is carried out by this process, to be closed and released by it.

        None where the history is in memory only; HistoryError where another process carries this run out.
        """
        if self.path is None:
            return None
        return Journal(run_id, RunFolder(self.path, run_id), self._connected, self._writing)

    def resumable(self, run_id: str | None) -> str:
        """The run of this id, or the latest that was cut off or stopped; HistoryError where there is none to resume."""
        with self._reading() as connection:
            return resumable(connection, run_id, self._file)

    def unfinished(self, run_id: str) -> Unfinished:
        """What is known of a run that can be resumed."""
        with self._reading() as connection:
            return read_unfinished(connection, run_id, self._file)

    @property
    def _file(self) -> Path:
        if self.path is None or not self.path.exists():
            raise HistoryError(f"no run to resume: there is no history {f'at {self.path}' if self.path else 'on disk'}")
        return self.path

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with opened(self._file, self._patience, create=False) as connection, transaction(connection, "deferred"):
            if schema_version(connection, self.path) < SCHEMA_VERSION:
                raise HistoryError(f"no run to resume: {self.path} is of an older testflow; run anew")
            yield connection

    @contextmanager
    def _connected(self) -> Generator[sqlite3.Connection]:
        with opened(self.path, self._patience, create=True) as connection:
            use_write_ahead_log(connection)
            yield connection

    @contextmanager
    def _writing(self, connection: sqlite3.Connection) -> Generator[None]:
        with transaction(connection, "immediate"):
            if schema_version(connection, self.path) < SCHEMA_VERSION:
                _migrate(connection)
            yield

    def _load_image(self, connection: sqlite3.Connection) -> None:
        # An image instead of an open connection: connections belong to one thread and must be closed by somebody.
        if self.path is None and self._image:
            connection.deserialize(self._image)


def _migrate(connection: sqlite3.Connection) -> None:
    # sqlite-utils takes 100 ms to import, and only a new or an older file needs it.
    from testflow_core.history.migrations import migrate  # noqa: PLC0415

    migrate(connection)
