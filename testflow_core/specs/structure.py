"""Structuring by cattrs without its coercions, and its errors as problems with paths."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, TypeAlias, TypeGuard, TypeVar, Union, cast, get_args, get_origin

import attrs
from cattrs import (
    BaseValidationError,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
)
from cattrs.errors import AttributeValidationNote, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from testflow_core.errors import Problem, SpecError
from testflow_core.model import (
    Application,
    Category,
    Entity,
    Isolation,
    Readiness,
    Service,
    Start,
    Terms,
    TestSelection,
)
from testflow_core.specs import compound, scalars
from testflow_core.specs.checks import CHECKS

T = TypeVar("T")

_Hook: TypeAlias = Callable[[object, object], object]
_Override: TypeAlias = Any  # cattrs exports the function that makes it, and not its class

KEY = "testflow.key"
"""Metadata of a field whose key in a declaration is another than its name."""

_PLAIN_KEY = re.compile(r"[\w-]+")
# cattrs would take the letters of a text for its items.
_LISTS: dict[type, Callable[[tuple[object, ...]], object]] = {
    tuple: tuple,
    Sequence: tuple,
    list: list,
    set: set,
    frozenset: frozenset,
}
_SCALARS: dict[type, Callable[[object], object]] = {
    str: scalars.text,
    bool: scalars.boolean,
    int: scalars.integer,
    float: scalars.number,
    timedelta: scalars.duration,
    Path: scalars.path,
}


def structure(value: object, cls: type[T], path: str = "$", given: Mapping[str, object] | None = None) -> T:
    """
    The mapping `value` as an instance of the attrs class `cls`, with `given` as the fields that are not the author's.

    SpecError with every mistake at once: misspelt keys, missing ones, wrong types, each with its path below `path`.
    """
    if not isinstance(value, Mapping):
        raise SpecError([Problem(path, str(scalars.expected("a mapping of keys", value)))])
    given = given or {}
    mapping = cast("Mapping[object, object]", value)
    problems = [_unknown_key(path, key, cls) for key in mapping if key in given]
    try:
        structured = _CONVERTER.structure({**mapping, **given}, cls)
    except BaseValidationError as error:
        raise SpecError([*problems, *_problems(error, path)]) from None
    if problems:
        raise SpecError(problems)
    return structured


def key_path(path: str, key: object) -> str:
    """The path of a key below a path: `$.services.db`, `$.services['odd name']`."""
    text = str(key)
    return f"{path}.{text}" if _PLAIN_KEY.fullmatch(text) else f"{path}[{text!r}]"


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name that nobody knows: the nearest known one, and all of them."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown {what} {name!r}{hint} (known: {', '.join(known) or 'none'})"


_WORDS: Mapping[type[BaseException], str] = {KeyError: "is missing", RecursionError: "is nested too deeply"}


def _problems(error: BaseException, path: str) -> Iterator[Problem]:
    if isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields, key=str):
            yield _unknown_key(path, key, error.cl)
    elif isinstance(error, BaseValidationError):
        for each in cast("Sequence[Exception]", error.exceptions):
            yield from _problems(each, _below(path, each, error.cl))
    elif isinstance(error, SpecError):
        # Of fields that do not fit each other.
        for problem in error.problems:
            yield Problem(path + problem.path.removeprefix("$"), problem.message)
    else:
        yield Problem(path, _WORDS.get(type(error), str(error)))


def _below(path: str, error: Exception, cls: type) -> str:
    for note in cast("list[object]", getattr(error, "__notes__", [])):
        if isinstance(note, AttributeValidationNote):
            return key_path(path, _key(cls, note.name))
        if isinstance(note, IterableValidationNote):
            return f"{path}[{note.index}]" if isinstance(note.index, int) else key_path(path, note.index)
    return path


def _unknown_key(path: str, key: object, cls: type) -> Problem:
    bound = _GIVEN.get(cls, ())
    fields = attrs.fields(cls) if attrs.has(cls) else ()
    known = [_key(cls, each.name) for each in fields if each.init and each.name not in bound]
    return Problem(key_path(path, key), unknown_name("key", str(key), known))


def _key(cls: type, name: str) -> str:
    """The key of a field: its name, or what its metadata says where the key is a word of Python's."""
    return next((each.metadata.get(KEY, name) for each in attrs.fields(cls) if each.name == name), name)


def _hooked(hook: Callable[[object], object]) -> _Override:
    return override(struct_hook=lambda value, _: hook(value))


def _optional(hook: Callable[[object], object]) -> _Override:
    return _hooked(lambda value: None if value is None else hook(value))


