"""The destination `sqlite`: a database file with a table for each entity."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.destinations import directories
from testflow_core.builtin.destinations.text import json_text
from testflow_core.errors import DataError
from testflow_core.interfaces import Destination
from testflow_core.model import ColumnType
from testflow_core.tables import STANDARD, creation, filling_order, quoted, tables_of, values

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from testflow_core.model import Bench, DataSet, Json, Loaded, Record, Table

_FILE = "data.sqlite"

# As a number, SQLite would keep no more than 15 digits of it.
_TYPES = {**STANDARD, ColumnType.INTEGER: "integer", ColumnType.NUMBER: "real", ColumnType.DECIMAL: "text"}


@frozen(kw_only=True)
class SqliteDestination(Destination):
    """
    The file that the variable `TESTFLOW_SQLITE` names, gone after the run.

    `schemas` are files of SQL in the workspace, executed first; tables that they do not make are made from the schema.
    """

    schemas: tuple[str, ...] = ()

    @contextmanager
    def load(self, data: DataSet, bench: Bench) -> Generator[Loaded]:
        """The database in a directory of its own; DataError where SQLite, a file of SQL or the disk refuses."""
        with directories.private(data, bench.directory, "testflow-sqlite-") as directory:
            with _told(data), closing(sqlite3.connect(directory / _FILE, isolation_level=None)) as database:
                # The file is removed where anything fails: nothing is to be rolled back, and nothing outlives a crash.
                database.execute("PRAGMA journal_mode = off")
                database.execute("PRAGMA synchronous = off")
                for name in self.schemas:
                    _execute(database, bench.checkout / name, data)
                database.execute("BEGIN")
                _fill(database, data)
                database.execute("COMMIT")
                database.execute("PRAGMA journal_mode = delete")
            yield directories.loaded(data, directory, "TESTFLOW_SQLITE", _FILE)


def _fill(database: sqlite3.Connection, data: DataSet) -> None:
    tables = {entity: table for entity, table in tables_of(data).items() if table.columns}
    for entity in filling_order(tables):
        table = tables[entity]
        database.execute(creation(entity, table, _TYPES))
        columns = ", ".join(quoted(column.name) for column in table.columns)
        insert = f"INSERT INTO {quoted(entity)} ({columns}) VALUES ({', '.join('?' * len(table.columns))})"  # noqa: S608 - quoted
        rows = _Rows(entity, table, data.records[entity])
        try:
            database.executemany(insert, rows)
        except (sqlite3.Error, OverflowError, TypeError, ValueError) as error:
            raise DataError(f"the data set {data.name!r} cannot be put into SQLite: {rows.last}: {error}") from error
        except KeyError as error:
            known = ", ".join(column.name for column in table.columns)
            message = f"{rows.last} has the fields {error.args[0] or 'none'}; the table has {known}"
            raise DataError(f"the data set {data.name!r} cannot be put into SQLite: {message}") from error
    broken = database.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        message = f"row {broken[1]} of {broken[0]!r} refers to a row of {broken[2]!r} that is not there"
        raise DataError(f"the data set {data.name!r} cannot be put into SQLite: {message}")


class _Rows:
    """The records of an entity as SQLite takes them; `last` names the one that it was given last."""

    def __init__(self, entity: str, table: Table, records: Sequence[Record]) -> None:
        self.last = entity
        self._entity = entity
        self._table = table
        self._records = records

    def __iter__(self) -> Iterator[list[Json]]:
        for number, record in enumerate(self._records):
            self.last = f"{self._entity}[{number}]"
            yield [_plain(value) for value in values(self._table, record)]


def _plain(value: Json) -> Json:
    return value if value is None or isinstance(value, bool | int | str) else _number_or_json(value)


def _number_or_json(value: Json) -> Json:
    text = json_text(value)
    return value if isinstance(value, float) else text


def _execute(database: sqlite3.Connection, file: Path, data: DataSet) -> None:
    try:
        database.executescript(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"the file of SQL {file} cannot be read: {error.strerror}") from error
    except (sqlite3.Error, ValueError) as error:
        raise DataError(f"the data set {data.name!r} has no tables, an SQL error in {file}: {error}") from error


@contextmanager
def _told(data: DataSet) -> Generator[None]:
    try:
        yield
    except (sqlite3.Error, ValueError) as error:
        raise DataError(f"the data set {data.name!r} cannot be put into SQLite: {error}") from error
