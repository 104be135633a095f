"""The values of each field, each a pure function of the seed, the data set, the entity, the field and the row."""

from __future__ import annotations

from functools import partial
from hashlib import shake_128
from typing import TYPE_CHECKING, cast

from testflow_core.errors import DataError
from testflow_faker_data import samples, vectors
from testflow_faker_data.calculation import calculated
from testflow_faker_data.corpus import corpus
from testflow_faker_data.distributions import window, zipf
from testflow_faker_data.domains import Domain, domain, listed
from testflow_faker_data.draw import Draws, Permutation
from testflow_faker_data.edges import edges
from testflow_faker_data.field_types import (
    Between,
    Calculated,
    FromFaker,
    Listed,
    Nested,
    Plain,
    Ref,
    Sequence,
    Template,
    Text,
)
from testflow_faker_data.records import builder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Sequence as Rows

    from testflow_core.model import Json, TestData
    from testflow_faker_data.distributions import Distribution
    from testflow_faker_data.field_types import Field, FieldType
    from testflow_faker_data.vectors import Array

    Make = Callable[[Rows[int]], list[Json]]

KEPT = 200_000
"""Of an entity up to this size, a column that is referred to is made once and kept."""

_FEW = 32
"""Of a column that nobody keeps, less than this part is made alone."""

_DOMAINS = ("example.com", "example.net", "example.org")  # reserved by RFC 2606: no mail reaches anybody
_HYPHENS = (8, 13, 18, 23)


