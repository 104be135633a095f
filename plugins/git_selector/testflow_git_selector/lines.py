"""Which lines of a file differ from the base, and who wrote them, by git."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from testflow_core.model import ChangedLines
from testflow_git_selector.git_command import GitError
from testflow_git_selector.inert import is_inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from testflow_git_selector.git_command import Git

HUNKS = 50
"""Hunks of one file that are told."""

_HUNK = re.compile(rb"(?m)^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_BLAMED = re.compile(r"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?$")
_NOBODY = re.compile("0+")

_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--relative", "--unified=0")


def changed_lines(git: Git, base: str, file: str) -> Iterator[ChangedLines]:
    """The hunks of a file, in order; what one hunk has of several commits are several."""
    inert = _is_inert(git, base, file)
    hunks = _hunks(git("diff", *_PLAIN, base, "--", f":(literal){file}"))
    written = _written(git, file, [(first, last) for first, last in hunks if first <= last])
    for first, last in hunks:
        if first > last:
            yield ChangedLines(file=file, first=first, last=last, inert=inert)
            continue
        for start, end in _by_commit(first, last, written):
            commit, author, summary = written.get(start, ("", "", ""))
            yield ChangedLines(
                file=file, first=start, last=end, commit=commit, author=author, summary=summary, inert=inert
            )


def _is_inert(git: Git, base: str, file: str) -> bool:
    """False, too, of a file that is new or gone."""
    try:
        before = git("show", f"{base}:./{file}").decode()
        now = (git.checkout / file).read_text(encoding="utf-8")
    except (GitError, OSError, UnicodeError):
        return False
    return is_inert(file, before, now)


def _hunks(diff: bytes) -> list[tuple[int, int]]:
    """First and last line of each, as the file is now; of lines that are gone the last is before the first."""
    found: list[tuple[int, int]] = []
    for first, count in _HUNK.findall(diff)[:HUNKS]:
        number = int(count) if count else 1
        at = int(first) + (number == 0)
        found.append((at, at + number - 1))
    return found


def _written(git: Git, file: str, ranges: Iterable[tuple[int, int]]) -> Mapping[int, tuple[str, str, str]]:
    """By line: commit, author and summary; what is not committed, or no file of git, is left out."""
    wanted = [word for first, last in ranges for word in ("-L", f"{first},{last}")]
    if not wanted:
        return {}
    try:
        said = git("blame", "--porcelain", "--no-textconv", *wanted, "--", file)
    except GitError:
        return {}
    commits: dict[str, dict[str, str]] = {}
    lines: dict[int, str] = {}
    current = ""
    for line in said.decode("utf-8", errors="replace").split("\n"):
        if found := _BLAMED.match(line):
            current = found[1]
            commits.setdefault(current, {})
            lines[int(found[2])] = current
        elif not line.startswith("\t"):
            key, _, value = line.partition(" ")
            commits.setdefault(current, {}).setdefault(key, value)
    return {
        number: (commit, commits[commit].get("author", ""), commits[commit].get("summary", ""))
        for number, commit in lines.items()
        if not _NOBODY.fullmatch(commit)
    }


def _by_commit(first: int, last: int, written: Mapping[int, tuple[str, str, str]]) -> Iterator[tuple[int, int]]:
    start = first
    for line in range(first + 1, last + 2):
        if line > last or written.get(line) != written.get(start):
            yield start, line - 1
            start = line
