"""Columns as PostgreSQL's binary COPY reads them: the server takes half the time of text for them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import repeat
from math import isfinite
from struct import Struct, error
from typing import TYPE_CHECKING, Any, TypeAlias

from testflow_core.interfaces import GivesColumns
from testflow_core.model import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from testflow_core.model import Record, Table

    Encode: TypeAlias = Callable[[Sequence[Any]], Sequence[bytes]]

CHUNK = 8192
_START, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_DAY = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_UUID_LENGTH, _HYPHENS = 36, (8, 13, 18, 23)
_TIMESTAMP_LENGTH = len("2026-01-01T00:00:00+00:00")
_DATE_LENGTH = len("2026-01-01")
_FOUR, _EIGHT, _DOUBLE = Struct(">ii"), Struct(">iq"), Struct(">id")


class NotBinaryError(Exception):
    """Something that only the text format can hold, or is wrong: it tells of which record that is."""


def copied(table: Table, records: Sequence[Record]) -> Iterator[bytes]:
    """What binary COPY reads, many records at a time; NotBinaryError where that cannot be."""
    encoders = [_ENCODERS.get(column.type or ColumnType.TEXT) for column in table.columns]
    if not isinstance(records, GivesColumns) or None in encoders:
        raise NotBinaryError
    names = [column.name for column in table.columns]
    encoded = {column.name for column in table.columns if column.type is ColumnType.JSON}
    header = len(names).to_bytes(2, "big")
    yield _START
    for start in range(0, len(records), CHUNK):
        rows = range(start, min(start + CHUNK, len(records)))
        columns = records.columns(names, rows, encoded)
        try:
            fields = [encode(column) for encode, column in zip(encoders, columns, strict=True) if encode]
        except (error, TypeError, ValueError, OverflowError, AttributeError) as wrong:
            raise NotBinaryError from wrong
        yield b"".join(map(b"".join, zip(repeat(header, len(rows)), *fields, strict=True)))
    yield _END


def _with_nulls(encode: Encode) -> Encode:
    def encoded(values: Sequence[Any]) -> Sequence[bytes]:
        if None not in values:
            return encode(values)
        present = iter(encode([value for value in values if value is not None]))
        return [_NULL if value is None else next(present) for value in values]

    return encoded


class _Lengths(dict[int, bytes]):
    """What stands before so many bytes, each made once; `mark` is the first of them."""

    def __init__(self, mark: bytes = b"") -> None:
        self._mark = mark

    def __missing__(self, length: int) -> bytes:
        found = self[length] = (length + len(self._mark)).to_bytes(4, "big") + self._mark
        return found


_OF_TEXT, _OF_JSON = _Lengths(), _Lengths(b"\1")


def _texts(values: Sequence[str], lengths: Mapping[int, bytes] = _OF_TEXT) -> list[bytes]:
    # All at once takes a third of the time of one by one. What has the mark in it would be as many texts more.
    found = "\0".join(values).encode().split(b"\0") if values else []
    if len(found) != len(values):
        raise ValueError("PostgreSQL has no text with the character U+0000")
    return [lengths[len(each)] + each for each in found]


def _json(values: Sequence[str]) -> list[bytes]:
    if "\\u0000" in "".join(values):
        raise ValueError("PostgreSQL has no JSON with the character U+0000")
    return _texts(values, _OF_JSON)


def _uuids(values: Sequence[str]) -> list[bytes]:
    count, joined = len(values), "".join(values)
    hyphens = all(joined[place::_UUID_LENGTH] == "-" * count for place in _HYPHENS)
    raw = bytes.fromhex(joined.replace("-", ""))
    if not set(map(len, values)) <= {_UUID_LENGTH} or not hyphens or len(raw) != 16 * count:
        raise ValueError("no UUID")
    length = _OF_TEXT[16]
    return [length + raw[at : at + 16] for at in range(0, len(raw), 16)]


def _timestamps(values: Sequence[str]) -> list[bytes]:
    # No other form is read alike by Python and PostgreSQL.
    if any(len(value) != _TIMESTAMP_LENGTH or value[7] + value[10] != "-T" for value in values):
        raise ValueError("no timestamp")
    read, pack = datetime.fromisoformat, _EIGHT.pack
    return [pack(8, (read(value) - _EPOCH) // _MICROSECOND) for value in values]


def _dates(values: Sequence[str]) -> list[bytes]:
    if any(len(value) != _DATE_LENGTH or value[7] != "-" for value in values):
        raise ValueError("no date")
    read, pack = date.fromisoformat, _FOUR.pack
    return [pack(4, read(value).toordinal() - _FIRST_DAY) for value in values]


def _integers(values: Sequence[int]) -> list[bytes]:
    if not set(map(type, values)) <= {int}:
        raise TypeError("no whole number")
    pack = _EIGHT.pack
    return [pack(8, value) for value in values]


def _numbers(values: Sequence[float]) -> list[bytes]:
    if not set(map(type, values)) <= {int, float} or not all(map(isfinite, values)):
        raise TypeError("no number")
    pack = _DOUBLE.pack
    return [pack(8, value) for value in values]


def _booleans(values: Sequence[bool]) -> list[bytes]:
    if not set(map(type, values)) <= {bool}:
        raise TypeError("neither true nor false")
    return [b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values]


_ENCODERS: Mapping[ColumnType, Encode] = {
    kind: _with_nulls(encode)
    for kind, encode in {
        ColumnType.TEXT: _texts,
        ColumnType.JSON: _json,
        ColumnType.UUID: _uuids,
        ColumnType.TIMESTAMP: _timestamps,
        ColumnType.DATE: _dates,
        ColumnType.INTEGER: _integers,
        ColumnType.NUMBER: _numbers,
        ColumnType.BOOLEAN: _booleans,
    }.items()
}
"""A decimal has no such form that is made sooner than text."""
