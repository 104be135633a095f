"""What tables would hold the records of a declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.model import Column, ColumnType, Table
from testflow_faker_data import declaration
from testflow_faker_data.field_types import (
    Between,
    Calculated,
    Enum,
    FieldType,
    FromFaker,
    Listed,
    Nested,
    Plain,
    Ref,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Json, TestData
    from testflow_faker_data.field_types import Field

_NAMED = {
    "uuid": ColumnType.UUID,
    "timestamp": ColumnType.TIMESTAMP,
    "date": ColumnType.DATE,
    "json": ColumnType.JSON,
    "bool": ColumnType.BOOLEAN,
    "int": ColumnType.INTEGER,
    "float": ColumnType.NUMBER,
    "decimal": ColumnType.DECIMAL,
}
_OTHERS = (
    ((Nested, Listed), ColumnType.JSON),
    ((Calculated, FromFaker), None),
    ((Sequence,), ColumnType.INTEGER),
)
_WIDEST = 2**63


def tables(data: TestData) -> dict[str, Table]:
    """
    The table of each entity of a declaration without problems.

    Its key is the field `id` where that is unique and never null, else the first such field. Expressions and what the
    installed Faker makes have a type that only their values show.
    """
    types = declaration.field_types(data)
    return {entity: _table([(entity, field) for field in each.schema], types) for entity, each in data.entities.items()}


def _table(fields: list[Field], types: Mapping[Field, FieldType]) -> Table:
    columns = [_column(field, types) for field in fields]
    keys = [column.name for column in columns if column.unique and not column.nullable and column.refers is None]
    return Table(columns=tuple(columns), key="id" if "id" in keys else next(iter(keys), None))


def _column(field: Field, types: Mapping[Field, FieldType]) -> Column:
    type_ = types[field]
    refers = None
    if isinstance(type_, Ref) and len(type_.target) == len(field) and declaration.always_unique(types[type_.target]):
        refers = (type_.target[0], type_.target[1])
    return Column(
        name=field[1],
        type=_type(type_, types),
        nullable=_nullable(type_, types),
        unique=declaration.always_unique(type_) or type_.unique,
        refers=refers,
    )


def _nullable(type_: FieldType, types: Mapping[Field, FieldType]) -> bool:
    if isinstance(type_, Ref) and (type_.earlier or _nullable(types[type_.target], types)):
        return True
    # What an edge case is like, and what an expression or a provider answers, is not told by the declaration.
    shown = isinstance(type_, Calculated | FromFaker) or (isinstance(type_, Enum) and _of_values(type_.values) is None)
    return shown or bool(type_.null or type_.when or type_.edge)


def _type(type_: FieldType, types: Mapping[Field, FieldType]) -> ColumnType | None:
    if isinstance(type_, Ref):
        return _type(types[type_.target], types)
    if isinstance(type_, Plain | Between):
        wide = isinstance(type_, Between) and type_.name == "int" and max(-type_.least, type_.most + 1) > _WIDEST
        return ColumnType.DECIMAL if wide else _NAMED.get(type_.name, ColumnType.TEXT)
    if isinstance(type_, Enum):
        return _of_values(type_.values)
    return next((found for classes, found in _OTHERS if isinstance(type_, classes)), ColumnType.TEXT)


def _of_values(values: tuple[Json, ...]) -> ColumnType | None:
    return ColumnType.TEXT if all(isinstance(value, str) for value in values) else None
