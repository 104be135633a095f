"""Finds what went wrong in what a TAP producer says of a failed test, without reading all of YAML."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from textwrap import dedent
from typing import TYPE_CHECKING

from testflow_core.builtin.runners.agent.texts import first_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

# vitest has the message below its key `error`, Node at it.
_MESSAGE = re.compile(r"\s*(?:message|error):(?:\s+(\S.*))?$")
_COMPARED = re.compile(r"\s*(?:expected|actual):\s+\S")
_DURATION = re.compile(r"\s*duration_ms:\s+(\d{1,12}(?:\.\d{1,12})?)\s*$")
_BLOCK = re.compile(r"[|>][-+\d]*$")
_FAILED = re.compile(r"#\s+Failed (?:\(TODO\) )?test(?: '(.*)')?(?: at .*)?$")
_SUMMARY = "# Looks like "


def message_of(block: Sequence[str]) -> str:
    """The first `message` or `error` of the lines of a YAML block, else what it compares; empty where there is none."""
    for at, line in enumerate(block):
        found = _MESSAGE.match(line)
        if found is None or found[1] is None:
            continue
        value = found[1].rstrip()
        text = _below(line, block[at + 1 :]) if _BLOCK.match(value) else _unquoted(value)
        if text:
            return first_lines(text)
    return first_lines("\n".join(line.strip() for line in block if _COMPARED.match(line)))


def duration_of(block: Sequence[str]) -> float:
    """The `duration_ms` of the lines of a YAML block, in seconds; 0 where there is none."""
    found = next(filter(None, map(_DURATION.match, block)), None)
    return float(found[1]) / 1000 if found else 0.0


def said_by_test_more(stderr: str) -> dict[str, deque[str]]:
    """What perl's Test::More says of failed tests, by their names, in order: it does so on standard error."""
    found: defaultdict[str, list[list[str]]] = defaultdict(list)
    said: list[str] = []
    for line in map(str.strip, stderr.splitlines()):
        failed = _FAILED.match(line)
        if failed:
            said = []
            found[failed[1] or ""].append(said)
        elif not line.startswith("#") or line.startswith(_SUMMARY):
            said = []
            continue
        said.append(line.lstrip("# "))
    return {name: deque(first_lines("\n".join(each)) for each in several) for name, several in found.items()}


def _below(line: str, rest: Sequence[str]) -> str:
    """The lines of a block scalar: those indented more than its key."""
    indent = _indent(line)
    end = next((at for at, each in enumerate(rest) if each.strip() and _indent(each) <= indent), len(rest))
    return dedent("\n".join(rest[:end])).strip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _unquoted(value: str) -> str:
    mark = value[0]
    if mark not in "'\"" or len(value) == 1 or value[-1] != mark:
        return value
    inner = value[1:-1]
    return inner.replace("''", "'") if mark == "'" else inner.replace('\\"', '"').replace("\\n", "\n")
