"""What is said of a failure besides its cause: that it does not count for a while, that it is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.errors import HistoryError
from testflow_core.model import Status, TestCase
from testflow_core.wording import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from testflow_core.history import History
    from testflow_core.model import Outcome, Quarantine, TestResult

# What an environment or a worker does to a test says nothing of the application.
_OF_THE_TEST = (Status.FAILED, Status.TIMED_OUT)

FEW, MOST = 10, 0.5
"""Where more than half of ten results or more fail, the failure of none of them is new: something else is."""


class Standing:
    """
    What holds for the failures of one run: the quarantines that were declared or remembered, and the history.

    `now` is when the run began, in seconds since the epoch, `new_after` how long a test must not have failed for its
    failure to be new.
    """

    def __init__(self, history: History, quarantines: Iterable[Quarantine], now: float, new_after: timedelta) -> None:
        self._history = history
        self._all = tuple(quarantines)
        self._active = tuple(each for each in self._all if each.until > now)
        self._now = now
        self._new_after = new_after

    def counts(self, outcome: Outcome) -> bool:
        """Whether an outcome is a failure that fails the run."""
        return outcome.status.failing and not self._quarantined(outcome.test.id)

    def judged(self, results: Sequence[TestResult]) -> tuple[TestResult, ...]:
        """The results, with their quarantines, and with why a failure is likely to be a regression."""
        held = [self._held(each) for each in results] if self._active else results
        failed = [each for each in held if each.status in _OF_THE_TEST and not each.quarantined]
        if not failed or _something_else(held):
            return tuple(held)
        found = self._new_failures([_case(each) for each in failed])
        return tuple(evolve(each, regression=why) if (why := found.get(_case(each), "")) else each for each in held)

    def expired(self, results: Iterable[TestResult]) -> Iterator[str]:
        """A sentence for each quarantine that no longer holds although its tests still fail."""
        failed = {each.test_id for each in results if each.status.failing}
        for each in self._all:
            if each not in self._active and any(each.covers(test) and not self._quarantined(test) for test in failed):
                yield f"the quarantine of {each.test} expired on {day(each.until)}: its failures fail the run again"

    def _held(self, result: TestResult) -> TestResult:
        said = self._quarantined(result.test_id) if result.status.letter else ""
        return evolve(result, quarantined=said) if said else result

    def _quarantined(self, test_id: str) -> str:
        """Until when a test is in quarantine, and why; empty where it is in none."""
        covering = [each for each in self._active if each.covers(test_id)]
        if not covering:
            return ""
        last = max(covering, key=lambda each: each.until)
        return f"until {day(last.until)}" + (f": {last.reason}" if last.reason else "")

    def _new_failures(self, failed: Sequence[TestCase]) -> Mapping[TestCase, str]:
        try:
            return self._history.new_failures(failed, self._now, self._new_after)
        except HistoryError:
            # That it cannot be read was told when the order was to be known.
            return {}


def _something_else(results: Iterable[TestResult]) -> bool:
    ran = [each.status.failing for each in results if each.status.letter]
    return len(ran) >= FEW and sum(ran) > MOST * len(ran)


def _case(result: TestResult) -> TestCase:
    return evolve(TestCase.from_id(result.test_id), variant=result.variant)
