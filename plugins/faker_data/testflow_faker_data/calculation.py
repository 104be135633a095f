"""Expressions, worked out for the records of an entity."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from testflow_core.errors import DataError
from testflow_faker_data.expression import ExpressionError
from testflow_faker_data.field_types import Between, Calculated, Plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_core.model import Json
    from testflow_faker_data.expression import Value
    from testflow_faker_data.field_types import Field, FieldType

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


class HasColumns(Protocol):
    """Where the values of other fields come from."""

    types: Mapping[Field, FieldType]

    def values(self, field: Field, rows: Sequence[int]) -> list[Json]:
        """The values of a field in some rows."""
        ...


def calculated(columns: HasColumns, field: Field, type_: Calculated, rows: Sequence[int]) -> list[Json]:
    """
    The values of an expression. Decimals go in as exact numbers, and come out as text as they are everywhere, but for
    where a field that is a binary fraction is in it. DataError where it has no value for a record.
    """
    types = [columns.types[place] for place in type_.fields.values()]
    exact = not any(_is_float(each) for each in types)
    made: list[Json] = []
    inputs = [
        [_read(value) for value in column] if _is_decimal(each) else column
        for each, column in zip(types, (columns.values(place, rows) for place in type_.fields.values()), strict=True)
    ]
    for at, row in enumerate(rows):
        of = {name: column[at] for name, column in zip(type_.fields, inputs, strict=True)}
        try:
            made.append(_written(type_.expression.value(of), exact=exact))
        except ExpressionError as error:
            place = f"{field[0]}[{row}].{'.'.join(each for each in field[1:] if each != '.')}"
            given = ", ".join(f"{name}={value!s}" for name, value in of.items())
            raise DataError(f"{place}: {type_.expression.text!r} has no value for {given}: {error}") from None
    return made


def _is_float(type_: FieldType) -> bool:
    return isinstance(type_, Between | Plain) and type_.name == "float"


def _is_decimal(type_: FieldType) -> bool:
    return isinstance(type_, Calculated) or (isinstance(type_, Between) and type_.name == "decimal")


def _read(value: Json) -> Value:
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value


def _written(value: Value, *, exact: bool) -> Json:
    if not isinstance(value, Decimal):
        return value
    return f"{value:f}" if exact else float(value)
