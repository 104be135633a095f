"""What is wrong with declared test data, all at once and before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.errors import Problem
from testflow_faker_data.field_types import FieldTypeError, Ref, parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from testflow_core.model import TestData
    from testflow_faker_data.field_types import Field, FieldType

COUNT_LIMIT = 10_000_000
"""Records of one entity at most: more is a mistake, not test data."""


def problems(data: TestData) -> list[Problem]:
    """Every mistake, in the order of the declaration, cycles last."""
    found: list[Problem] = []
    types: dict[Field, FieldType] = {}
    for name, entity in data.entities.items():
        if not 0 <= entity.count <= COUNT_LIMIT:
            message = f"{entity.count} records cannot be made; give a number from 0 to {COUNT_LIMIT}"
            found.append(Problem(f"$.generators.{name}.count", message))
        for field, written in entity.schema.items():
            try:
                types[name, field] = parsed(written, data.entities)
            except FieldTypeError as error:
                found.append(Problem(_path((name, field)), str(error)))
    found.extend(_empty_targets(data, types))
    found.extend(_cycles(types))
    return found


def field_types(data: TestData) -> Mapping[Field, FieldType]:
    """The type of every field of a declaration without problems."""
    return {
        (name, field): parsed(written, data.entities)
        for name, entity in data.entities.items()
        for field, written in entity.schema.items()
    }


def _path(field: Field) -> str:
    return f"$.generators.{field[0]}.schema.{field[1]}"


def _empty_targets(data: TestData, types: Mapping[Field, FieldType]) -> Iterable[Problem]:
    for field, type_ in types.items():
        if isinstance(type_, Ref) and data.entities[field[0]].count > 0 and data.entities[type_.target[0]].count == 0:
            message = f"'ref:{'.'.join(type_.target)}' has nothing to refer to: {type_.target[0]!r} has the count 0"
            yield Problem(_path(field), message)


def _cycles(types: Mapping[Field, FieldType]) -> Iterable[Problem]:
    seen: set[Field] = set()
    for start in types:
        walked: dict[Field, None] = {}
        field: Field | None = start
        while field is not None and field not in seen:
            seen.add(field)
            walked[field] = None
            type_ = types.get(field)
            field = type_.target if isinstance(type_, Ref) else None
        if field in walked:
            way = list(walked)
            cycle = [*way[way.index(field) :], field]
            message = f"refers to itself: {' → '.join('.'.join(each) for each in cycle)}; give one of them a type"
            yield Problem(_path(cycle[0]), message)
