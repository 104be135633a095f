"""Values of declarations that hold others: lists, mappings, JSON and what is declared by these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from cattrs import BaseValidationError, IterableValidationError
from cattrs.errors import IterableValidationNote

from testflow_core.model import EXCLUSIVE, FieldSpec, Json
from testflow_core.specs import scalars

T = TypeVar("T")
K = TypeVar("K")


def items(value: object, item: Callable[[object], T]) -> tuple[T, ...]:
    """The items of a list, each structured; every mistake is kept with its index."""
    if not isinstance(value, list | tuple):
        raise scalars.expected("a list", value)
    found: list[T] = []
    errors: list[Exception] = []
    for index, each in enumerate(cast("Sequence[object]", value)):
        try:
            found.append(item(each))
        except (ValueError, BaseValidationError) as error:
            error.add_note(note(IterableValidationNote, index))
            errors.append(error)
    if errors:
        raise together(IterableValidationError, errors, tuple)
    return tuple(found)


def entries(value: object, key: Callable[[object], K], item: Callable[[object], T]) -> dict[K, T]:
    """The entries of a mapping, each structured; every mistake is kept with its key."""
    if not isinstance(value, Mapping):
        raise scalars.expected("a mapping", value)
    found: dict[K, T] = {}
    errors: list[Exception] = []
    for name, each in cast("Mapping[object, object]", value).items():
        try:
            known = key(name)
            if known in found:
                raise ValueError(f"{known!r} is declared twice")  # noqa: TRY301 - it is told with the other mistakes
            found[known] = item(each)
        except (ValueError, BaseValidationError) as error:
            error.add_note(note(IterableValidationNote, str(name)))
            errors.append(error)
    if errors:
        raise together(IterableValidationError, errors, Mapping)
    return found


def text_key(value: object) -> str:
    """A key of a mapping, which is text."""
    if not isinstance(value, str):
        raise scalars.expected("text as a key", value)
    return value


def json(value: object) -> Json:
    """Anything that JSON can say."""
    if isinstance(value, Mapping):
        return entries(cast("object", value), text_key, json)
    if isinstance(value, list | tuple):
        return list(items(cast("object", value), json))
    return scalars.plain_json(value)


def field_spec(value: object) -> FieldSpec:
    """The type of a field as text, or as a mapping."""
    if not isinstance(value, str | Mapping):
        raise scalars.expected("a type as text or as a mapping", value)
    return cast("FieldSpec", json(cast("object", value)))


def command(value: object) -> tuple[str, ...]:
    """An argument vector, or text that is split into one."""
    if not isinstance(value, str | list | tuple):
        raise scalars.expected("a command as text or a list of words", value)
    found = items(scalars.words(value) if isinstance(value, str) else cast("object", value), scalars.word)
    if not found:
        raise scalars.expected("a command of one word or more", cast("object", value))
    return found


def ports(value: object) -> dict[int, int]:
    """Ports inside to the ports wished for on the host."""
    return entries(value, scalars.inner_port, scalars.outer_port)


def resources(value: object) -> dict[str, int]:
    """How many of each named resource; `exclusive` alone is all of the machine."""
    return {EXCLUSIVE: 1} if value == EXCLUSIVE else entries(value, text_key, scalars.count)


def together(kind: type[BaseValidationError], errors: Sequence[Exception], cls: type) -> BaseValidationError:
    """Several mistakes as one error."""
    return kind("", errors, cls)  # pyright: ignore[reportCallIssue] - the stubs of ExceptionGroup hide cattrs' __new__


def note(cls: Callable[[str, Any, type], str], where: int | str) -> str:
    """Where a mistake stands, as cattrs notes it."""
    return cls("", where, object)
