"""Tables for records: completed by what the records show, in the order in which they are filled, and their SQL."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import Column, ColumnType, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import DataSet, Json, Record

STANDARD: Mapping[ColumnType, str] = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "bigint",
    ColumnType.NUMBER: "double precision",
    ColumnType.DECIMAL: "numeric",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.UUID: "char(36)",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMP: "timestamp with time zone",
    ColumnType.JSON: "text",
}
"""What the types are called in standard SQL, or where that has no word, in what most databases know."""


def tables_of(data: DataSet) -> dict[str, Table]:
    """
    The table of each entity: what the generator tells, and where that is no type, what the records show.

    All records are looked at for these. What nobody tells, and no record shows, has no columns.
    """
    return {entity: _table(data.tables.get(entity), records) for entity, records in data.records.items()}


def filling_order(tables: Mapping[str, Table]) -> tuple[str, ...]:
    """The entities, each behind those that it refers to; where they refer to each other, in the order given."""
    needs = {
        entity: {refers[0] for column in table.columns if (refers := column.refers) and refers[0] in tables} - {entity}
        for entity, table in tables.items()
    }
    while True:
        try:
            return tuple(TopologicalSorter(needs).static_order())
        except CycleError as error:
            circle: list[str] = error.args[1]
            first = min(circle, key=list(tables).index)
            needs[first] -= set(circle)


def quoted(name: str) -> str:
    """A name as SQL takes it for nothing else."""
    if "\0" in name:
        raise ValueError(f"{name!r} cannot be a name in SQL: it has no text with the character U+0000")
    return '"' + name.replace('"', '""') + '"'


def creation(
    name: str, table: Table, types: Mapping[ColumnType, str], *, constraints: bool = True, references: bool = True
) -> str:
    """The statement that makes a table, where it is missing; with key and unique columns, and what it refers to."""
    lines = [
        f"{quoted(column.name)} {types[column.type or ColumnType.TEXT]}{'' if column.nullable else ' NOT NULL'}"
        for column in table.columns
    ]
    if constraints:
        lines += list(_constraints(table))
    if references:
        lines += [each for each in map(reference, table.columns) if each]
    return f"CREATE TABLE IF NOT EXISTS {quoted(name)} ({', '.join(lines)})"


def additions(name: str, table: Table) -> list[str]:
    """The statements that give a table its key and its unique columns, once it is filled."""
    return [f"ALTER TABLE {quoted(name)} ADD {each}" for each in _constraints(table)]


def reference_additions(name: str, table: Table) -> list[str]:
    """The statements that hold a table to what it refers to, once all are filled."""
    return [f"ALTER TABLE {quoted(name)} ADD {each}" for each in map(reference, table.columns) if each]


def reference(column: Column) -> str | None:
    """The constraint of a column that refers to another, None where it does not."""
    if column.refers is None:
        return None
    entity, field = column.refers
    return f"FOREIGN KEY ({quoted(column.name)}) REFERENCES {quoted(entity)} ({quoted(field)})"


def _constraints(table: Table) -> Iterable[str]:
    if table.key is not None:
        yield f"PRIMARY KEY ({quoted(table.key)})"
    for column in table.columns:
        if column.unique and column.name != table.key:
            yield f"UNIQUE ({quoted(column.name)})"


def _table(told: Table | None, records: Iterable[Record]) -> Table:
    if told is not None and all(column.type for column in told.columns):
        return told
    seen: dict[str, set[ColumnType | None]] = {}
    count = 0
    fields: dict[str, int] = {}
    for record in records:
        count += 1
        for field, value in record.items():
            fields[field] = fields.get(field, 0) + 1
            seen.setdefault(field, set()).add(_shown(value))
    if told is not None:
        columns = [_completed(column, seen.get(column.name, set())) for column in told.columns]
        return evolve(told, columns=tuple(columns))
    return Table(
        columns=tuple(
            _completed(Column(name=field, type=None, nullable=fields[field] < count), types)
            for field, types in seen.items()
        )
    )


def _completed(column: Column, types: set[ColumnType | None]) -> Column:
    nullable = column.nullable or None in types
    kinds = {each for each in types if each is not None}
    return evolve(column, type=column.type or _common(kinds), nullable=nullable)


def _common(kinds: set[ColumnType]) -> ColumnType:
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds == {ColumnType.INTEGER, ColumnType.NUMBER}:
        return ColumnType.NUMBER
    # Of several kinds nothing but JSON can hold each as it is; where there is no value, any type does.
    return ColumnType.JSON if kinds else ColumnType.TEXT


def _shown(value: Json) -> ColumnType | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return ColumnType.BOOLEAN
    if isinstance(value, int):
        return ColumnType.INTEGER
    if isinstance(value, float):
        return ColumnType.NUMBER
    return ColumnType.TEXT if isinstance(value, str) else ColumnType.JSON


def values(table: Table, record: Record) -> Sequence[Json]:
    """The values of a record in the order of the columns, null where it has none; KeyError where it has others."""
    found = [record.get(column.name) for column in table.columns]
    if len(record) > len(found) or any(field not in record for field in _required(table)):
        raise KeyError(", ".join(record))
    return found


def _required(table: Table) -> Iterable[str]:
    return (column.name for column in table.columns if not column.nullable)
