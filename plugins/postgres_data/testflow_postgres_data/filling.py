"""Tables made and filled in one transaction: rows first, then what holds them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from attrs import evolve, frozen

from testflow_core.errors import DataError
from testflow_core.model import ColumnType
from testflow_core.tables import STANDARD, additions, creation, filling_order, quoted, reference_additions, tables_of
from testflow_postgres_data import binary
from testflow_postgres_data.rows import copied
from testflow_postgres_data.server import Connection, execute, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import DataSet, Record, Table

_TYPES = {**STANDARD, ColumnType.UUID: "uuid", ColumnType.JSON: "jsonb"}
_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0
"""
_JSON = ("json", "jsonb")


@frozen(kw_only=True)
class Filled:
    """The tables that were made, and those that were there, in the order in which they were filled."""

    made: tuple[str, ...]
    there: tuple[str, ...]


def fill(connection: Connection, data: DataSet, schemas: Sequence[tuple[str, str]]) -> Filled:
    """
    All records, in tables that are made where they are missing; those that are there must be empty.

    `schemas` are files of SQL by name, executed first. In the transaction of the connection, which is neither
    committed nor rolled back here; DataError tells what is wrong.
    """
    tables = {entity: table for entity, table in tables_of(data).items() if table.columns}
    try:
        for name, text in schemas:
            try:
                connection.execute(text.encode())
            except psycopg.Error as error:
                raise DataError(f"an SQL error in {name}: {error.diag.message_primary}") from error
        new = {entity: table for entity, table in tables.items() if not _columns(connection, entity)}
        order = filling_order(tables)
        for entity in order:
            table = tables[entity]
            if entity in new:
                _make(connection, entity, table, data.records[entity])
            else:
                table = _as_it_is(connection, entity, table)
                _copy(connection, entity, table, copied(entity, table, data.records[entity]))
        _hold_together(connection, new)
    except psycopg.Error as error:
        raise told(error, data.name) from error
    return Filled(
        made=tuple(entity for entity in order if entity in new),
        there=tuple(entity for entity in order if entity not in new),
    )


def _make(connection: Connection, entity: str, table: Table, records: Sequence[Record]) -> None:
    made = creation(entity, table, _TYPES, constraints=False, references=False)
    try:
        with connection.transaction():
            execute(connection, made)
            # Rows of a table of the same transaction are seen by nobody else: they are written as if they were old.
            _copy(connection, entity, table, binary.copied(table, records), " (FORMAT binary, FREEZE)")
    except binary.NotBinaryError:
        execute(connection, made)
        _copy(connection, entity, table, copied(entity, table, records), " (FREEZE)")


def _copy(connection: Connection, entity: str, table: Table, content: Iterable[bytes], how: str = "") -> None:
    columns = ", ".join(quoted(column.name) for column in table.columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {quoted(entity)} ({columns}) FROM STDIN{how}".encode()) as copy,
    ):
        for part in content:
            copy.write(part)


def _hold_together(connection: Connection, new: Mapping[str, Table]) -> None:
    """Keys of all tables before the references to them; those of one in one go, so that it is read once."""
    statements = [*(additions(entity, table) for entity, table in new.items())]
    statements += [reference_additions(entity, table) for entity, table in new.items()]
    for several in filter(None, statements):
        start = several[0].index(" ADD ")
        execute(connection, several[0][:start] + ",".join(each[start:] for each in several))


def _columns(connection: Connection, entity: str) -> dict[str, str]:
    return {str(name): str(type_) for name, type_ in execute(connection, _COLUMNS, (quoted(entity),))}


def _as_it_is(connection: Connection, entity: str, table: Table) -> Table:
    """The table as it is there: what is JSON in it is written as JSON, whatever the records would have."""
    # Nobody may add a row between our look and our end.
    execute(connection, f"LOCK TABLE {quoted(entity)} IN SHARE ROW EXCLUSIVE MODE")
    if execute(connection, f"SELECT 1 FROM {quoted(entity)} LIMIT 1"):  # noqa: S608 - quoted
        raise DataError(
            f"the table {entity!r} has rows already, which another run may need; empty it, or take"
            ' {"by": "schema"} or {"by": "database"} for a copy of your own'
        )
    there = _columns(connection, entity)
    missing = [column.name for column in table.columns if column.name not in there]
    if missing:
        raise DataError(f"the table {entity!r} has no column {', '.join(missing)} (it has {', '.join(there)})")
    columns = [
        evolve(column, type=ColumnType.JSON) if there[column.name] in _JSON else column for column in table.columns
    ]
    return evolve(table, columns=tuple(columns))
