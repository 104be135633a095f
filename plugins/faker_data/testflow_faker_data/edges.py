"""The cases at the edge of a type: empty, longest, beyond ASCII, the bounds, the leap day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, cast

from testflow_faker_data.domains import domain
from testflow_faker_data.field_types import LISTED, PEOPLE, Between, FieldType, Matching, Plain, Text

if TYPE_CHECKING:
    from testflow_core.model import Json
    from testflow_faker_data.domains import Domain

_PEOPLE = ("Zoë O'Brien-Ünal", "Þórdís Æsa Øster", "李小龍", "Ñandú \u202bعلي\u202c", "X")
_WORDS = ("naïve", "Straße", "İstanbul", "北京", "O'Neill")
_LETTERS = "é'ß李\"İ😀;"


def edges(type_: FieldType, locale: str) -> tuple[Json, ...]:
    """The edge cases of a type, none where it has none."""
    if isinstance(type_, Between):
        return _numbers(type_, locale)
    if isinstance(type_, Text):
        longest = type_.most
        beyond = (_LETTERS * (longest // len(_LETTERS) + 1))[:longest]
        return tuple(dict.fromkeys((("x" * type_.least), "x" * longest, beyond, " " * longest)))
    if isinstance(type_, Matching):
        size = type_.pattern.size
        return tuple(dict.fromkeys(type_.pattern.texts([0, size - 1])))
    if isinstance(type_, Plain) and type_.name in PEOPLE:
        return (*_PEOPLE, "X" * 100)
    if isinstance(type_, Plain) and type_.name in LISTED:
        return (*_WORDS, "X" * 100)
    return ()


def _numbers(type_: Between, locale: str) -> tuple[Json, ...]:
    inside = [0, 1, -1]
    if type_.name == "date":
        inside = [date(year, 2, 29).toordinal() for year in (1900 + 4, 2000, 2024)]
    if type_.name == "timestamp":
        leap = (datetime(year, 2, 29, 23, 59, 59, tzinfo=UTC) for year in (1972, 2000, 2024))
        inside = [0, 2**31 - 1, *(int(each.timestamp()) for each in leap)]
    wanted = [type_.least, type_.most, *(each for each in inside if type_.least <= each <= type_.most)]
    values = cast("Domain", domain(type_, locale))
    return tuple(values.decode([each - type_.least for each in dict.fromkeys(wanted)]))
