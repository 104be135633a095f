"""What tests and services say, as one line that a terminal can show."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tqdm.utils import disp_len, disp_trim

from testflow_core.model import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import Run

# Colours, cursor movements and titles (ECMA-48 control sequences and operating system commands).
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\-~])")
_WORDS = {
    Status.FAILED: "failed",
    Status.ERROR: "error",
    Status.TIMED_OUT: "timed out",
    Status.PASSED: "passed",
    Status.SKIPPED: "skipped",
    Status.UNAVAILABLE: "unavailable",
    Status.INTERRUPTED: "interrupted",
}
_CUT = "..."


def one_line(text: str) -> str:
    """The text without what a terminal would obey, every run of white space as one space."""
    shown = "".join(each if each.isprintable() else " " for each in _ESCAPES.sub("", text))
    return " ".join(shown.split())


def cut(text: str, room: int) -> str:
    """As much of a line as fits into so many columns; nothing where they are too few to say anything."""
    if disp_len(text) <= room:
        return text
    return disp_trim(text, room - len(_CUT)) + _CUT if room > len(_CUT) else ""


def listed(names: Sequence[str], room: int) -> str:
    """The first of the names that fit into so many columns, and how many more there are: `a.py, b.py +3`."""
    for shown in range(len(names), 0, -1):
        more = f" +{len(names) - shown}" if shown < len(names) else ""
        line = ", ".join(names[:shown]) + more
        if disp_len(line) <= room:
            return line
    return ""


def headline(run: Run) -> str:
    """`checkout: 1 failed, 7 passed (2 of them flaky) in 8.1s`: what went wrong first."""
    found = Counter(result.status for result in run.results)
    parts = [f"{found[status]:,} {word}" for status, word in _WORDS.items() if found[status]]
    flaky = f" ({len(run.flaky_tests):,} of them flaky)"
    if run.flaky_tests:
        parts = [part + flaky * part.endswith(_WORDS[Status.PASSED]) for part in parts]
    return f"{one_line(run.workflow)}: {', '.join(parts) or 'no tests'} in {sum(run.phases.values()):.1f}s"
