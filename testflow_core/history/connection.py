"""Connections to the history file: opened, limited in time, always closed, with errors that say what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from testflow_core.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import timedelta
    from pathlib import Path

SCHEMA_VERSION = 13
"""How many migrations this testflow knows; kept in the file's header, so that a current file is known at once."""

APPLICATION_ID = 0x7466_6C77
"""What the file's header says of whose it is: `tflw`."""

_MAGIC = b"SQLite format 3\0"

_OTHER_FILE = "set TESTFLOW_HISTORY to another file"


class DamagedHistoryError(HistoryError):
    """The file is a database, and its content is broken."""


@contextmanager
def opened(path: Path | None, patience: timedelta, *, create: bool) -> Generator[sqlite3.Connection]:
    """A connection, closed on exit; HistoryError where SQLite refuses, then or while it is used. None is in memory."""
    if path is None:
        with closing(sqlite3.connect(":memory:", isolation_level=None, uri=True)) as connection:
            yield connection
        return
    try:
        with closing(_connect(path, patience, create=create)) as connection:
            connection.execute("pragma foreign_keys = on")
            yield connection
    except sqlite3.Error as error:
        kind = DamagedHistoryError if _is_broken(error, path) else HistoryError
        raise kind(_explanation(error, path, patience)) from error


def check(connection: sqlite3.Connection, path: Path) -> None:
    """DamagedHistoryError where the file is damaged in any place."""
    (found,) = connection.execute("pragma quick_check(1)").fetchone()
    if found != "ok":
        raise DamagedHistoryError(_damaged(path, found))


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str) -> Generator[None]:
    """Everything inside is one transaction (`deferred` to read, `immediate` to write), undone by an exception."""
    connection.execute(f"begin {mode}")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def schema_version(connection: sqlite3.Connection, path: Path | None) -> int:
    """
    The version of the tables, 0 where there are none yet; ask within a transaction.

    HistoryError where the file belongs to another program or to a newer testflow.
    """
    (version,) = connection.execute("pragma user_version").fetchone()
    (application,) = connection.execute("pragma application_id").fetchone()
    if application == APPLICATION_ID:
        if version > SCHEMA_VERSION:
            raise HistoryError(
                f"the history {path} was written by a newer testflow (its tables have version {version}, this testflow"
                f" knows {SCHEMA_VERSION}) and is left as it is; install that testflow, or {_OTHER_FILE}"
            )
        return int(version)
    if connection.execute("select exists (select 1 from sqlite_master)").fetchone()[0]:
        raise HistoryError(f"{path} is the database of another program, not a history of testflow; {_OTHER_FILE}")
    return 0


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers and a writer work side by side from now on."""
    if connection.execute("pragma main.journal_mode").fetchone()[0] == "wal":
        return
    # The switch needs the file for itself. Somebody who is reading now is no reason to wait or to fail: what was
    # recorded is safe in either mode, and the next run tries again.
    (patience,) = connection.execute("pragma busy_timeout").fetchone()
    connection.execute("pragma busy_timeout = 0")
    try:
        connection.execute("pragma main.journal_mode = wal")
    except sqlite3.OperationalError as error:
        if not _is(error, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
    finally:
        connection.execute(f"pragma busy_timeout = {int(patience)}")


def keep_little(connection: sqlite3.Connection) -> None:
    """
    Keep half a megabyte of the file in memory instead of two, for what goes through much of it once.

    The system keeps the file anyway, and finding a page among fewer is faster.
    """
    connection.execute("pragma cache_size = -512")


def _connect(path: Path, patience: timedelta, *, create: bool) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    if create:
        _make_directory(path)
        return _open(f"{address}?mode=rwc", patience)
    try:
        return _open(f"{address}?mode=rw", patience)
    except sqlite3.OperationalError as error:
        # A write-ahead log wants files beside the history even to read it. Where we may not make them, and none waits
        # to be read, the file alone is the whole truth.
        refused = _is(error, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if not refused or not path.is_file() or path.with_name(f"{path.name}-wal").exists():
            raise
        return _open(f"{address}?mode=ro&immutable=1", patience)


def _open(uri: str, patience: timedelta) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=patience.total_seconds())
    try:
        # SQLite looks into the file only when it is asked something.
        connection.execute("pragma schema_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _make_directory(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HistoryError(
            f"the directory of the history {path} cannot be made ({error.strerror}); make it writable, or {_OTHER_FILE}"
        ) from error


def _is(error: sqlite3.Error, *codes: int) -> bool:
    # The low byte is the kind of an error, the rest its details; errors of the Python module itself have no code.
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in codes


def _is_broken(error: sqlite3.Error, path: Path) -> bool:
    if not _is(error, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return False
    # What does not begin like a database may be anything that somebody has named by mistake.
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def _damaged(path: Path, what: object) -> str:
    return f"the history {path} is damaged ({what}); move it away to begin a new one, or restore a copy"


def _explanation(error: sqlite3.Error, path: Path, patience: timedelta) -> str:
    if _is(error, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return (
            f"the history {path} is locked by another process (waited {patience.total_seconds():g} s);"
            f" let that one end, or {_OTHER_FILE}"
        )
    if _is(error, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return _damaged(path, error)
    if _is(error, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return (
            f"the history {path} cannot be opened to write ({error}); make it a file in a directory that you may write,"
            f" or {_OTHER_FILE}"
        )
    return f"the history {path} cannot be used ({error}); free the disk where it is full, or {_OTHER_FILE}"