class Columns:
    """The columns of a data set, whose declaration has no problems."""

    def __init__(self, data: TestData, types: Mapping[Field, FieldType], locale: str) -> None:
        self._data = data
        self.types = types
        self._locale = locale
        self._makes: dict[Field, Make] = {}
        self._targets = {type_.target for type_ in types.values() if isinstance(type_, Ref)}
        self._kept: dict[Field, list[Json]] = {}
        self._picked: dict[Field, Callable[[Array], list[Json]]] = {}
        self._texts: dict[Field, Make] = {}

    def values(self, field: Field, rows: Rows[int]) -> list[Json]:
        """The values of a field in some rows."""
        asked = field
        numbers: Rows[int] | Array = rows
        with_null = [(field, numbers)]
        whole = rows == range(count := self._data.entities[field[0]].count) and count <= KEPT
        while field not in self._kept and isinstance(type_ := self.types[field], Ref):
            # Followed in a loop: there may be more of them in a row than Python may call functions.
            size = self._data.entities[type_.target[0]].count
            numbers = self._numbers(field, type_, vectors.listed(numbers), size)
            field = type_.target
            with_null.append((field, numbers))
        made = self._column(field, numbers)
        for each, its_rows in reversed(with_null):
            if each not in self._kept:
                made = self._finished(each, vectors.listed(its_rows), made)
        if whole and asked in self._targets:
            self._kept[asked] = made
        return made

    def texts(self, field: Field, rows: range) -> list[Json]:
        """The same as JSON, null apart."""
        type_ = self.types[field]
        if isinstance(type_, Plain) and type_.name == "json" and field not in self._targets:
            if field not in self._texts:
                self._texts[field] = samples.texts(*self._sampled(field))
            return self._finished(field, rows, self._texts[field](rows))
        return samples.encoded(self.values(field, rows))

    def _column(self, field: Field, rows: Rows[int] | Array) -> list[Json]:
        kept = self._kept.get(field)
        if kept is None:
            count = self._data.entities[field[0]].count
            whole = field in self._targets and len(rows) * _FEW >= count
            if isinstance(rows, range) or count > KEPT or not whole:
                return self._make(field)(vectors.listed(rows))
            kept = self._finished(field, range(count), self._make(field)(range(count)))
            self._kept[field] = kept
        if not vectors.is_array(rows):
            return [kept[row] for row in rows]
        if field not in self._picked:
            self._picked[field] = vectors.picked(kept)
        return self._picked[field](rows)

    def _finished(self, field: Field, rows: Rows[int], made: list[Json]) -> list[Json]:
        """With its edge cases, where its condition holds, and with null."""
        type_ = self.types[field]
        if type_.edge:
            made = self._with_edges(field, type_, rows, made)
        if type_.when:
            holds = calculated(self, field, type_.when, rows)
            made = [value if each else None for each, value in zip(holds, made, strict=True)]
        if isinstance(type_, Ref) and type_.earlier:
            made = [value if row else None for row, value in zip(rows, made, strict=True)]
        share = type_.null
        if not share:
            return made
        limit = round(share * 2**32)
        drawn = self._draws(*field, "null").numbers(rows, 4)
        return [None if chance < limit else value for chance, value in zip(drawn, made, strict=True)]

    def _with_edges(self, field: Field, type_: FieldType, rows: Rows[int], made: list[Json]) -> list[Json]:
        cases = edges(type_, self._locale)
        limit = round(type_.edge * 2**32)
        drawn = self._draws(*field, "edge").numbers(rows, 4)
        which = self._draws(*field, "which edge").below(rows, len(cases))
        return [
            cases[case] if chance < limit else value for chance, case, value in zip(drawn, which, made, strict=True)
        ]

    def _numbers(self, field: Field, type_: Ref, rows: Rows[int], size: int) -> Rows[int] | Array:
        if type_.unique:
            return Permutation(size, *self._key(*field)).of(rows)
        if type_.even:
            return Permutation(size, *self._key(*field)).of([row % size for row in rows])
        if type_.skew:
            # Permuted, so that what is referred to often is not what was made first.
            often = zipf(type_.skew, size)
            chances = _chances(self._draws(*field), rows)
            return Permutation(size, *self._key(*field)).of([often(chance) for chance in chances])
        if type_.earlier:
            drawn = self._draws(*field).numbers(rows, 8)
            return [bits * row >> 64 for bits, row in zip(drawn, rows, strict=True)]
        return self._draws(*field).many_below(rows, size, self._count(field))

    def _make(self, field: Field) -> Make:
        found = self._makes.get(field)
        if found is None:
            found = self._makes[field] = self._made(field, self.types[field])
        return found

    def _made(self, field: Field, type_: FieldType) -> Make:  # noqa: C901, PLR0911 - one for each kind of type
        if composed := self._composed(field, type_):
            return composed
        if isinstance(type_, Sequence):
            return lambda rows: [type_.first + row for row in rows]
        if isinstance(type_, Text):
            return self._prose(field, type_)
        if isinstance(type_, FromFaker):
            return lambda rows: self._by_faker(field, type_.provider, rows)
        if isinstance(type_, Plain) and type_.name in ("uuid", "json"):
            draws = self._draws(*field)
            return (
                (lambda rows: uuids(draws.read(rows, 16)))
                if type_.name == "uuid"
                else samples.objects(*self._sampled(field))
            )
        values = cast("Domain", domain(type_, self._locale))
        if isinstance(type_, Plain) and type_.name == "email":
            return self._emails(field, values)
        count = self._count(field)
        if type_.unique:
            order = Permutation(values.size, *self._key(*field))
            return lambda rows: values.values(order.many_of(rows, count))
        draws = self._draws(*field)
        if isinstance(type_, Between) and type_.distribution:
            number = self._distributed(type_)
            return lambda rows: values.decode([number(chance) for chance in _chances(draws, rows)])
        return lambda rows: values.values(draws.many_below(rows, values.size, count))

    def _composed(self, field: Field, type_: FieldType) -> Make | None:
        """What is made of the values of other fields."""
        if isinstance(type_, Template):
            return lambda rows: self._filled(type_, rows)
        if isinstance(type_, Calculated):
            return lambda rows: calculated(self, field, type_, rows)
        if isinstance(type_, Nested):
            build, names = builder(tuple(type_.fields)), type_.fields
            return lambda rows: cast("list[Json]", build([self.values((*field, ".", name), rows) for name in names]))
        if isinstance(type_, Listed):
            return lambda rows: self._lists(field, type_, rows)
        return None

    def _distributed(self, type_: Between) -> Callable[[float], int]:
        distribution = cast("Distribution", type_.distribution)
        if distribution.name == "zipf":
            return zipf(distribution.parameters[0], type_.most - type_.least + 1)
        part = window(distribution, type_.least, type_.most, type_.places)
        return lambda chance: part.number(chance) - type_.least

    def _lists(self, field: Field, type_: Listed, rows: Rows[int]) -> list[Json]:
        lengths = [type_.least + more for more in self._draws(*field).below(rows, type_.most - type_.least + 1)]
        # An item stands at a number of its own, as if every list were as long as can be.
        places = [row * type_.most + item for row, length in zip(rows, lengths, strict=True) for item in range(length)]
        items = iter(self.values((*field, "[]"), places))
        return [[next(items) for _ in range(length)] for length in lengths]

    def _emails(self, field: Field, logins: Domain) -> Make:
        draws, at, count = self._draws(*field), self._draws(*field, "domain"), self._count(field)
        ends = listed([f"@{name}" for name in _DOMAINS])

        def made(rows: Rows[int]) -> list[Json]:
            # The row makes it unique in its field, which is what most schemas ask of an address.
            before = cast("list[str]", logins.values(draws.many_below(rows, logins.size, count)))
            after = cast("list[str]", ends.values(at.many_below(rows, ends.size, count)))
            return [f"{login}{row}{end}" for login, row, end in zip(before, rows, after, strict=True)]

        return made

    def _sampled(self, field: Field) -> tuple[Callable[[str], Draws], int, str]:
        return partial(self._draws, *field), self._count(field), self._locale

    def _prose(self, field: Field, type_: Text) -> Make:
        words = corpus(self._locale)["words"]
        shortest, count = min(map(len, words)) + 1, len(words)
        draws, lengths = self._draws(*field), self._draws(*field, "length")

        def written(bits: bytes, length: int) -> str:
            # How many words it takes depends on the row, so each has a stream of its own.
            drawn = shake_128(bits).digest(2 * (length // shortest + 1))
            numbers = (int.from_bytes(drawn[at : at + 2], "little") for at in range(0, len(drawn), 2))
            text = " ".join(words[number * count >> 16] for number in numbers)[:length]
            return f"{text[:-1]}." if text.endswith(" ") else text

        def made(rows: Rows[int]) -> list[Json]:
            bits = draws.read(rows, 16)
            wanted = lengths.below(rows, type_.most - type_.least + 1)
            return [written(bits[16 * at : 16 * at + 16], type_.least + more) for at, more in enumerate(wanted)]

        return made

    def _filled(self, type_: Template, rows: Rows[int]) -> list[Json]:
        columns = [self.values(field, rows) for field in type_.fields]
        first, *texts = type_.texts
        if not columns:
            return [first for _ in rows]
        return [
            first + "".join(f"{_text(value)}{text}" for value, text in zip(values, texts, strict=True))
            for values in zip(*columns, strict=True)
        ]

    def _by_faker(self, field: Field, provider: str, rows: Rows[int]) -> list[Json]:
        # Importing Faker takes longer than making a thousand records.
        from faker import Faker  # noqa: PLC0415

        faker = Faker(self._locale)
        faker.seed_instance(0)  # else it shares one Random with every Faker of the process
        made: list[Json] = []
        for bits in self._draws(*field).numbers(rows, 8):
            faker.random.seed(bits)
            value: object = getattr(faker, provider)()
            if not isinstance(value, str | int | float | bool | None):
                value = str(value)
            made.append(value)
        return made

    def _count(self, field: Field) -> int:
        return self._data.entities[field[0]].count

    def _key(self, *place: str) -> tuple[str | int, ...]:
        return (self._data.seed, self._data.name, *place)

    def _draws(self, *place: str) -> Draws:
        return Draws(*self._key(*place))


def checked_provider(provider: str, locale: str) -> None:
    """DataError where the installed Faker has no such provider."""
    from faker import Faker  # noqa: PLC0415 - as above

    if not callable(getattr(Faker(locale), provider, None)):
        raise DataError(f"Faker has no provider {provider!r}")


def uuids(bits: bytes) -> list[Json]:
    """A UUID of version 4 (RFC 9562) for each 16 bytes, as text."""
    count = len(bits) // 16
    digits = bits.hex().encode()
    written = bytearray(b"-" * (36 * count))
    places = [place for place in range(36) if place not in _HYPHENS]
    for place, start in zip(places, range(32), strict=True):
        written[place::36] = digits[start::32]
    written[14::36] = b"4" * count
    written[19::36] = digits[16::32].translate(_VARIANTS)
    text = written.decode("ascii")
    return [text[start : start + 36] for start in range(0, 36 * count, 36)]


def _chances(draws: Draws, rows: Rows[int]) -> list[float]:
    """Numbers above 0 and below 1, each in the middle of one of 2**52 equal parts."""
    return [((bits >> 12) + 0.5) * 2.0**-52 for bits in draws.numbers(rows, 8)]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


_VARIANTS = bytes.maketrans(b"0123456789abcdef", b"89ab89ab89ab89ab")
