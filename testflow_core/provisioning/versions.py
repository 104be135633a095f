"""Which of the versions that are there is nearest to the one that was asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


def numbers(text: str) -> tuple[int, int] | None:
    """Major and minor of the first version in a text (`postgres (PostgreSQL) 15.18` is 15, 18); None without one."""
    match = _VERSION.search(text)
    return None if match is None else (int(match[1]), int(match[2] or 0))


def other_major(version: str, wanted: str | None) -> bool:
    """Whether a version has another major number than the wanted one; False where none is wanted."""
    asked = numbers(wanted or "")
    return asked is not None and asked[0] != (numbers(version) or (0, 0))[0]


def nearest(candidates: Sequence[T], wanted: str | None, version: Callable[[T], str]) -> T:
    """The first of those whose version is nearest to the wanted one; the newer where two are as near."""
    asked = numbers(wanted or "")
    if asked is None:
        return candidates[0]

    def distance(candidate: T) -> tuple[int, int, int]:
        major, minor = numbers(version(candidate)) or (0, 0)
        return abs(major - asked[0]), -major, abs(minor - asked[1])

    return min(candidates, key=distance)
