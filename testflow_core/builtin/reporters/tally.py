"""Results counted by application and status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.model import Status, TestCase
from testflow_core.wording import WORST_FIRST, duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.model import Run, TestResult

_ALWAYS = (Status.PASSED, Status.FAILED)
_NOTICEABLE = 0.01


@frozen(kw_only=True)
class Tally:
    """How the tests of one application ended; `duration` is the sum of their seconds."""

    application: str
    counts: Mapping[Status, int]
    duration: float


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
    order = (Status.PASSED, *(status for status in WORST_FIRST if status is not Status.PASSED))
    return tuple(status for status in order if status in present)


def tried(result: TestResult) -> str:
    """`passed in attempt 2`: of a flaky test."""
    return f"passed in attempt {result.attempts}"


def phases(run: Run) -> str:
    """`provision 3.10s · execute 4.60s`: the phases that took time."""
    return " · ".join(f"{name} {duration(seconds)}" for name, seconds in run.phases.items() if seconds >= _NOTICEABLE)
