"""What differs from run to run taken out of a text, so that what is left can be compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_VOLATILE = re.compile(
    # What any of it begins with, so that in most places nothing else is tried.
    r"(?=[\d/\\@:\[l]|[A-Za-z]:|\b[0-9a-fA-F]{7})(?:"
    r"(?P<line>\bline \d+|(?<=\.\w\w):\d+|(?<=\.java):\d+)"
    r"|(?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)"
    r"|(?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b)"
    r"|(?P<address>\b0x[0-9a-fA-F]+\b|@[0-9a-f]{4,16}\b)"
    r"|(?P<host>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|\[?::1\]?(?::\d{1,5})?|\blocalhost:\d{1,5}\b)"
    r"|(?P<path>(?<![\w.])(?:[A-Za-z]:)?[/\\](?:[\w.@+~-]+[/\\])*(?P<file>[\w.@+~-]+))"
    r"|(?P<hex>\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{7,64}\b)"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))",
    re.ASCII,
)
_TEMPORARY = re.compile(r"(?i)^(?:tmp|temp|pytest-|junit|jest|testng|\d)|\d{3,}|[0-9a-f]{8}|[a-z0-9_]{8}$")


def masked(text: str) -> str:
    """
    The text with addresses, times, numbers, paths and the like as `<kind:1>`, numbered in the order of their values.

    Equal values have equal numbers, so that `5 == 5` and `5 == 6` stay different. Of a path the file's name stays,
    unless it looks like a temporary one.
    """
    return _VOLATILE.sub(_numbered(), text)


def _numbered() -> Callable[[re.Match[str]], str]:
    seen: dict[str, int] = {}

    def replaced(found: re.Match[str]) -> str:
        kind = found.lastgroup or ""
        if kind == "file":
            kind = "path"
        value = found[0]
        if kind == "line":  # it moves with every edit above it, whatever else has that number
            return "<line>"
        if kind == "path" and not _is_temporary(value):
            return f"<path>/{found['file']}"
        return f"<{kind}:{seen.setdefault(value, len(seen) + 1)}>"

    return replaced


def _is_temporary(path: str) -> bool:
    parts = re.split(r"[/\\]", path)
    return "tmp" in parts[:3] or bool(_TEMPORARY.search(parts[-1]) and "." not in parts[-1])
