"""Types in their compact form: `int:1..9 | unique`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypedDict

from attrs import evolve, frozen

from testflow_core.model import Entity
from testflow_faker_data import expression as expressions
from testflow_faker_data import pattern_reader
from testflow_faker_data.errors import FieldTypeError
from testflow_faker_data.field_types import (
    EPOCH,
    FORMS,
    KNOWN_TYPES,
    MODIFIERS,
    PLAIN_TYPES,
    YEAR,
    Between,
    Calculated,
    Enum,
    Field,
    FieldType,
    FromFaker,
    Matching,
    Plain,
    Ref,
    Sequence,
    Template,
    Text,
)
from testflow_faker_data.pattern import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from testflow_faker_data.expression import Expression

_LIMIT = 2**62
_SHARES = 1_000_000
_PLACE = re.compile(r"\{([^{}]*)\}")
_WEIGHTED = re.compile(r"(.*)=(\d{1,6})")


class _Calculation(TypedDict):
    expression: Expression
    fields: Mapping[str, Field]


@frozen(kw_only=True)
class Scope:
    """Where a type stands: its own place, the fields beside it by their names, and all entities."""

    place: Field
    siblings: Mapping[str, Field]
    entities: Mapping[str, Entity]


def parsed(written: str, scope: Scope) -> FieldType:
    """The type that is written; FieldTypeError where it is unknown, lacks values, or refers to what is not there."""
    text, *modifiers = written.split(" | ")
    found = bare(text.strip() if modifiers else text, scope)
    for modifier in modifiers:
        found = _modified(found, modifier.strip())
    return found


def bare(written: str, scope: Scope) -> FieldType:
    """As `parsed`, of a type that no modifiers follow."""
    kind, colon, rest = written.partition(":")
    if colon and kind == "ref":
        return _ref(written, rest, scope.entities)
    if colon and kind == "template":
        return _template(written, rest, scope)
    if colon and kind == "expression":
        return Calculated(**calculated(rest, scope))
    if colon and kind in _WITH_ARGUMENT:
        return _WITH_ARGUMENT[kind](written, rest)
    if written in ("object", "list"):
        inside = "'schema': {...}" if written == "object" else "'of': ..."
        raise FieldTypeError(f"{written!r} needs a mapping; write it as in {{'type': {written!r}, {inside}}}")
    if not colon and kind in _DEFAULTS:
        return _DEFAULTS[kind]
    if written in PLAIN_TYPES:
        return Plain(name=written)
    names = [*PLAIN_TYPES, *FORMS]
    close = get_close_matches(kind.strip().lower(), names, n=1)
    form = (FORMS.get(close[0], close[0]) if colon or close[0] not in PLAIN_TYPES else close[0]) if close else None
    hint = f"; did you mean {form!r}?" if form else ""
    raise FieldTypeError(f"unknown type {written!r}{hint} (known: {', '.join(KNOWN_TYPES)})")


def _modified(type_: FieldType, modifier: str) -> FieldType:
    name, equals, share = modifier.partition("=")
    if modifier == "unique":
        return evolve(type_, unique=True)
    if name == "null":
        try:
            null = float(share) if equals else 0.1
        except ValueError:
            null = -1.0
        if not 0 <= null <= 1:
            raise FieldTypeError(f"{modifier!r} is no share; write one from 0 to 1, as in 'null=0.2'")
        return evolve(type_, null=null)
    close = get_close_matches(name, ["unique", "null"], n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise FieldTypeError(f"unknown modifier {modifier!r}{hint} (known: {', '.join(MODIFIERS)})")


def _bounds(written: str, rest: str, read: Callable[[str], int], example: str) -> tuple[int, int]:
    first, dots, last = rest.partition("..")
    try:
        least, most = read(first.strip()), read(last.strip())
    except (ValueError, OverflowError):
        dots = ""
    if not dots:
        raise FieldTypeError(f"{written!r} has no bounds that can be read; write them as in {example!r}")
    if least > most:
        raise FieldTypeError(f"{written!r} has its bounds the wrong way round: {first.strip()} is after {last.strip()}")
    if max(abs(least), abs(most)) >= _LIMIT:
        raise FieldTypeError(f"{written!r} has a bound beyond {_LIMIT}; nothing that wide can be drawn")
    return least, most


def _int(written: str, rest: str) -> FieldType:
    least, most = _bounds(written, rest, int, "int:1..100")
    return Between(name="int", least=least, most=most)


def _bool(written: str, rest: str) -> FieldType:
    try:
        rate = float(rest)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise FieldTypeError(f"{written!r} gives no share; write one from 0 to 1, as in 'bool:0.2'")
    true = round(rate * _SHARES)
    return Enum(values=(False, True), weights=(_SHARES - true, true))


def _float(written: str, rest: str) -> FieldType:
    return evolve(_point(written, rest, "float:0.5..1.5", 6), name="float")


def _decimal(written: str, rest: str) -> FieldType:
    return _point(written, rest, "decimal:0.00..99.99", 0)


def _point(written: str, rest: str, example: str, fewest: int) -> Between:
    places = max((len(bound.partition(".")[2].strip()) for bound in rest.split("..")), default=0)
    places = max(places, fewest)

    def read(bound: str) -> int:
        if not re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", bound):
            raise ValueError(bound)
        whole, _, part = bound.partition(".")
        return int(whole + part.ljust(places, "0"))

    least, most = _bounds(written, rest, read, example)
    return Between(name="decimal", least=least, most=most, places=places)


def _date(written: str, rest: str) -> FieldType:
    least, most = _bounds(
        written, rest, lambda text: date.fromisoformat(text).toordinal(), "date:2024-01-01..2024-12-31"
    )
    return Between(name="date", least=least, most=most)


def _timestamp(written: str, rest: str) -> FieldType:
    def read(text: str) -> int:
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())

    least, most = _bounds(written, rest, read, "timestamp:2024-01-01..2024-12-31T23:59:59")
    return Between(name="timestamp", least=least, most=most)


def _text(written: str, rest: str) -> FieldType:
    least, most = _bounds(written, rest, int, "text:10..200")
    if least < 0 or most > LONGEST_TEXT:
        raise FieldTypeError(f"{written!r} is no length of text; write numbers from 0 to {LONGEST_TEXT}")
    return Text(least=least, most=most)


def _sequence(written: str, rest: str) -> FieldType:
    if not re.fullmatch(r"-?\d{1,18}", rest.strip()):
        raise FieldTypeError(f"{written!r} begins with no whole number; write it as in 'sequence:1000'")
    return Sequence(first=int(rest))


def _enum(written: str, rest: str) -> Enum:
    values = tuple(value.strip() for value in rest.split(","))
    if not all(values):
        lacks = "has an empty value" if any(values) else "has no values"
        raise FieldTypeError(f"{written!r} {lacks}; write them after the colon, as in 'enum:card,cash'")
    weighted = [_WEIGHTED.fullmatch(value) for value in values]
    if not all(weighted):
        return Enum(values=values)
    weights = tuple(int(match[2]) for match in weighted if match)
    if not any(weights):
        raise FieldTypeError(f"{written!r} gives every value the weight 0; one at least needs more")
    return Enum(values=tuple(match[1] for match in weighted if match), weights=weights)


def _faker(written: str, rest: str) -> FieldType:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", rest):
        raise FieldTypeError(f"{written!r} names no provider of Faker; write it as in 'faker:iban'")
    return FromFaker(provider=rest)


def calculated(text: str, scope: Scope) -> _Calculation:
    """What a `Calculated` is made of; FieldTypeError where it cannot be read, or names what is not beside the field."""
    expression = expressions.parsed(text)
    known = [name for name, place in scope.siblings.items() if place != scope.place]
    for name in expression.names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise FieldTypeError(f"{text!r} names no other field by {name!r}{hint} (known: {_listed(known)})")
    return {"expression": expression, "fields": {name: scope.siblings[name] for name in expression.names}}


def _template(written: str, rest: str, scope: Scope) -> FieldType:
    names = _PLACE.findall(rest)
    known = [name for name, place in scope.siblings.items() if place != scope.place]
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise FieldTypeError(f"{written!r} names no other field by {{{name}}}{hint} (known: {_listed(known)})")
    return Template(texts=tuple(_PLACE.split(rest)[::2]), fields=tuple(scope.siblings[name] for name in names))


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


_WITH_ARGUMENT: Mapping[str, Callable[[str, str], FieldType]] = {
    "int": _int,
    "float": _float,
    "bool": _bool,
    "decimal": _decimal,
    "pattern": lambda _, rest: Matching(pattern=pattern_reader.parsed(rest)),
    "date": _date,
    "timestamp": _timestamp,
    "text": _text,
    "sequence": _sequence,
    "enum": _enum,
    "faker": _faker,
}
_DEFAULTS: Mapping[str, FieldType] = {
    "int": Between(name="int", least=0, most=2**31 - 1),
    "sequence": Sequence(),
    "date": Between(name="date", least=(EPOCH - YEAR).toordinal(), most=EPOCH.toordinal() - 1),
    "timestamp": Between(name="timestamp", least=int((EPOCH - YEAR).timestamp()), most=int(EPOCH.timestamp()) - 1),
}
