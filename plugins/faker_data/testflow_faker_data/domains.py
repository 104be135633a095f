"""Domains: so many different values, each with a number; drawing one, or each once, is the same for all."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias, cast

from attrs import frozen

from testflow_faker_data import vectors
from testflow_faker_data.corpus import corpus
from testflow_faker_data.field_types import LISTED, Between, Enum, FieldType, Matching, Plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from testflow_core.model import Json
    from testflow_faker_data.vectors import Array

Decode: TypeAlias = "Callable[[Sequence[int]], list[Json]]"
DecodeMany: TypeAlias = "Callable[[Array], list[Json]]"

_DAY = 86_400
_UNIX_DAY = date(1970, 1, 1)
_PLURAL = {each: f"{each}s" for each in LISTED} | {"city": "cities", "company": "companies", "country": "countries"}
_FLOATS = 10**9


@frozen(kw_only=True)
class Domain:
    """How many values there are, and those of some numbers from 0 to below that; `many` says the same by numpy."""

    size: int
    decode: Decode
    many: DecodeMany | None = None

    def values(self, numbers: Sequence[int] | Array) -> list[Json]:
        """Those of some numbers."""
        if not vectors.is_array(numbers):
            return self.decode(cast("Sequence[int]", numbers))
        return self.many(numbers) if self.many else self.decode(numbers.tolist())


def domain(type_: FieldType, locale: str) -> Domain | None:
    """The domain of a type, None where it has none: its values are drawn in another way."""
    if isinstance(type_, Enum):
        return _enum(type_)
    if isinstance(type_, Between):
        return _between(type_)
    if isinstance(type_, Matching):
        return Domain(size=type_.pattern.size, decode=lambda numbers: list(type_.pattern.texts(numbers)))
    if isinstance(type_, Plain):
        return _plain(type_.name, locale)
    return None


def listed(values: Sequence[Json]) -> Domain:
    """These values."""
    return Domain(
        size=len(values),
        decode=lambda numbers: [values[number] for number in numbers],
        many=vectors.picked(values),
    )


def _enum(type_: Enum) -> Domain:
    if not type_.weights or type_.unique:
        return listed(_different(type_.values) if type_.unique else type_.values)
    ends = list(accumulate(type_.weights))

    def decode(numbers: Sequence[int]) -> list[Json]:
        from bisect import bisect_right  # noqa: PLC0415 - for weights alone

        return [type_.values[bisect_right(ends, number)] for number in numbers]

    return Domain(size=ends[-1], decode=decode, many=vectors.chosen(ends, type_.values))


def _different(values: Sequence[Json]) -> list[Json]:
    """Each value once, as JSON sees it: true is not 1."""
    return list({json.dumps(value, sort_keys=True): value for value in reversed(values)}.values())[::-1]


def _between(type_: Between) -> Domain:
    least, places = type_.least, type_.places

    def numbered(numbers: Sequence[int]) -> list[Json]:
        return [least + number for number in numbers]

    def decimal(numbers: Sequence[int]) -> list[Json]:
        return [_written(least + number, places) for number in numbers]

    def day(numbers: Sequence[int]) -> list[Json]:
        return [date.fromordinal(least + number).isoformat() for number in numbers]

    def fraction(numbers: Sequence[int]) -> list[Json]:
        return [(least + number) / 10**places for number in numbers]

    decoders = {"int": numbered, "float": fraction, "decimal": decimal, "date": day, "timestamp": _timestamps(least)}
    many = {
        "int": vectors.shifted(least),
        "float": vectors.divided(least, type_.most, 10**places),
        "timestamp": vectors.timed(least, _DAYS.__getitem__, _MINUTES, _SECONDS),
    }
    decode = decoders[type_.name]
    return Domain(size=type_.most - least + 1, decode=decode, many=many.get(type_.name))


def _written(number: int, places: int) -> str:
    if not places:
        return str(number)
    digits = str(abs(number)).rjust(places + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-places]}.{digits[-places:]}"


class _Days(dict[int, str]):
    """Days since 1970 as text, each made once."""

    def __missing__(self, day: int) -> str:
        text = self[day] = f"{(_UNIX_DAY + timedelta(days=day)).isoformat()}T"
        return text


_DAYS = _Days()
_MINUTES: list[str] = []
_SECONDS = [f"{second:02}+00:00" for second in range(60)]


def _timestamps(least: int) -> Decode:
    if not _MINUTES:
        _MINUTES.extend(f"{minute // 60:02}:{minute % 60:02}:" for minute in range(_DAY // 60))
    days, minutes, seconds = _DAYS, _MINUTES, _SECONDS

    def decode(numbers: Sequence[int]) -> list[Json]:
        return [
            days[(at := least + number) // 86_400] + minutes[at % 86_400 // 60] + seconds[at % 60] for number in numbers
        ]

    return decode


def _plain(name: str, locale: str) -> Domain | None:  # noqa: PLR0911 - one for each kind of type
    words = corpus(locale)
    if name in _PLURAL:
        return listed(words[_PLURAL[name]])
    if name in ("first_name", "last_name"):
        return listed(words[f"{name}s"])
    if name == "name":
        return _full_names(words["first_names"], words["last_names"], locale)
    if name == "email":
        return _logins(words["first_logins"], words["last_logins"])
    if name == "bool":
        return listed((False, True))
    if name == "float":
        return Domain(
            size=_FLOATS,
            decode=lambda numbers: [number / _FLOATS for number in numbers],
            many=vectors.divided(0, _FLOATS, _FLOATS),
        )
    return None


def _full_names(first: Sequence[str], last: Sequence[str], locale: str) -> Domain:
    before, after, separator = (first, last, " ")
    if locale.startswith(("ja", "zh", "ko")):
        before, after, separator = last, first, " " if locale.startswith("ja") else ""
    size = len(after)
    before = [name + separator for name in before]
    return Domain(
        size=len(before) * size,
        decode=lambda numbers: [before[number // size] + after[number % size] for number in numbers],
        many=vectors.joined(before, after),
    )


def _logins(first: Sequence[str], last: Sequence[str]) -> Domain:
    """What stands before the number and the @ of an address; by whom it is used, the row is added."""
    size = len(last)
    first = [f"{name}." for name in first]
    last = [f"{name}." for name in last]
    return Domain(
        size=len(first) * size,
        decode=lambda numbers: [first[number // size] + last[number % size] for number in numbers],
        many=vectors.joined(first, last),
    )
