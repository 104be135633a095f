"""Patterns of CODEOWNERS as regular expressions that take linear time for each `*`."""

from __future__ import annotations

import re

from attrs import define, field

PATTERN_LIMIT = 4_096
"""Characters of a pattern: as long as a path can be on Linux."""

_SPECIAL = re.compile(r"[*?\\]")
_ORDINARY = re.compile(r"/?(?:(?!\.{1,2}(?:/|$))[\w.*@+-]+/)*+(?!\.{1,2}$)(?:[\w.*@+-]+|(?<=\w/))", re.ASCII)
"""What nearly all lines are, of which nothing can be wrong."""

_ANY_DIRECTORIES = "(?:[^/]+/)*?"


@define(eq=False)
class PathPattern:
    """A pattern that has nothing wrong, made a regular expression once a path is looked for: most never are."""

    pattern: str
    _compiled: re.Pattern[str] | None = field(init=False, default=None, repr=False)

    def fullmatch(self, path: str, /) -> re.Match[str] | None:
        """Something where the whole path from the repository's root matches, None where it does not."""
        if self._compiled is None:
            self._compiled = _expression(self.pattern)
        return self._compiled.fullmatch(path)

    @property
    def part(self) -> str:
        """The longest name between slashes that every path has which matches; empty where there is none."""
        names = self.pattern.split("/")
        if _SPECIAL.search(self.pattern):
            names = [name for name in names if not _SPECIAL.search(name)]
        return max(names, key=len, default="")


def compiled(pattern: str) -> PathPattern:
    r"""
    What matches whole paths from the repository's root, `src/a.py`; ValueError says what is wrong with the pattern.

    The semantics are those of gitignore (https://git-scm.com/docs/gitignore#_pattern_format), but for what
    https://docs.github.com/articles/about-code-owners says: `docs/*` is no nested file, and `!` and `[ ]` mean nothing.
    A backslash makes any character stand for itself, as GitLab has it: `\#`, `\ `, `\[`.
    """
    if problem := _problem(pattern):
        raise ValueError(problem)
    return PathPattern(pattern)


def _expression(pattern: str) -> re.Pattern[str]:
    below = pattern.endswith("/")
    segments = pattern.removesuffix("/").split("/")
    if segments[0] == "":
        del segments[0]
    elif len(segments) == 1:
        segments.insert(0, "**")
    anything = segments[-1] == "**"
    runs = _runs(segments[:-1] if anything else segments)
    # What is left of a path can only be more where the run before is found earlier: nothing is ever tried again.
    written = "".join(
        f"(?>{_ANY_DIRECTORIES}{_run(run)}/)" if at else f"{_run(run)}/" for at, run in enumerate(runs[:-1]) if run
    )
    last = (_ANY_DIRECTORIES if len(runs) > 1 else "") + _run(runs[-1])
    if anything:
        tail = ("/" if runs[-1] else "") + (".+/.*" if below else ".+")
    elif below:
        tail = "/.*"
    else:
        tail = "" if segments[-1] == "*" and set(segments[:-1]) != {"**"} else "(?:/.*)?"
    return re.compile(written + last + tail, re.DOTALL)


def _problem(pattern: str) -> str:
    if len(pattern) <= PATTERN_LIMIT and _ORDINARY.fullmatch(pattern):
        return ""
    plain = re.sub(r"\\.", "x", pattern)
    wrong = {
        f"the pattern is longer than {PATTERN_LIMIT} characters": len(pattern) > PATTERN_LIMIT,
        "`!` is not supported; give these files a later line of their own": pattern.startswith("!"),
        r"ranges in brackets are not supported; a bracket of a name is written `\[`": re.search(r"[\[\]]", plain),
        "the pattern has characters that cannot be printed": not pattern.isprintable(),
        "a backslash at the end stands for nothing": "\\" in plain,
        "a name is missing between, before or after slashes": "//" in plain or plain in {"", "/"},
        "`.` and `..` are no parts of a path from the repository's root": {".", ".."} & set(plain.split("/")),
    }
    return next((problem for problem, holds in wrong.items() if holds), "")


def _runs(segments: list[str]) -> list[list[str]]:
    """The segments between `**`, of which one after the other is one."""
    runs: list[list[str]] = [[]]
    for segment in segments:
        if segment != "**":
            runs[-1].append(segment)
        elif runs[-1] or len(runs) == 1:
            runs.append([])
    return runs


def _run(segments: list[str]) -> str:
    return "/".join("[^/]+" if set(each) == {"*"} else _segment(each) for each in segments)


def _segment(segment: str) -> str:
    """One part of a path: of the pieces between stars, each but the first and the last is where it is found first."""
    first, *rest = _pieces(segment)
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle if piece) + f"[^/]*{last}"


def _pieces(segment: str) -> list[str]:
    pieces = [""]
    for found in re.finditer(r"\\(.)|(\*+)|(\?)|([^\\*?]+)", segment):
        escaped, stars, one, literal = found.groups()
        if stars:
            pieces.append("")
        else:
            pieces[-1] += "[^/]" if one else re.escape(escaped or literal)
    return pieces
