"""What is wrong with declared test data, all at once and before anything is made."""

from __future__ import annotations

from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, cast

from testflow_core.errors import DataError, Problem
from testflow_faker_data.compact_form import Scope
from testflow_faker_data.corpus import HASHES
from testflow_faker_data.dict_form import Reader
from testflow_faker_data.domains import domain
from testflow_faker_data.edges import edges
from testflow_faker_data.field_types import (
    Calculated,
    FromFaker,
    Listed,
    Matching,
    Nested,
    Plain,
    Ref,
    Sequence,
    Template,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from testflow_core.model import TestData
    from testflow_faker_data.domains import Domain
    from testflow_faker_data.field_types import Field, FieldType

COUNT_LIMIT = 10_000_000
"""Records of one entity at most: more is a mistake, not test data."""

DEFAULT_LOCALE = "en_US"

ALGORITHM = "1"
"""How values are drawn: another number where the same declaration makes other values."""


def problems(data: TestData, locale: str) -> list[Problem]:
    """Every mistake, in the order of the declaration, cycles last."""
    if locale not in HASHES:
        written = locale.replace("-", "_")
        # A language alone is that of its first country.
        close = get_close_matches(written, HASHES, n=1) or [each for each in HASHES if each.startswith(f"{written}_")]
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return [Problem("$.options.locale", f"unknown locale {locale!r}{hint} (known: {', '.join(HASHES)})")]
    found: list[Problem] = []
    reader = Reader()
    types: dict[Field, FieldType] = {}
    for name, entity in data.entities.items():
        if not 0 <= entity.count <= COUNT_LIMIT:
            message = f"{entity.count} records cannot be made; give a number from 0 to {COUNT_LIMIT}"
            found.append(Problem(f"$.generators.{name}.count", message))
        types.update(_of_entity(name, data, reader))
        found.extend(reader.problems)
        reader.problems.clear()
    found.extend(_empty_targets(data, types))
    found.extend(_not_unique(data, types, locale))
    found.extend(_without_edges(types, locale))
    found.extend(_unknown_providers(types, locale))
    found.extend(_cycles(types))
    return found


def corpus_of(data: TestData, locale: str) -> dict[str, str]:
    """What values depend on beyond what is declared."""
    found = {"algorithm": ALGORITHM, f"word lists of {locale}": HASHES.get(locale, "")[:16]}
    reader = Reader()
    types = [type_ for name in data.entities for _, type_ in _of_entity(name, data, reader)]
    if any(isinstance(each, FromFaker) for each in types):
        from importlib.metadata import version  # noqa: PLC0415 - for those types alone

        found["Faker"] = version("faker")
    return found


def field_types(data: TestData) -> Mapping[Field, FieldType]:
    """The type of every field of a declaration without problems."""
    reader = Reader()
    return {place: type_ for name in data.entities for place, type_ in _of_entity(name, data, reader)}


def _of_entity(name: str, data: TestData, reader: Reader) -> Iterable[tuple[Field, FieldType]]:
    schema = data.entities[name].schema
    siblings: Mapping[str, Field] = {field: (name, field) for field in schema}
    for field, written in schema.items():
        scope = Scope(place=(name, field), siblings=siblings, entities=data.entities)
        type_ = reader.read(written, scope, _path(scope.place))
        if type_:
            yield from _with_inner(scope.place, type_)


def _with_inner(place: Field, type_: FieldType) -> Iterable[tuple[Field, FieldType]]:
    """A type, and those nested in it, each with its place."""
    yield place, type_
    if isinstance(type_, Nested):
        for name, each in type_.fields.items():
            yield from _with_inner((*place, ".", name), each)
    if isinstance(type_, Listed):
        yield from _with_inner((*place, "[]"), type_.item)


def _path(field: Field) -> str:
    inner = "".join({".": ".schema.", "[]": ".of"}.get(each, each) for each in field[2:])
    return f"$.generators.{field[0]}.schema.{field[1]}{inner}"


def _empty_targets(data: TestData, types: Mapping[Field, FieldType]) -> Iterable[Problem]:
    for field, type_ in types.items():
        if isinstance(type_, Ref) and data.entities[field[0]].count > 0 and data.entities[type_.target[0]].count == 0:
            message = f"'ref:{'.'.join(type_.target)}' has nothing to refer to: {type_.target[0]!r} has the count 0"
            yield Problem(_path(field), message)


def _not_unique(data: TestData, types: Mapping[Field, FieldType], locale: str) -> Iterable[Problem]:
    for field, type_ in types.items():
        if not type_.unique or isinstance(type_, Sequence):
            continue
        count = _most_values(field, data, types)
        if isinstance(type_, Plain) and type_.name in ("uuid", "email"):
            continue
        if wrong := _not_countable(type_, types, locale):
            yield Problem(_path(field), f"cannot be unique: {wrong}")
            continue
        if isinstance(type_, Ref):
            size = data.entities[type_.target[0]].count
        else:
            size = cast("Domain", domain(type_, locale)).size
        if size < count:
            message = f"there are {size} different values, and {count} records want one each; lower the count"
            yield Problem(_path(field), message)


def _not_countable(type_: FieldType, types: Mapping[Field, FieldType], locale: str) -> str | None:
    if isinstance(type_, Ref):
        if always_unique(types.get(type_.target)):
            return None
        return f"{'.'.join(type_.target)}, to which it refers, is not; make that unique too"
    if isinstance(type_, Matching) and not type_.pattern.unambiguous:
        return "the pattern may match a text in more than one way; let its choices begin differently"
    return None if domain(type_, locale) else "nobody knows how many values this type has"


def _most_values(field: Field, data: TestData, types: Mapping[Field, FieldType]) -> int:
    count = data.entities[field[0]].count
    for length, each in enumerate(field):
        around = types.get(field[:length])
        if each == "[]" and isinstance(around, Listed):
            count *= around.most
    return count


def _without_edges(types: Mapping[Field, FieldType], locale: str) -> Iterable[Problem]:
    for field, type_ in types.items():
        if type_.edge and type_.unique:
            yield Problem(f"{_path(field)}.edge", "cannot be unique: there are fewer edge cases than records")
        elif type_.edge and not edges(type_, locale):
            message = (
                "this type has no edge cases; those of numbers, dates, timestamps, texts, patterns, names and words do"
            )
            yield Problem(f"{_path(field)}.edge", message)
        if type_.unique and isinstance(type_, Ref) and (type_.even or type_.skew):
            yield Problem(
                f"{_path(field)}.spread", "a unique reference leads to each record once; leave one of both out"
            )
        if type_.unique and getattr(type_, "distribution", None):
            yield Problem(f"{_path(field)}.distribution", "cannot be unique: a distribution has values more than once")
        if isinstance(type_, Ref) and type_.earlier and type_.target[0] != field[0]:
            yield Problem(f"{_path(field)}.earlier", "earlier records are those of the entity itself; refer to that")
        if isinstance(type_, Ref) and type_.earlier and len(field) > 2 and "[]" in field:  # noqa: PLR2004
            yield Problem(f"{_path(field)}.earlier", "items of a list have no record before them")


def always_unique(type_: FieldType | None) -> bool:
    """Whether no two records have the same value, none of them null."""
    if type_ is None:
        return True  # a mistake that is told already
    named = isinstance(type_, Plain) and type_.name in ("uuid", "email")
    return not (type_.null or type_.when or type_.edge) and (type_.unique or named or isinstance(type_, Sequence))


def _unknown_providers(types: Mapping[Field, FieldType], locale: str) -> Iterable[Problem]:
    from testflow_faker_data.values import checked_provider  # noqa: PLC0415 - it imports what it checks

    for field, type_ in types.items():
        if isinstance(type_, FromFaker):
            try:
                checked_provider(type_.provider, locale)
            except DataError as error:
                yield Problem(_path(field), f"{error}; see its documentation for those that it has")


def _needs(type_: FieldType) -> tuple[Field, ...]:
    needs = tuple(type_.when.fields.values()) if type_.when else ()
    if isinstance(type_, Ref):
        return (*needs, type_.target)
    if isinstance(type_, Template):
        return (*needs, *type_.fields)
    return (*needs, *type_.fields.values()) if isinstance(type_, Calculated) else needs


def _cycles(types: Mapping[Field, FieldType]) -> Iterable[Problem]:
    order = {field: position for position, field in enumerate(types)}
    needs = {field: [each for each in _needs(type_) if each in types] for field, type_ in types.items()}
    for field in types:
        if len(field) > 2:  # noqa: PLR2004 - what is nested makes what is around it
            around = next(types_field for cut in (1, 2) if (types_field := field[:-cut]) in types)
            needs[around].append(field)
    while True:
        try:
            TopologicalSorter(needs).prepare()
        except CycleError as error:
            # Each field is needed by the one before it: turned round, and begun with what is declared first.
            way = list(reversed(error.args[1]))[:-1]
            start = min(range(len(way)), key=lambda index: order[way[index]])
            cycle = [*way[start:], *way[:start], way[start]]
            listed = " → ".join(".".join(each) for each in cycle)
            yield Problem(_path(cycle[0]), f"refers to itself: {listed}; give one of them a type")
            for each in cycle:
                needs[each] = []
        else:
            return