def _start(value: object) -> Start:
    """`start` may be the command alone."""
    return _CONVERTER.structure(
        {"command": value} if isinstance(value, str | list | tuple) else cast("Any", value), Start
    )


def _isolation(value: object) -> Isolation:
    """`isolation` may be the scope alone."""
    return _CONVERTER.structure(cast("Any", {"scope": value} if isinstance(value, str) else value), Isolation)


# Fields that the core fills in: no author may, so no message offers them.
_GIVEN: dict[type, tuple[str, ...]] = {
    Application: ("name",),
    Service: ("name", "application", "unavailable"),
    TestSelection: ("application",),
}

_OVERRIDES: dict[type, dict[str, _Override]] = {
    Application: {"test_command": _hooked(compound.command), "start": _optional(_start)},
    Start: {"command": _hooked(compound.command)},
    Readiness: {"exec": _optional(compound.command)},
    Service: {
        "command": _optional(compound.command),
        "ports": _hooked(compound.ports),
        "application": override(omit=True),
        "unavailable": override(omit=True),
    },
    Terms: {
        "resources": _hooked(compound.resources),
        "environment": _hooked(scalars.needed),
        "isolation": _optional(_isolation),
    },
    TestSelection: {"strategies": override(rename="strategy", struct_hook=lambda value, _: scalars.names(value))},
    Entity: {"schema": _hooked(lambda value: compound.entries(value, compound.text_key, compound.field_spec))},
    Category: {"patterns": _hooked(lambda value: compound.items(value, scalars.failure_pattern))},
}


def _attrs_hook(cls: type) -> _Hook:
    renamed = {each.name: override(rename=each.metadata[KEY]) for each in attrs.fields(cls) if KEY in each.metadata}
    ours = {name: each for base in cls.__mro__ for name, each in _OVERRIDES.get(base, {}).items()}
    overrides = cast("dict[str, Any]", {**_words(cls), **renamed, **ours})
    inner = cast("_Hook", make_dict_structure_fn(cls, _CONVERTER, _cattrs_forbid_extra_keys=True, **overrides))
    checks = [CHECKS[base] for base in cls.__mro__ if base in CHECKS]

    def hook(value: object, _: object) -> object:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise scalars.expected("a mapping of keys", value)
        found = inner(cast("Mapping[str, object]", value), cls)
        if mistakes := [_mistake(*each) for check in checks for each in check(found)]:
            raise compound.together(ClassValidationError, mistakes, cls)
        return found

    return hook


def _words(cls: type) -> Mapping[str, _Override]:
    """Fields of enumerations: cattrs takes them for text, of which they are."""
    kinds = {each.name: each.type for each in attrs.fields(attrs.resolve_types(cls))}
    return {
        name: _hooked(lambda value, kind=kind: scalars.one_of(kind, value))
        for name, kind in kinds.items()
        if _is_words(kind)
    }


def _is_words(kind: object) -> TypeGuard[type[StrEnum]]:
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def _mistake(name: str, message: str) -> Exception:
    error = ValueError(message)
    if name:
        error.add_note(compound.note(AttributeValidationNote, name))
    return error


def _list_hook(cls: type) -> _Hook:
    item = get_args(cls)[0]
    made = _LISTS[cast("type", get_origin(cls))]
    if _is_words(item):
        return lambda value, _: made(compound.items(value, lambda each: scalars.one_of(item, each)))
    return lambda value, _: made(compound.items(value, lambda each: _CONVERTER.structure(each, item)))


def _mapping_hook(cls: type) -> _Hook:
    item = get_args(cls)[1]
    return lambda value, _: compound.entries(
        value, compound.text_key, lambda each: _CONVERTER.structure(cast("Any", each), item)
    )


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for cls, scalar in _SCALARS.items():
        converter.register_structure_hook(cls, _scalar_hook(scalar))
    converter.register_structure_hook_func(
        lambda cls: get_origin(cls) is re.Pattern, lambda value, _: scalars.pattern(value)
    )
    converter.register_structure_hook_func(_is_json, lambda value, _: compound.json(value))
    converter.register_structure_hook_factory(lambda cls: get_origin(cls) in _LISTS, _list_hook)
    converter.register_structure_hook_factory(lambda cls: get_origin(cls) in {Mapping, dict}, _mapping_hook)
    converter.register_structure_hook_factory(attrs.has, _attrs_hook)
    return converter


def _scalar_hook(scalar: Callable[[object], object]) -> _Hook:
    return lambda value, _: scalar(value)


def _is_json(cls: object) -> bool:
    return get_origin(cls) in {Union, UnionType} and {bool, int, float, str} <= set(get_args(cls))


_CONVERTER = _converter()
