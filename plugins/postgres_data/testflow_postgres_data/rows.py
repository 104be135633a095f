"""Records as PostgreSQL's COPY reads them."""

from __future__ import annotations

import json
from itertools import islice
from math import isfinite
from operator import itemgetter
from secrets import token_hex
from typing import TYPE_CHECKING

from testflow_core.errors import DataError
from testflow_core.model import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from testflow_core.model import Json, Record, Table

CHUNK = 4096
_NULL = "\\N"
_MARKS = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SPECIAL = ("\\", "\t", "\n", "\r")
_FORBIDDEN = "\0"
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def copied(entity: str, table: Table, records: Iterable[Record]) -> Iterator[bytes]:
    """The lines of COPY's text format, many at a time; DataError naming the record where one has no place."""
    names = [column.name for column in table.columns]
    fields = set(names)
    writers = [_writer(column.type) for column in table.columns]
    there = iter(records)
    start = 0
    while chunk := list(islice(there, CHUNK)):
        if set(map(len, chunk)) != {len(names)} or not all(map(fields.issuperset, chunk)):
            chunk = [_complete(entity, start + at, record, table) for at, record in enumerate(chunk)]
        try:
            columns = [write(list(map(itemgetter(name), chunk))) for name, write in zip(names, writers, strict=True)]
            yield ("\n".join(map("\t".join, zip(*columns, strict=True))) + "\n").encode()
        except (TypeError, ValueError) as error:
            raise _named(entity, start, chunk, names, writers) or DataError(f"{entity}: {error}") from error
        start += len(chunk)


def _writer(type_: ColumnType | None) -> Callable[[Sequence[Json]], list[str]]:
    if type_ is ColumnType.JSON:
        return _as_json
    if type_ is ColumnType.BOOLEAN:
        return lambda values: [_NULL if value is None else "t" if _boolean(value) else "f" for value in values]
    return _as_text


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _as_text(values: Sequence[Json]) -> list[str]:
    try:
        # Most columns are texts without a null.
        return _escaped(values, "".join(values))  # pyright: ignore[reportArgumentType, reportCallIssue] - tried
    except TypeError:
        texts = [None if value is None else _text(value) for value in values]
    present = [text for text in texts if text is not None]
    escaped = iter(_escaped(present, "".join(present)))
    return [_NULL if text is None else next(escaped) for text in texts]


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{value} is no number of JSON or SQL; use null, or text")
    if isinstance(value, bool | int | float):
        return str(value)
    raise TypeError(f"{value!r} is no text and no number")


def _escaped(texts: Sequence[Json], joined: str) -> list[str]:
    found: list[str] = list(texts)  # pyright: ignore[reportArgumentType] - they could be joined
    if _FORBIDDEN in joined:
        raise ValueError("PostgreSQL has no text with the character U+0000; leave it out")
    if any(mark in joined for mark in _SPECIAL):
        return [text.translate(_MARKS) for text in found]
    return found


def _as_json(values: Sequence[Json]) -> list[str]:
    # All at once takes half the time of one by one. No value has the mark in it: it is made up for this column.
    mark = token_hex(16)
    between: list[Json] = [mark] * (2 * len(values) - 1)
    between[::2] = values
    joined = _ENCODE(between)[1:-1]
    if "\\u0000" in joined:
        raise ValueError("PostgreSQL has no JSON with the character U+0000; leave it out")
    if any(special in joined for special in _SPECIAL):
        joined = joined.translate(_MARKS)
    texts = joined.split(f',"{mark}",')
    return [_NULL if value is None else text for value, text in zip(values, texts, strict=True)]


def _complete(entity: str, number: int, record: Record, table: Table) -> dict[str, Json]:
    known = {column.name for column in table.columns}
    required = {column.name for column in table.columns if not column.nullable}
    if not required <= record.keys() <= known:
        has, wants = ", ".join(record) or "none", ", ".join(column.name for column in table.columns)
        raise DataError(f"{entity}[{number}] has the fields {has}; the table has {wants}")
    return {column.name: record.get(column.name) for column in table.columns}


def _named(
    entity: str,
    start: int,
    chunk: Sequence[Record],
    names: Sequence[str],
    writers: Sequence[Callable[[Sequence[Json]], list[str]]],
) -> DataError | None:
    """The first value of a chunk that cannot be written."""
    for at, record in enumerate(chunk):
        for name, write in zip(names, writers, strict=True):
            try:
                "".join(write([record[name]])).encode()
            except (TypeError, ValueError) as error:
                return DataError(f"{entity}[{start + at}].{name} cannot be written: {error}")
    return None
