"""What each plain type accepts: exactly itself, never something that could be turned into it."""

from __future__ import annotations

import re
import reprlib
import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from testflow_core.model import Json

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_MAX_PORT = 65_535


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


def integer(value: object) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise expected("a whole number", value)
    return value


def number(value: object) -> float:
    """A number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise expected("a number", value)
    return float(value)


def duration(value: object) -> timedelta:
    """A timedelta, a number of seconds, or text such as `"1.5s"`, `"10m"`."""
    if isinstance(value, timedelta):
        found = value
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        found = timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    elif isinstance(value, int | float) and not isinstance(value, bool):
        try:
            found = timedelta(seconds=value)
        except (OverflowError, ValueError):
            raise expected("a duration", value) from None
    else:
        raise expected('seconds or a duration such as "30s" or "10m"', value)
    if found <= timedelta(0):
        raise expected("a duration longer than nothing", value)
    return found


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
        return cast("re.Pattern[str]", value)
    try:
        return re.compile(text(value), flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from None


def command(value: object) -> tuple[str, ...]:
    """An argument vector, or text that is split into one as a POSIX shell splits words; no shell ever runs it."""
    if isinstance(value, str):
        try:
            words = tuple(shlex.split(value))
        except ValueError as error:
            raise ValueError(f"{value!r} cannot be split into words: {error}") from None
    elif isinstance(value, list | tuple):
        words = tuple(text(word) for word in cast("Sequence[object]", value))
    else:
        raise expected("a command as text or a list of words", value)
    if not words or any("\0" in word for word in words):
        raise expected("a command of one word or more", cast("object", value))
    return words


def ports(value: object) -> dict[int, int]:
    """Ports inside (numbers, or text as JSON has it) to the ports wished for on the host (0: any)."""
    if not isinstance(value, Mapping):
        raise expected("a mapping of ports", value)
    found: dict[int, int] = {}
    for inner, outer in cast("Mapping[object, object]", value).items():
        key = int(inner) if isinstance(inner, str) and inner.isascii() and inner.isdigit() else inner
        found[_port(key, lowest=1)] = _port(outer, lowest=0)
    return found


def _port(value: object, *, lowest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= _MAX_PORT:
        raise expected(f"a port from {lowest} to {_MAX_PORT}", value)
    return value


def json(value: object) -> Json:
    """Anything that JSON can say."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {text(key): json(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [json(item) for item in cast("Sequence[object]", value)]
    raise expected("a value that JSON can say", value)
