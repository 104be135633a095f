"""Results counted by application and status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.reporters.plain import amount, duration
from testflow_core.model import Status, TestCase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.model import Run, TestResult

_WORDS = {
    Status.FAILED: "failed",
    Status.ERROR: "error",
    Status.TIMED_OUT: "timed out",
    Status.PASSED: "passed",
    Status.SKIPPED: "skipped",
    Status.UNAVAILABLE: "unavailable",
    Status.INTERRUPTED: "interrupted",
}
_ALWAYS = (Status.PASSED, Status.FAILED)
_NOTICEABLE = 0.01


@frozen(kw_only=True)
class Tally:
    """How the tests of one application ended; `duration` is the sum of their seconds."""

    application: str
    counts: Mapping[Status, int]
    duration: float


def word(status: Status) -> str:
    """What people call a status."""
    return _WORDS[status]


def ended(status: Status, seconds: float) -> str:
    """`timed out after 2.00s`, `ended in an error`."""
    how = "ended in an error" if status is Status.ERROR else word(status)
    return f"{how} after {duration(seconds)}" if seconds > 0 else how


def tallies(results: Iterable[TestResult]) -> tuple[Tally, ...]:
    """One for each application, in the order of the results."""
    counts: dict[str, Counter[Status]] = {}
    seconds: dict[str, float] = {}
    for result in results:
        application = TestCase.from_id(result.test_id).application
        counts.setdefault(application, Counter())[result.status] += 1
        seconds[application] = seconds.get(application, 0.0) + result.duration
    return tuple(Tally(application=name, counts=found, duration=seconds[name]) for name, found in counts.items())


def columns(run: Run) -> tuple[Status, ...]:
    """The statuses worth a column: passed and failed, and those that occur."""
    present = {result.status for result in run.results}.union(_ALWAYS)
    order = (Status.PASSED, *(status for status in _WORDS if status is not Status.PASSED))
    return tuple(status for status in order if status in present)


def headline(run: Run) -> str:
    """`1 failed, 7 passed (2 of them flaky), 10 skipped`: what went wrong first."""
    found = Counter(result.status for result in run.results)
    parts = [_counted(found[status], status) for status in _WORDS if found[status]]
    if run.flaky_tests:
        passed = _counted(found[Status.PASSED], Status.PASSED)
        parts[parts.index(passed)] = f"{passed} ({len(run.flaky_tests):,} of them flaky)"
    return ", ".join(parts) or "no tests"


def _counted(number: int, status: Status) -> str:
    return amount(number, "error") if status is Status.ERROR else f"{number:,} {word(status)}"


def tried(result: TestResult) -> str:
    """`passed in attempt 2`: of a flaky test."""
    return f"passed in attempt {result.attempts}"


def phases(run: Run) -> str:
    """`provision 3.10s · execute 4.60s`: the phases that took time."""
    return " · ".join(f"{name} {duration(seconds)}" for name, seconds in run.phases.items() if seconds >= _NOTICEABLE)


def total(run: Run) -> str:
    """How long all phases took."""
    return duration(sum(run.phases.values()))
