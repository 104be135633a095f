"""The history of all runs: read before one, written once after it."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from testflow_core.history.connection import (
    SCHEMA_VERSION,
    opened,
    schema_version,
    transaction,
    use_write_ahead_log,
)
from testflow_core.history.recording import add_run
from testflow_core.history.statistics import add_to_tracks, read_past
from testflow_core.model import Past

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from testflow_core.model import Run

PATIENCE = timedelta(seconds=30)


class History:
    """
    What past runs learnt, in the SQLite file at `path`, or in memory where that is None.

    Any number of processes and threads may use one file: nothing is kept open, and a run is recorded in one short
    transaction that waits at most `patience` for another. No file is made before the first run is recorded.
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
                if schema_version(connection, self.path) == 0:
                    return Past()
                return read_past(connection, applications)

    def record(self, run: Run) -> None:
        """Remember a run, once however often it is recorded; HistoryError where the file cannot be written."""
        with (
            self._image_lock if self.path is None else nullcontext(),
            opened(self.path, self._patience, create=True) as connection,
        ):
            self._load_image(connection)
            with transaction(connection, "immediate"):
                if schema_version(connection, self.path) < SCHEMA_VERSION:
                    _migrate(connection)
                if add_run(connection, run):
                    add_to_tracks(connection, run)
            if self.path is None:
                self._image = connection.serialize()
            else:
                use_write_ahead_log(connection)

    def _load_image(self, connection: sqlite3.Connection) -> None:
        # An image instead of an open connection: connections belong to one thread and must be closed by somebody.
        if self.path is None and self._image:
            connection.deserialize(self._image)


def _migrate(connection: sqlite3.Connection) -> None:
    # sqlite-utils takes 100 ms to import, and only a new or an older file needs it.
    from testflow_core.history.migrations import migrate  # noqa: PLC0415

    migrate(connection)
