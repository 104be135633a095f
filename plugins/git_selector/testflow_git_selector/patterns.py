"""Test patterns: which test files `tests/**/test_{1}_*.py` names, once its groups are known."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_GLOB = re.compile(r"\*\*/|\*\*|\*|\?")
_AS_REGEX = {"**/": ".*/", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@frozen(kw_only=True)
class TestPattern:
    """
    A compiled test pattern.

    `pieces` are its literal texts, references (by name) and globs in order, each with its kind. `regex` matches the
    texts of the references and then a test file, all separated by NUL, so that it is compiled once for all texts.
    """

    __test__ = False

    pieces: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    regex: re.Pattern[str] | None

    def filled(self, groups: Mapping[str, str]) -> str:
        """The pattern with these texts for its references."""
        return "".join(groups[text] if kind == "reference" else text for kind, text in self.pieces)

    def literal_runs(self, groups: Mapping[str, str]) -> Sequence[tuple[str, bool]]:
        """The texts before, between and after the globs, each with whether a reference is in it."""
        runs = [("", False)]
        for kind, text in self.pieces:
            run, with_reference = runs[-1]
            if kind == "glob":
                runs.append(("", False))
            elif kind == "reference":
                runs[-1] = (run + groups[text], True)
            else:
                runs[-1] = (run + text, with_reference)
        return runs

    def start_of_name(self, groups: Mapping[str, str]) -> str:
        """What the last part of the path begins with, as far as no glob stands before it; may be empty."""
        start, growing = "", True
        for kind, text in self.pieces:
            literal = groups[text] if kind == "reference" else text
            if kind == "glob":
                start, growing = (start, False) if text in {"*", "?"} else ("", text == "**/")
            elif "/" in literal:
                start, growing = literal.rpartition("/")[2], True
            elif growing:
                start += literal
        return start


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> TestPattern:
    """The pattern, whose `::name` is left out and which names a whole folder where it ends in `/`."""
    path = pattern.partition("::")[0].removeprefix("./")
    names = tuple(dict.fromkeys(references.names(path)))
    # NUL stands in no path: the references are cut out by it, and what the grammar calls a brace is one by then.
    cut = references.resolve(path, {name: f"\0{name}\0" for name in names}).split("\0")
    if cut[-1].endswith("/"):
        cut[-1] += "**"
    pieces: list[tuple[str, str]] = []
    for index, text in enumerate(cut):
        pieces.extend([("reference", text)] if index % 2 else _globs(text))
    is_glob = any(kind == "glob" for kind, _ in pieces)
    return TestPattern(pieces=tuple(pieces), references=names, regex=_regex(pieces, names) if is_glob else None)


def _globs(text: str) -> Iterable[tuple[str, str]]:
    ends = [(0, 0), *(match.span() for match in _GLOB.finditer(text)), (len(text), len(text))]
    for (_, end), (start, stop) in pairwise(ends):
        if end < start:
            yield "literal", text[end:start]
        if start < stop:
            yield "glob", text[start:stop]


def _regex(pieces: Sequence[tuple[str, str]], names: tuple[str, ...]) -> re.Pattern[str]:
    parts = [f"(?P<_{index}>[^\0]*)\0" for index in range(len(names))]
    for before, (kind, text) in zip([("literal", "/"), *pieces], pieces, strict=False):
        if kind == "literal":
            parts.append(re.escape(text))
        elif kind == "reference":
            parts.append(f"(?P=_{names.index(text)})")
        elif text == "**/" and before[0] != "reference" and before[1].endswith("/"):
            parts.append("(?:.*/)?")
        else:
            parts.append(_AS_REGEX[text])
    return re.compile("".join(parts), re.DOTALL)
