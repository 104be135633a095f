"""Tables of a database as values, and the schemas of entities that fit them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from testflow_faker_data.schemas.reading import Notes, as_mapping, nullable, text_type, unique

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from testflow_core.model import FieldSpec
    from testflow_faker_data.schemas.reading import Replace, Schema

Schemas: TypeAlias = "dict[str, Schema]"

_ONE_OF = (
    re.compile(
        r"""^\W*(?P<column>\w+)\W*\s+in\s*\((?P<values>\s*'([^']|'')*'(\s*,\s*'([^']|'')*')*\s*)\)\W*$""", re.IGNORECASE
    ),
    # What PostgreSQL makes of it.
    re.compile(r"^\(*(?P<column>\w+)\)?(::\w+)?\)* = ANY \(+ARRAY\[(?P<values>[^]]*)\]\)*(::\w+(\[\])?\)*)*$"),
)
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_DIGITS = 4
_CODE = 12


@frozen(kw_only=True)
class Column:
    """
    A column: its type in small letters without its arguments, and these, such as a length.

    `values` are those of an enumeration, `numbered` is whether the database counts it up itself.
    """

    name: str
    type: str
    arguments: tuple[int, ...] = ()
    null: bool = False
    values: tuple[str, ...] = ()
    numbered: bool = False


@frozen(kw_only=True)
class Table:
    """
    A table: the columns of each key that no two rows share, the columns of each reference with what they lead to, and
    the conditions that each row must meet.
    """

    name: str
    columns: tuple[Column, ...]
    primary: tuple[str, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    references: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()
    checks: tuple[str, ...] = ()


def schemas_of(tables: Sequence[Table], replace: Replace | None) -> Schemas:
    """A schema for each table, in their order; SpecError with the path of everything that cannot be said."""
    notes = Notes(replace or {})
    found = {table.name: _schema(table, notes) for table in tables}
    notes.close(f"$.{table.name}.{column.name}" for table in tables for column in table.columns)
    return found


def _schema(table: Table, notes: Notes) -> Schema:
    path = f"$.{table.name}"
    references = {columns[0]: (to, keys[0]) for columns, to, keys in table.references if len(columns) == 1}
    single = {columns[0] for columns in (*table.keys, table.primary) if len(columns) == 1}
    values = {column: found for check in table.checks for column, found in _one_of(check)}
    schema: Schema = {}
    for column in table.columns:
        below = f"{path}.{column.name}"
        given = notes.given(below)
        if given is not None:
            schema[column.name] = given
            continue
        if column.name in references:
            made = _reference(table, column, *references[column.name])
        elif column.name in values:
            made: FieldSpec = {"type": "enum", "values": list(values[column.name])}
        else:
            made = _type(column, below, notes, key=(column.name,) == table.primary)
        if column.name in single and as_mapping(made)["type"] not in ("sequence", "uuid", "email"):
            made = unique(_countable(made))
        schema[column.name] = nullable(made) if column.null and not as_mapping(made).get("earlier") else made
    _together(table, notes, path)
    return schema


def _countable(written: FieldSpec) -> FieldSpec:
    """Text of which it is known how many there are, so that none comes twice."""
    kind = as_mapping(written)["type"]
    if not isinstance(kind, str) or not kind.startswith("text:"):
        return written
    return f"pattern:[a-z0-9]{{{min(int(kind.rpartition('..')[2]), _CODE)}}}"


def _together(table: Table, notes: Notes, path: str) -> None:
    """What several columns must keep among themselves: whoever gives a type for one of them has taken care of it."""
    keys = [("a key", columns) for columns in dict.fromkeys((*table.keys, table.primary))]
    references = [("a reference", columns) for columns, _, _ in table.references]
    names = {column.name for column in table.columns}
    checks = [
        (f"the condition {check!r}", tuple(name for name in re.findall(r"\w+", check) if name in names))
        for check in table.checks
        if not list(_one_of(check))
    ]
    for what, columns in (*keys, *references, *checks):
        if what.startswith("the") or len(columns) > 1:
            paths = [f"{path}.{column}" for column in columns]
            if not any(each in notes.replace for each in paths):
                said = what if what.startswith("the") else f"{what} of several columns ({', '.join(columns)})"
                notes.refuse(paths[-1] if paths else path, f"{said} cannot be kept")


def _reference(table: Table, column: Column, to: str, key: str) -> FieldSpec:
    target = f"{to}.{key}"
    # A row that leads to itself, or round in a circle, could not be put in before what it leads to.
    return {"type": "ref", "to": target, "earlier": True} if to == table.name and column.null else f"ref:{target}"


def _one_of(check: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for form in _ONE_OF:
        match = form.match(check.strip())
        if match:
            yield match["column"], tuple(each.replace("''", "'") for each in _QUOTED.findall(match["values"]))


def _type(column: Column, path: str, notes: Notes, *, key: bool) -> FieldSpec:
    kind = column.type
    if column.values:
        return {"type": "enum", "values": list(column.values)}
    if kind in _INTEGERS:
        return "sequence" if key or column.numbered else f"int:0..{_INTEGERS[kind]}"
    if kind in _TEXTS:
        return text_type(column.name, 1, None) if kind == "char" and not column.arguments else _text(column)
    if kind in _DECIMALS:
        return _decimal(column)
    if kind in _OTHERS:
        return _OTHERS[kind]
    known = ", ".join(sorted({*_INTEGERS, *_TEXTS, *_DECIMALS, *_OTHERS}))
    return notes.refuse(path, f"the type {kind!r} cannot be said (known: {known})")


_INTEGERS = {"smallint": 32_767, "int2": 32_767, "tinyint": 127} | dict.fromkeys(
    ("integer", "int", "bigint", "int4", "int8", "mediumint"), 1_000_000
)
_TEXTS = ("text", "varchar", "char", "character varying", "character", "nvarchar", "nchar", "clob", "citext")
_DECIMALS = ("numeric", "decimal")
_OTHERS: Mapping[str, FieldSpec] = {
    "real": "float",
    "double": "float",
    "float": "float",
    "double precision": "float",
    "boolean": "bool",
    "bool": "bool",
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamp",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "json",
}


def _text(column: Column) -> FieldSpec:
    most = column.arguments[0] if column.arguments else None
    if column.type in ("char", "character", "nchar") and most is not None:
        return f"text:{most}..{most}"
    return text_type(column.name, None, most)


def _decimal(column: Column) -> FieldSpec:
    digits, places = (*column.arguments, 0)[:2] if column.arguments else (_DIGITS + 2, 2)
    whole = "9" * min(max(digits - places, 0), _DIGITS) or "0"
    return f"decimal:0.{'0' * places}..{whole}.{'9' * places}" if places else f"decimal:0..{whole}"
