"""The file of a history: opened for as long as something is asked or written, in the present version."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from testflow_core.errors import HistoryError
from testflow_core.history.connection import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    check,
    opened,
    schema_version,
    transaction,
    use_write_ahead_log,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

A = TypeVar("A")

PATIENCE = timedelta(seconds=30)


class HistoryFile:
    """The SQLite file at `path`, or in memory where that is None; each wait for another lasts at most `patience`."""

    def __init__(self, path: Path | None, patience: timedelta) -> None:
        self.path = path
        self._patience = patience
        self._image = b""
        self._image_lock = Lock()

    @property
    def _size(self) -> int:
        if self.path is None:
            return len(self._image)
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def _name(self) -> str:
        return str(self.path) if self.path is not None else "in memory"

    def _ask(self, question: Callable[[sqlite3.Connection], A], otherwise: A) -> A:
        with self._asking() as connection:
            return otherwise if connection is None else question(connection)

    @contextmanager
    def _asking(self) -> Generator[sqlite3.Connection | None]:
        """A connection to read by, to tables of the present version; None where there is nothing yet."""
        if not self._size:
            yield None
            return
        with opened(self.path, self._patience, create=False) as connection:
            self._load_image(connection)
            with transaction(connection, "deferred"):
                version = schema_version(connection, self.path)
            if version and version < SCHEMA_VERSION:
                with self._writing(connection):
                    pass
            with transaction(connection, "deferred"):
                yield connection if version else None

    @contextmanager
    def _changing(self) -> Generator[sqlite3.Connection]:
        """A connection to write by."""
        with (
            self._image_lock if self.path is None else nullcontext(),
            opened(self.path, self._patience, create=True) as connection,
        ):
            self._load_image(connection)
            yield connection
            if self.path is None:
                self._image = connection.serialize()
            else:
                use_write_ahead_log(connection)

    @property
    def is_there(self) -> bool:
        """Whether anything was ever written."""
        return self._size > 0

    def copy_to(self, path: Path) -> bool:
        """Write all that is remembered at this moment to another file, in the present version; False for nothing."""
        with self._asking() as connection:
            if connection is None:
                return False
            with opened(path, self._patience, create=True) as copy:
                # A copy that a failure of power spoils is made again.
                copy.execute("pragma synchronous = off")
                connection.backup(copy)
            return True

    @contextmanager
    def attached(self, connection: sqlite3.Connection) -> Generator[bool]:
        """
        All that is remembered, as the database `other` of a connection, in the present version; False for nothing.

        It is only read. A file that cannot be read where it is, an older one or one in a read-only folder, is copied.
        """
        if self.path is not None and _attach(connection, self.path, SCHEMA_VERSION):
            try:
                yield True
            finally:
                _detach(connection)
            return
        with TemporaryDirectory(prefix="testflow-merge-") as folder:
            copy = Path(folder) / "other.db"
            if not self.copy_to(copy):
                yield False
                return
            connection.execute("attach ? as other", (f"{copy.as_uri()}?mode=ro",))
            try:
                yield True
            finally:
                _detach(connection)

    def check(self) -> None:
        """HistoryError where the file is damaged in any place; this reads all of it."""
        if self.path is not None:
            with opened(self.path, self._patience, create=False) as connection:
                check(connection, self.path)

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


def _attach(connection: sqlite3.Connection, path: Path, version: int) -> bool:
    """Attach a file that can be read beside a writer, of this version; False for any other."""
    try:
        connection.execute("attach ? as other", (f"{path.absolute().as_uri()}?mode=rw",))
    except sqlite3.Error:
        return False
    with suppress(sqlite3.Error):
        found = [
            connection.execute(f"pragma other.{each}").fetchone()[0]
            for each in ("application_id", "user_version", "journal_mode")
        ]
        if found == [APPLICATION_ID, version, "wal"]:
            return True
    _detach(connection)
    return False


def _detach(connection: sqlite3.Connection) -> None:
    # A connection that a failure has left within a transaction is about to be closed.
    with suppress(sqlite3.OperationalError):
        connection.execute("detach other")


def _migrate(connection: sqlite3.Connection) -> None:
    # sqlite-utils takes 100 ms to import, and only a new or an older file needs it.
    from testflow_core.history.migrations import migrate  # noqa: PLC0415

    migrate(connection)
