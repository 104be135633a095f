"""The types that a field can have, as they are written in a schema."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Entity

PLAIN_TYPES = ("uuid", "name", "email", "timestamp", "json")
KNOWN_TYPES = (*PLAIN_TYPES, "ref:<entity>.<field>", "enum:<value>,<value>")

Field: TypeAlias = tuple[str, str]
"""An entity's name and that of one of its fields."""


class FieldTypeError(Exception):
    """A type is not one of the known ones; the message says what is wrong and what would be right."""


@frozen(kw_only=True)
class Plain:
    """A type that needs no more than its name."""

    name: str


@frozen(kw_only=True)
class Enum:
    """One of these values."""

    values: tuple[str, ...]


@frozen(kw_only=True)
class Ref:
    """The value that some record has in another field."""

    target: Field


FieldType: TypeAlias = Plain | Enum | Ref


def parsed(written: str, entities: Mapping[str, Entity]) -> FieldType:
    """The type that is written; FieldTypeError where it is unknown, lacks values, or refers to what is not there."""
    kind, colon, rest = written.partition(":")
    if written in PLAIN_TYPES:
        return Plain(name=written)
    if colon and kind == "enum":
        return _enum(written, rest)
    if colon and kind == "ref":
        return _ref(written, rest, entities)
    close = get_close_matches(kind.strip().lower(), [*PLAIN_TYPES, "ref", "enum"], n=1)
    form = next((known for known in KNOWN_TYPES if close and known.partition(":")[0] == close[0]), None)
    hint = f"; did you mean {form!r}?" if form else ""
    raise FieldTypeError(f"unknown type {written!r}{hint} (known: {', '.join(KNOWN_TYPES)})")


def _enum(written: str, rest: str) -> Enum:
    values = tuple(value.strip() for value in rest.split(","))
    if not all(values):
        lacks = "has an empty value" if any(values) else "has no values"
        raise FieldTypeError(f"{written!r} {lacks}; write them after the colon, as in 'enum:card,cash'")
    return Enum(values=values)


def _ref(written: str, rest: str, entities: Mapping[str, Entity]) -> Ref:
    entity, _, field = rest.strip().rpartition(".")
    if entity in entities and field in entities[entity].schema:
        return Ref(target=(entity, field))
    known = [f"{name}.{field}" for name, each in entities.items() for field in each.schema]
    if entity not in entities:
        wrong = f"there is no entity {entity!r}" if entity else "it names no field; write 'ref:<entity>.<field>'"
    else:
        wrong = f"{entity!r} has no field {field!r}"
    close = get_close_matches(rest.strip(), known, n=1)
    hint = f"; did you mean 'ref:{close[0]}'?" if close else ""
    raise FieldTypeError(f"{written!r} refers to nothing: {wrong}{hint} (known: {_listed(known)})")


def _listed(known: list[str], limit: int = 20) -> str:
    rest = len(known) - limit
    return ", ".join([*known[:limit], *([f"and {rest} more"] if rest > 0 else [])])
