"""Whom a changed docstring concerns: whoever asks for it by what it belongs to, or for those of what is decorated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testflow_git_selector.syntax import Reading
    from testflow_git_selector.units import Units

ANYBODY = ""
"""Stands for what was handed to a decorator: nobody knows where it is asked for."""

_ASKING = frozenset({"__doc__", "getdoc"})
_TEXT = re.compile(rb"__doc__|getdoc")


def documented(before: Units, after: Units) -> frozenset[str]:
    """The plain names of functions and classes that have another docstring, `ANYBODY` where one was decorated."""
    changed = {
        name
        for name in before.docstrings.keys() & after.docstrings.keys()
        if before.docstrings[name] != after.docstrings[name]
    }
    names = {name.rpartition(".")[2] for name in changed}
    return frozenset(names | ({ANYBODY} if changed & after.handed else set()))


def may_ask(sources: Mapping[str, bytes]) -> Iterator[str]:
    """The files in whose text somebody may ask for a docstring."""
    return (path for path, text in sources.items() if _TEXT.search(text))


def asking(file: Units, names: frozenset[str]) -> Mapping[str, str]:
    """The functions that ask for the docstring of one of these names, with the reason."""
    why = "asks for a docstring, which changed"
    return {name: f"function {name} {why}" for name, body in file.functions.items() if _asks(body, names)}


def asks_on_import(file: Units, names: frozenset[str]) -> str:
    """Why all of a file is concerned, empty where what runs on import asks for none of these docstrings."""
    asked = any(_asks(each, names) for each in (file.module, *file.names.values()))
    return "what runs when it is imported asks for a docstring, which changed" if asked else ""


def _asks(reading: Reading, names: frozenset[str]) -> bool:
    return not _ASKING.isdisjoint(reading.mentions) and (ANYBODY in names or not names.isdisjoint(reading.mentions))
