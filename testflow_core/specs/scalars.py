"""What each plain type accepts: exactly itself, never something that could be turned into it."""

from __future__ import annotations

import re
import reprlib
import shlex
from datetime import timedelta
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

E = TypeVar("E", bound=StrEnum)

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_MAX_PORT = 65_535
_DIGITS = re.compile(r"[0-9]{1,5}")


def expected(what: str, value: object) -> ValueError:
    """The error for a value of another kind than `what`."""
    return ValueError(f"expected {what}, got {reprlib.repr(value)}")


def text(value: object) -> str:
    """A string."""
    if not isinstance(value, str):
        raise expected("text", value)
    return value


def boolean(value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise expected("True or False", value)
    return value


def needed(value: object) -> bool | str:
    """True or False, or the name of what is needed."""
    if isinstance(value, bool) or (isinstance(value, str) and value.strip()):
        return value
    raise expected("True, False or the name of an environment", value)


def names(value: object) -> tuple[str, ...]:
    """A name, or a list of several, each once."""
    wrong = expected("a name or a list of names", value)
    found: Sequence[object] = ()
    if isinstance(value, list | tuple):
        found = cast("Sequence[object]", value)
    elif isinstance(value, str):
        found = (value,)
    if not found:
        raise wrong
    known: dict[str, None] = {}
    for each in found:
        if not isinstance(each, str) or not each.strip():
            raise wrong
        if each in known:
            raise ValueError(f"{each!r} is named twice")
        known[each] = None
    return tuple(known)


def one_of(kind: type[E], value: object) -> E:
    """One of the words of an enumeration."""
    known = [each.value for each in kind]
    if isinstance(value, str) and value in known:
        return kind(value)
    raise expected(f"one of {', '.join(map(repr, known))}", value)


def integer(value: object) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise expected("a whole number", value)
    return value


def count(value: object) -> int:
    """A whole number of 1 or more."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise expected("a count of 1 or more", value)
    return value


def number(value: object) -> float:
    """A number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise expected("a number", value)
    try:
        return float(value)
    except OverflowError:
        raise expected("a number that a float can hold", value) from None


def duration(value: object) -> timedelta:
    """A timedelta, a number of seconds, or text such as `"1.5s"`, `"10m"`."""
    if isinstance(value, timedelta):
        found = value
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        found = _seconds(float(match[1]) * _UNITS[match[2]], value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _seconds(value, value)
    else:
        raise expected('seconds or a duration such as "30s" or "10m"', value)
    if found <= timedelta(0):
        raise expected("a duration longer than nothing", value)
    return found


def _seconds(seconds: float, value: object) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise expected("a duration shorter than for ever", value) from None


def path(value: object) -> Path:
    """A path, or text that names one."""
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and value and "\0" not in value:
        return Path(value)
    raise expected("a path", value)


def pattern(value: object) -> re.Pattern[str]:
    """A regular expression in Python's syntax."""
    return _compiled(value, re.NOFLAG)


def failure_pattern(value: object) -> re.Pattern[str]:
    """A regular expression that is searched in failures, whatever the case; `(?-i:...)` takes that back."""
    return _compiled(value, re.IGNORECASE)


def _compiled(value: object, flags: re.RegexFlag) -> re.Pattern[str]:
    if isinstance(value, re.Pattern):
        if not isinstance(cast("re.Pattern[str] | re.Pattern[bytes]", value).pattern, str):
            raise expected("a regular expression for text", cast("object", value))
        return cast("re.Pattern[str]", value)
    try:
        return re.compile(text(value), flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None


def words(value: str) -> tuple[str, ...]:
    """Text split into an argument vector as a POSIX shell splits words; no shell ever runs it."""
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise ValueError(f"{value!r} cannot be split into words: {error}") from None


def word(value: object) -> str:
    """One word of an argument vector."""
    found = text(value)
    if "\0" in found:
        raise expected("a word without a zero byte", value)
    return found


def inner_port(value: object) -> int:
    """A port inside: a number, or text as the keys of JSON are."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return _port(int(value), lowest=1)
    return _port(value, lowest=1)


def outer_port(value: object) -> int:
    """A port wished for on the host; 0 is any."""
    return _port(value, lowest=0)


def _port(value: object, *, lowest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= _MAX_PORT:
        raise expected(f"a port from {lowest} to {_MAX_PORT}", value)
    return value


def plain_json(value: object) -> bool | int | float | str | None:
    """Anything that JSON can say in one word; JSON has neither NaN nor an infinity."""
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and isfinite(value)):
        return value
    raise expected("a value that JSON can say", value)
