"""References in braces: `{payment-db.host}`, `{1}`, `{test_path}`; `{{` and `}}` are braces. No expressions."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from testflow_core.errors import UnknownReferenceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_NAME = re.compile(r"[\w.\[\]-]+")


def names(text: str) -> tuple[str, ...]:
    """The references of a text, in order; UnknownReferenceError where a brace is left open or a name is malformed."""
    return tuple(name for match in _TOKEN.finditer(text) if (name := _name(match, text)) is not None)


def resolve(text: str, values: Mapping[str, str]) -> str:
    """The text with every reference replaced by its value; UnknownReferenceError, listing the known ones."""

    def replacement(match: re.Match[str]) -> str:
        name = _name(match, text)
        if name is None:
            return match.group()[0]
        if name not in values:
            raise UnknownReferenceError(unknown(name, values))
        return values[name]

    return _TOKEN.sub(replacement, text)


def unknown(name: str, known: Iterable[str]) -> str:
    """What to say of a reference that nobody knows."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean {{{close[0]}}}?" if close else ""
    listed = ", ".join(f"{{{each}}}" for each in known) or "none"
    return f"unknown reference {{{name}}}{hint} (known: {listed})"


def _name(match: re.Match[str], text: str) -> str | None:
    token = match.group()
    if token in {"{{", "}}"}:
        return None
    name = match.group(1)
    if name is None or not _NAME.fullmatch(name):
        raise UnknownReferenceError(f"{token!r} in {text!r} is no reference; write {{{{ or }}}} for a brace")
    return name
