"""The values of each field of each entity, references after what they refer to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from testflow_faker_data.draw import draw, number
from testflow_faker_data.field_types import Enum, Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from faker import Faker

    from testflow_core.model import Json, TestData
    from testflow_faker_data.field_types import Field, FieldType

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""All timestamps lie in the year before it: times that are relative to now would differ in every run."""

_YEAR = timedelta(days=365)
_DOMAINS = ("example.com", "example.net", "example.org")  # reserved by RFC 2606: no mail reaches anybody
_NO_LETTER = re.compile(r"[^a-z]+")


def columns(data: TestData, types: Mapping[Field, FieldType], faker: Faker) -> Mapping[Field, Sequence[Json]]:
    """The values of every field, by the number of the record; `faker` is seeded anew for each, and no one else's."""
    made: dict[Field, Sequence[Json]] = {}
    for field in types:
        for each in reversed(_not_made(field, types, made)):
            type_, count = types[each], data.entities[each[0]].count
            bits = [*map(draw(data.seed, data.name, *each), range(count))]
            if isinstance(type_, Ref):
                made[each] = _picked(bits, made[type_.target])
            elif isinstance(type_, Enum):
                made[each] = _picked(bits, type_.values)
            else:
                made[each] = _plain(bits, type_.name, faker)
    return made


def _picked(bits: Iterable[bytes], values: Sequence[Json]) -> list[Json]:
    return [values[number(each) % len(values)] for each in bits]


def _plain(bits: Sequence[bytes], name: str, faker: Faker) -> list[Json]:
    if name == "uuid":
        return [str(UUID(bytes=each, version=4)) for each in bits]
    if name == "timestamp":
        return [_timestamp(number(each)) for each in bits]
    by_faker = {"name": _name, "email": _email, "json": _json}[name]
    made: list[Json] = []
    for row, each in enumerate(bits):
        faker.random.seed(number(each))
        made.append(by_faker(faker, row))
    return made


def _not_made(field: Field, types: Mapping[Field, FieldType], made: Mapping[Field, object]) -> list[Field]:
    """The field and those that it refers to in turn, as far as they are not made."""
    way: list[Field] = []
    while field not in made:
        way.append(field)
        type_ = types[field]
        if not isinstance(type_, Ref):
            break
        field = type_.target
    return way


def _timestamp(drawn: int) -> str:
    seconds = drawn % int(_YEAR.total_seconds())
    return (EPOCH - _YEAR + timedelta(seconds=seconds)).isoformat()


def _name(faker: Faker, _: int) -> str:
    return faker.name()


def _email(faker: Faker, row: int) -> str:
    # The row makes it unique in its field, which is what most schemas ask of an address.
    parts = [_NO_LETTER.sub("", name.lower()) for name in (faker.first_name(), faker.last_name())]
    return f"{'.'.join(parts)}.{row}@{_DOMAINS[faker.random.randrange(len(_DOMAINS))]}"


def _json(faker: Faker, _: int) -> Json:
    words = faker.words(3)
    return {
        "label": words[0],
        "quantity": faker.random.randint(1, 100),
        "active": faker.random.random() < 0.5,  # noqa: PLR2004 (an even chance)
        "tags": words[1:],
        "address": {"city": faker.city(), "postcode": faker.postcode()},
    }
