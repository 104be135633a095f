"""Records as text: CSV, JSON lines and SQL, a line at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from testflow_core.model import Json, Record

_QUOTED_IN_CSV = re.compile(r'[",\r\n]')


class UnwritableError(Exception):
    """A value that a format cannot hold; the message names its record and field."""


def json_lines(entity: str, records: Iterable[Record]) -> Iterator[str]:
    """An object in each line (https://jsonlines.org); UnwritableError where a value is not JSON."""
    for number, record in enumerate(records):
        try:
            yield _COMPACT.encode(record) + "\n"
        except (TypeError, ValueError, RecursionError) as error:
            for field, value in record.items():
                _written(value, json_text, f"{entity}[{number}].{field}")
            raise UnwritableError(f"{entity}[{number}] cannot be written: {error}") from error


def csv_lines(entity: str, records: Iterable[Record], columns: Sequence[str] = ()) -> Iterator[str]:
    """
    A line of field names, and one for each record; UnwritableError where a value has no place.

    RFC 4180, but for the line's end, a line feed alone. As PostgreSQL's COPY reads it, null is an empty field and
    empty text is `""`. Booleans, arrays and objects are written as JSON. The first record tells the fields; where there
    is none, `columns` do.
    """
    begun = False
    for row in _rows(entity, records, _csv_field):
        begun = True
        yield _csv_line(row)
    if columns and not begun:
        yield _csv_line([_written(column, _csv_field, f"{entity}.{column}") for column in columns])


def sql_inserts(entity: str, records: Iterable[Record]) -> Iterator[str]:
    """
    An INSERT of standard SQL for each record; UnwritableError where a value has no literal.

    Arrays and objects are text with JSON in it. The first record tells the columns.
    """
    rows = _rows(entity, records, _sql_literal, _sql_name)
    columns = next(rows, None)
    into = f"INSERT INTO {_written(entity, _sql_name, entity)}"
    if columns:
        into += f" ({', '.join(columns)})"
    for row in rows:
        yield f"{into} VALUES ({', '.join(row)});\n" if row else f"{into} DEFAULT VALUES;\n"


def made(place: str, text: Callable[[], str]) -> str:
    """A text about something; UnwritableError naming it where it cannot be written."""
    try:
        return text()
    except (TypeError, ValueError) as error:
        raise UnwritableError(f"{place} cannot be written: {error}") from error


def _rows(
    entity: str,
    records: Iterable[Record],
    write: Callable[[Json], str],
    name: Callable[[str], str] | None = None,
) -> Iterator[list[str]]:
    """The fields of the first record, then the values of all; nothing where there is no record."""
    fields: list[str] | None = None
    for number, record in enumerate(records):
        if fields is None:
            fields = list(record)
            yield [_written(field, name or write, f"{entity}[0].{field}") for field in fields]
        if set(record) != set(fields):
            raise UnwritableError(
                f"{entity}[{number}] has the fields {', '.join(record) or 'none'}, and {entity}[0] has"
                f" {', '.join(fields) or 'none'}; give all the same, null where there is no value, or write jsonl"
            )
        try:
            yield [write(record[field]) for field in fields]
        except (TypeError, ValueError, RecursionError):
            yield [_written(record[field], write, f"{entity}[{number}].{field}") for field in fields]


def _written(value: Json, write: Callable[[str], str] | Callable[[Json], str], place: str) -> str:
    try:
        return cast("Callable[[Json], str]", write)(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnwritableError(f"{place} cannot be written: {error}") from error


def _csv_line(row: list[str]) -> str:
    # A line with one empty field would be taken for no line.
    return (",".join(row) if row != [""] else '""') + "\n"


def _csv_field(value: Json) -> str:
    if isinstance(value, str):
        written = value
    elif value is None:
        return ""
    else:
        written = json_text(value)
    return '"' + written.replace('"', '""') + '"' if not written or _QUOTED_IN_CSV.search(written) else written


def _sql_literal(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return "NULL" if value is None else str(value).upper()
    if isinstance(value, int | float):
        return json_text(value)
    return _sql_quoted(value if isinstance(value, str) else json_text(value), "'")


def _sql_name(name: str) -> str:
    return _sql_quoted(name, '"')


def _sql_quoted(text: str, mark: str) -> str:
    if "\0" in text:
        raise ValueError("SQL has no text with the character U+0000; leave it out, or write jsonl")
    return mark + text.replace(mark, mark * 2) + mark


def json_text(value: Json) -> str:
    """A value as JSON, short; ValueError where it is a number that JSON and SQL do not know."""
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no number of JSON or SQL; use null, or text")
    return _COMPACT.encode(value)


def plain(value: object) -> object:
    """What JSON has no word for as what it has: a mapping, a sequence; TypeError where it is neither."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Json]", value))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return list(cast("Sequence[Json]", value))
    raise TypeError(f"{value!r} is a {type(value).__name__}, for which JSON has no word")


_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=plain)
