"""The types that a field can have, as values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from attrs import frozen

from testflow_core.model import Json
from testflow_faker_data.distributions import Distribution
from testflow_faker_data.expression import Expression
from testflow_faker_data.pattern import Pattern

PEOPLE = ("name", "first_name", "last_name")
LISTED = ("city", "street", "company", "job", "country", "postcode", "word")
PLAIN_TYPES = ("uuid", *PEOPLE, "email", "timestamp", "date", "json", "bool", "int", "float", "sequence", *LISTED)
FORMS = {
    "int": "int:<least>..<most>",
    "float": "float:<least>..<most>",
    "bool": "bool:<share of true>",
    "decimal": "decimal:<least>..<most>",
    "date": "date:<first>..<last>",
    "timestamp": "timestamp:<first>..<last>",
    "text": "text:<shortest>..<longest>",
    "sequence": "sequence:<first>",
    "ref": "ref:<entity>.<field>",
    "enum": "enum:<value>,<value>",
    "template": "template:<text with {field}>",
    "pattern": "pattern:<regular expression>",
    "expression": "expression:<of other fields>",
    "faker": "faker:<provider>",
}
KNOWN_TYPES = (*PLAIN_TYPES, *FORMS.values())
MODIFIERS = ("unique", "null", "null=<share>")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Times without a window lie in the year before it: what is relative to now would differ in every run."""
YEAR = timedelta(days=365)

Field: TypeAlias = tuple[str, ...]
"""An entity's name and that of one of its fields; what is nested follows, `.` and a name, or `[]`."""


@frozen(kw_only=True)
class FieldType:
    """What all types have: no value twice, shares of null and of edge cases, and when there is a value at all."""

    unique: bool = False
    null: float = 0.0
    edge: float = 0.0
    when: Calculated | None = None


@frozen(kw_only=True)
class Plain(FieldType):
    """A type that needs no more than its name."""

    name: str


@frozen(kw_only=True)
class Between(FieldType):
    """A number, one with `places` after the point, a day or a second since 1970, the bounds included."""

    name: str
    least: int
    most: int
    places: int = 0
    distribution: Distribution | None = None


@frozen(kw_only=True)
class Text(FieldType):
    """Words up to a length, in characters, the bounds included."""

    least: int
    most: int


@frozen(kw_only=True)
class Sequence(FieldType):
    """Numbers one after the other."""

    first: int = 1


@frozen(kw_only=True)
class Enum(FieldType):
    """One of these values, each as often as its weight says."""

    values: tuple[Json, ...]
    weights: tuple[int, ...] = ()


@frozen(kw_only=True)
class Ref(FieldType):
    """
    The value that some record has in another field.

    `even`: each is referred to as often as any other. `skew`: the exponent by which some are referred to much more
    often. `earlier`: only what stands before it is referred to, and the first refers to nothing.
    """

    target: Field
    even: bool = False
    skew: float = 0.0
    earlier: bool = False


@frozen(kw_only=True)
class Template(FieldType):
    """Text with the values of other fields of the record: `texts` before, between and after them."""

    texts: tuple[str, ...]
    fields: tuple[Field, ...]


@frozen(kw_only=True)
class FromFaker(FieldType):
    """What a provider of the installed Faker makes: another with another version of it."""

    provider: str


@frozen(kw_only=True)
class Matching(FieldType):
    """Text that a regular expression matches."""

    pattern: Pattern


@frozen(kw_only=True)
class Calculated(FieldType):
    """What an expression says of other fields, which it knows by names."""

    expression: Expression
    fields: Mapping[str, Field]


@frozen(kw_only=True)
class Nested(FieldType):
    """An object with fields of its own."""

    fields: Mapping[str, FieldType]


@frozen(kw_only=True)
class Listed(FieldType):
    """So many of an item, the bounds included."""

    item: FieldType
    least: int
    most: int
