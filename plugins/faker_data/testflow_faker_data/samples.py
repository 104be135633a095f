"""The type `json`: an object of an everyday shape, as such or as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias, cast

from testflow_faker_data.domains import Domain, domain, listed
from testflow_faker_data.field_types import Plain
from testflow_faker_data.records import builder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from testflow_core.model import Json
    from testflow_faker_data.draw import Draws

    Make: TypeAlias = Callable[[Sequence[int]], list[Json]]
    Column: TypeAlias = Callable[[str, Sequence[int]], list[Json]]

_FIELDS = ("label", "quantity", "active", "tags", "address")
_SOURCES = {"label": "word", "one": "word", "two": "word", "city": "city", "code": "postcode"}
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def objects(draws: Callable[[str], Draws], count: int, locale: str) -> Make:
    """Objects; `draws` are those of their parts by name, `count` is how many records there are."""
    column = _columns(draws, count, {**_words(locale), "quantity": range(1, 101), "active": (False, True)})
    build, address = builder(_FIELDS), builder(("city", "postcode"))

    def made(rows: Sequence[int]) -> list[Json]:
        tags: list[Json] = [[one, two] for one, two in zip(column("one", rows), column("two", rows), strict=True)]
        places = cast("list[Json]", address([column("city", rows), column("code", rows)]))
        columns = [column("label", rows), column("quantity", rows), column("active", rows), tags, places]
        return cast("list[Json]", build(columns))

    return made


def texts(draws: Callable[[str], Draws], count: int, locale: str) -> Make:
    """The same as JSON, put together of parts that are JSON already: that takes a quarter of the time."""
    words = {name: [_ENCODER.encode(each) for each in values] for name, values in _words(locale).items()}
    quantities = [str(each) for each in range(1, 101)]
    column = _columns(draws, count, {**words, "quantity": quantities, "active": ("false", "true")})
    parts = ("label", "quantity", "active", "one", "two", "city", "code")

    def made(rows: Sequence[int]) -> list[Json]:
        return [
            f'{{"label":{label},"quantity":{quantity},"active":{active},"tags":[{one},{two}],'
            f'"address":{{"city":{city},"postcode":{code}}}}}'
            for label, quantity, active, one, two, city, code in zip(*(column(p, rows) for p in parts), strict=True)
        ]

    return made


def encoded(values: Sequence[Json]) -> list[Json]:
    """Values as JSON, null apart."""
    return [None if value is None else _ENCODER.encode(value) for value in values]


def _words(locale: str) -> dict[str, Sequence[Json]]:
    found: dict[str, Sequence[Json]] = {}
    for name, type_ in _SOURCES.items():
        words = cast("Domain", domain(Plain(name=type_), locale))
        found[name] = words.decode(range(words.size))
    return found


def _columns(draws: Callable[[str], Draws], count: int, values: dict[str, Sequence[Json]]) -> Column:
    sources = {name: (draws(name), listed(each)) for name, each in values.items()}

    def column(name: str, rows: Sequence[int]) -> list[Json]:
        drawn, source = sources[name]
        return source.values(drawn.many_below(rows, source.size, count))

    return column
