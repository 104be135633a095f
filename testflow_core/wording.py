"""How runs are told to people: texts without what a terminal obeys or XML forbids, numbers, statuses, a headline."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from testflow_core.model import Status

if TYPE_CHECKING:
    from testflow_core.model import Run

WORST_FIRST = (
    Status.FAILED,
    Status.ERROR,
    Status.TIMED_OUT,
    Status.PASSED,
    Status.SKIPPED,
    Status.UNAVAILABLE,
    Status.INTERRUPTED,
)
"""Every status, what went wrong first."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements (ECMA-48 control sequences)
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links (operating system commands)
    r"|\x1b[ -/]*[0-Z\\-~]"
)
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_FORBIDDEN = re.compile("[^\t\n -~\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_MINUTE = 60
_HOUR = 3600
_TWO_DIGITS_BELOW = 10


def plain(text: str) -> str:
    """The text as XML 1.0 and any terminal can show it: lines end in a newline, what cannot be shown becomes U+FFFD."""
    return _FORBIDDEN.sub(_REPLACEMENT, _LINE_ENDS.sub("\n", _ESCAPES.sub("", text)))


def one_line(text: str) -> str:
    """The plain text with every run of white space as one space."""
    return " ".join(plain(text).split())


def duration(seconds: float) -> str:
    """`0.05s`, `12.3s`, `2m 05s`, `1h 02m`."""
    if seconds < _TWO_DIGITS_BELOW:
        return f"{seconds:.2f}s"
    if seconds < _MINUTE:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    if seconds < _HOUR:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}h {minutes:02}m"


def amount(number: int, noun: str) -> str:
    """`1 test`, `2,000 tests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def word(status: Status) -> str:
    """What people call a status."""
    return status.value.replace("_", " ")


def ended(status: Status, seconds: float) -> str:
    """`timed out after 2.00s`, `ended in an error`."""
    how = "ended in an error" if status is Status.ERROR else word(status)
    return f"{how} after {duration(seconds)}" if seconds > 0 else how


def headline(run: Run) -> str:
    """`1 leak, 1 failed, 7 passed (2 of them flaky), 10 skipped`: what went wrong first."""
    found = Counter(result.status for result in run.results)
    parts = [_counted(found[status], status) for status in WORST_FIRST if found[status]]
    if run.flaky_tests:
        passed = _counted(found[Status.PASSED], Status.PASSED)
        parts[parts.index(passed)] = f"{passed} ({len(run.flaky_tests):,} of them flaky)"
    leaks = [amount(len(run.leaks), "leak")] if run.leaks else []
    return ", ".join([*leaks, *(parts or ["no tests"])])


def _counted(number: int, status: Status) -> str:
    return amount(number, "error") if status is Status.ERROR else f"{number:,} {word(status)}"


def provided(run: Run) -> str:
    """Who brought up the environments, and how far they were kept apart; empty where there were none."""
    isolated = f"isolated by {run.isolation}" if run.isolation else ""
    return ", ".join(filter(None, (run.provisioner, isolated, run.origin)))


def total(run: Run) -> str:
    """How long all phases took."""
    return duration(sum(run.phases.values()))
