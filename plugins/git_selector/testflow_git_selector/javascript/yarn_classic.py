"""
The lock files of Yarn 1, which look like YAML and are none.

The format is what Yarn's own parser reads (`src/lockfile/parse.js` of yarnpkg/yarn): lines of `key value`, or of keys
with commas between them and a colon, below which indented lines are the key's own.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE = re.compile(r"( *)(.+)")
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[^\s:,"][^\s,"]*|:|,')
_DEEPEST = 2
"""A package, its tables of what it needs, their entries."""


class NotYarnError(ValueError):
    """A text that Yarn 1 does not write; the message has the line."""


def parsed(text: str) -> Mapping[str, object]:
    """The entries by their keys, commas between those that share one; NotYarnError where it is damaged."""
    root: dict[str, object] = {}
    # The tables that a line may belong to, by the depth of it.
    tables = [root]
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(line.rstrip())
        if found is None or found[2].startswith("#"):
            continue
        depth, odd = divmod(len(found[1]), 2)
        if odd or depth >= len(tables) or depth > _DEEPEST:
            raise NotYarnError(f"line {number} is indented as no line of Yarn's is")
        del tables[depth + 1 :]
        key, value = _entry(found[2], number)
        if key in tables[depth]:
            raise NotYarnError(f"line {number} says something of {key} again")
        if value is None:
            inner: dict[str, object] = {}
            tables[depth][key] = inner
            tables.append(inner)
        else:
            tables[depth][key] = value
    return root


def _entry(line: str, number: int) -> tuple[str, str | None]:
    """The key of a line, and its value; None where a table follows."""
    opening = line.endswith(":")
    words = list(_words(line.removesuffix(":") if opening else line, number))
    keys, commas = words[::2], words[1::2]
    if opening and len(words) % 2 and all(word is None for word in commas) and None not in keys:
        return ", ".join(str(key) for key in keys), None
    if not opening and len(words) == 2 and None not in words:  # noqa: PLR2004 - a key and its value
        return str(words[0]), str(words[1])
    raise NotYarnError(f"line {number} is neither a key and its value nor keys with a colon behind")


def _words(line: str, number: int) -> Iterator[str | None]:
    """The words of a line without their quotes; None for a comma."""
    place = 0
    while place < len(line):
        found = _TOKEN.match(line, place)
        if found is None or found[0] == ":":
            raise NotYarnError(f"line {number} has {line[place:][:20]!r} where a word is expected")
        word = found[0]
        yield None if word == "," else json.loads(word) if word.startswith('"') else word
        place = found.end() + len(line[found.end() :]) - len(line[found.end() :].lstrip(" "))
