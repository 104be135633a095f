"""The tables of a PostgreSQL database, over a connection that somebody else has made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from testflow_core.errors import Problem, SpecError
from testflow_faker_data.schemas.tables import Column, Table, schemas_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_faker_data.schemas.reading import Replace
    from testflow_faker_data.schemas.tables import Schemas


class Cursor(Protocol):
    """What is asked of a cursor (PEP 249)."""

    def fetchall(self) -> list[tuple[object, ...]]:
        """All rows."""
        ...


class Connection(Protocol):
    """What is asked of a connection: that of psycopg 3 can do it."""

    def execute(self, query: str, parameters: Sequence[object], /) -> Cursor:
        """Run a query."""
        ...


_TABLES = """select table_name from information_schema.tables
where table_schema = %s and table_type = 'BASE TABLE' order by table_name"""
_COLUMNS = """select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale,
is_nullable, column_default, is_identity, udt_schema, udt_name from information_schema.columns
where table_schema = %s and table_name = %s and is_generated = 'NEVER' order by ordinal_position"""
_LABELS = """select e.enumlabel from pg_enum e join pg_type t on t.oid = e.enumtypid
join pg_namespace n on n.oid = t.typnamespace where n.nspname = %s and t.typname = %s order by e.enumsortorder"""
# information_schema does not keep the columns of a reference and those that it leads to side by side.
_KEYS = """select c.contype::text,
array(select a.attname::text from unnest(c.conkey) with ordinality k(n, o)
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.n order by k.o),
c.confrelid::regclass::text, r.relname::text,
array(select a.attname::text from unnest(c.confkey) with ordinality k(n, o)
      join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.n order by k.o),
pg_get_expr(c.conbin, c.conrelid)
from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
left join pg_class r on r.oid = c.confrelid
where n.nspname = %s and t.relname = %s and c.contype in ('p', 'u', 'f', 'c') order by c.conname"""


def from_postgres(
    connection: Connection,
    tables: Sequence[str] | None = None,
    *,
    schema: str = "public",
    replace: Replace | None = None,
) -> Schemas:
    """
    A schema for each table that a connection of psycopg sees in a PostgreSQL schema: all, or those that are named.

    SpecError with the path (`$.orders.state`) of everything that cannot be said, for which `replace` gives types.
    """
    there = [str(row[0]) for row in connection.execute(_TABLES, (schema,)).fetchall()]
    missing = [name for name in tables or () if name not in there]
    if missing:
        known = ", ".join(there) or "none"
        message = f"there is no such table in the schema {schema!r} (known: {known})"
        raise SpecError([Problem(f"$.{name}", message) for name in missing])
    wanted = there if tables is None else tables
    return schemas_of([_table(connection, schema, name) for name in wanted], replace)


def _table(connection: Connection, schema: str, name: str) -> Table:
    columns = connection.execute(_COLUMNS, (schema, name)).fetchall()
    found: dict[str, list[tuple[object, ...]]] = {"p": [], "u": [], "f": [], "c": []}
    for row in connection.execute(_KEYS, (schema, name)).fetchall():
        found[str(row[0])].append(row)
    return Table(
        name=name,
        columns=tuple(_column(connection, row) for row in columns),
        primary=_names(found["p"][0][1]) if found["p"] else (),
        keys=tuple(_names(row[1]) for row in found["u"]),
        references=tuple((_names(row[1]), str(row[3]), _names(row[4])) for row in found["f"]),
        checks=tuple(str(row[5]) for row in found["c"]),
    )


def _column(connection: Connection, row: tuple[object, ...]) -> Column:
    name, kind, length, digits, places, null, default, identity, type_schema, type_name = row
    labels: tuple[str, ...] = ()
    if kind == "USER-DEFINED":
        labels = tuple(str(each[0]) for each in connection.execute(_LABELS, (type_schema, type_name)).fetchall())
        kind = type_name
    arguments: tuple[object, ...] = (length,) if length is not None else ()
    if kind == "numeric" and digits is not None:
        arguments = (digits, places)
    return Column(
        name=str(name),
        type=str(kind),
        arguments=cast("tuple[int, ...]", arguments),
        null=null == "YES",
        values=labels,
        numbered=identity == "YES" or str(default or "").startswith("nextval("),
    )


def _names(columns: object) -> tuple[str, ...]:
    return tuple(cast("list[str]", columns))
