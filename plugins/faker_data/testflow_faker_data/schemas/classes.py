"""The schema of an entity, read from a class: a dataclass, one of attrs, or a model of pydantic."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol, Union, cast, get_args, get_origin, runtime_checkable
from uuid import UUID

import attrs

from testflow_core.errors import Problem, SpecError
from testflow_faker_data.schemas.json_schema import from_json_schema
from testflow_faker_data.schemas.reading import Notes, nullable, text_type

if TYPE_CHECKING:
    from testflow_core.model import FieldSpec, Json
    from testflow_faker_data.schemas.reading import Replace, Schema

_PLAIN: Mapping[object, FieldSpec] = {
    int: "int",
    float: "float",
    bool: "bool",
    UUID: "uuid",
    date: "date",
    datetime: "timestamp",
    Decimal: "decimal:0.00..999.99",
    type(None): {"type": "enum", "values": [None]},
}
_LISTS = (list, Sequence, Iterable, set, frozenset)
_HARMLESS = ("<instance_of", "<optional validator for <instance_of", "<deep_iterable")


@runtime_checkable
class _HasJsonSchema(Protocol):
    """A model of pydantic: that is not imported for it."""

    def model_json_schema(self) -> dict[str, Json]:
        """Its JSON Schema."""
        ...


def from_class(cls: type, *, replace: Replace | None = None) -> Schema:
    """
    The schema of an entity whose records are the keyword arguments of a class, as JSON has them.

    Numbers, texts, times, UUIDs, enumerations, literals, optional values, lists, and classes within. Of a model of
    pydantic, its JSON Schema is read. SpecError with the path of everything that cannot be said; `replace` gives types
    for such paths.
    """
    if isinstance(cls, _HasJsonSchema):
        return from_json_schema(cls.model_json_schema(), replace=replace)
    if not _has_fields(cls):
        raise SpecError([Problem("$", f"{cls!r} is neither a dataclass, nor of attrs, nor a model of pydantic")])
    notes = Notes(replace or {})
    reader = _Reader(notes)
    found = reader.fields(cls, "$", ())
    notes.close(reader.paths)
    return found


class _Reader:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.paths: list[str] = []

    def fields(self, cls: type, path: str, within: tuple[type, ...]) -> Schema:
        """The type of each argument."""
        try:
            hints = typing.get_type_hints(cls, include_extras=False)
        except NameError as error:
            self._notes.refuse(path, f"the types of {cls.__qualname__} cannot be read: {error}")
            return {}
        found: Schema = {}
        for name, argument, validator in _arguments(cls):
            below = f"{path}.{argument}"
            self.paths.append(below)
            given = self._notes.given(below)
            if given is not None:
                found[argument] = given
            elif validator is not None and not repr(validator).startswith(_HARMLESS):
                found[argument] = self._notes.refuse(below, f"what its validator accepts is not known: {validator!r}")
            else:
                found[argument] = self._type(hints.get(name, Any), below, name, (*within, cls))
        return found

    def _type(  # noqa: C901, PLR0911 - one for each kind of type
        self, hint: object, path: str, name: str, within: tuple[type, ...]
    ) -> FieldSpec:
        if hint in _PLAIN:
            return _PLAIN[hint]
        if hint is str:
            return text_type(name, None, None)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._optional(arguments, path, name, within)
        if origin is Literal:
            return {"type": "enum", "values": list(arguments)}
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._values([each.value for each in hint], path)
        if origin in _LISTS or (origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis):  # noqa: PLR2004
            if arguments[0] in within:
                return {"type": "list", "min": 0, "max": 0, "of": "word"}
            if origin in (set, frozenset):
                return self._notes.refuse(path, "items that are different cannot be kept")
            item = self._type(arguments[0], f"{path}[]", name.removesuffix("s"), within)
            return {"type": "list", "of": cast("Json", item)}
        if isinstance(hint, type) and _has_fields(hint):
            if hint in within:
                return self._notes.refuse(path, f"{hint.__qualname__} contains itself")
            return {"type": "object", "schema": cast("Json", self.fields(hint, path, within))}
        if isinstance(hint, type) and isinstance(hint, _HasJsonSchema):
            return {"type": "object", "schema": cast("Json", from_json_schema(hint.model_json_schema()))}
        return self._notes.refuse(path, f"the type {_named(hint)} cannot be said")

    def _optional(self, arguments: tuple[object, ...], path: str, name: str, within: tuple[type, ...]) -> FieldSpec:
        some = [each for each in arguments if each is not type(None)]
        if len(some) != 1:
            return self._notes.refuse(path, f"one of several types cannot be kept: {', '.join(map(_named, arguments))}")
        if any(some[0] is each for each in within):
            return _PLAIN[type(None)]
        return nullable(self._type(some[0], path, name, within))

    def _values(self, values: list[object], path: str) -> FieldSpec:
        if any(not isinstance(each, str | int | float | bool | None) for each in values):
            return self._notes.refuse(path, "its values are not JSON")
        return {"type": "enum", "values": cast("Json", values)}


def _has_fields(cls: type) -> bool:
    return attrs.has(cls) or dataclasses.is_dataclass(cls)


def _arguments(cls: type) -> list[tuple[str, str, object]]:
    """The name of each field that is an argument of the constructor, that of the argument, and what checks it."""
    if attrs.has(cls):
        return [(each.name, each.alias or each.name, each.validator) for each in attrs.fields(cls) if each.init]
    return [(each.name, each.name, None) for each in dataclasses.fields(cls) if each.init]


def _named(hint: object) -> str:
    return hint.__qualname__ if isinstance(hint, type) and get_origin(hint) is None else str(hint)
