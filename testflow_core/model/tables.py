"""Tables that hold records: what a generator tells of them, whatever the database is."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class ColumnType(StrEnum):
    """What a column holds; the name of the type in a database is the destination's matter."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    UUID = "uuid"
    DATE = "date"
    TIMESTAMP = "timestamp"
    JSON = "json"


@frozen(kw_only=True)
class Column:
    """
    One field of an entity: `type` is None where only the records show it.

    `refers` is the entity and the field whose values are the only ones there; that field is unique.
    """

    name: str
    type: ColumnType | None
    nullable: bool = False
    unique: bool = False
    refers: tuple[str, str] | None = None


@frozen(kw_only=True)
class Table:
    """The table of one entity; `key` is the column that tells its records apart, where one does."""

    columns: tuple[Column, ...]
    key: str | None = None
