"""What a run has come to, as its events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from testflow_core.model import Status, TestCase

if TYPE_CHECKING:
    from testflow_core.model import BatchSubmitted, Outcome, Plan


@define(kw_only=True)
class Counts:
    """Each test once, by the last attempt at it that was told; `expected` is None where nobody knows how many come."""

    expected: int | None = None
    failed: int = 0
    flaky: int = 0
    _last: dict[str, Status] = field(init=False, factory=dict[str, Status])
    _stumbled: set[str] = field(init=False, factory=set[str])
    _running: dict[str, tuple[TestCase, ...]] = field(init=False, factory=dict[str, tuple[TestCase, ...]])

    @property
    def ended(self) -> int:
        """How many tests have an outcome."""
        return len(self._last)

    @property
    def total(self) -> int | None:
        """How many there will be; None where nobody knows, or where more ended than were expected."""
        return None if self.expected is None or self.expected < self.ended else self.expected

    def plan(self, plan: Plan) -> None:
        """Take note of what will run; of a file that is run whole nobody knows how many tests it has."""
        self.expected = plan.expected_tests

    def test(self, outcome: Outcome) -> None:
        """Take note of an attempt."""
        test, status = outcome.test.label, outcome.status
        self._count(test, -1)
        self._last[test] = status
        if status.failing:
            self._stumbled.add(test)
        self._count(test, 1)

    def submitted(self, event: BatchSubmitted) -> None:
        """Take note of tests that are about to run."""
        self._running[event.batch] = event.tests

    def done(self, batch: str) -> None:
        """Take note of a batch of which nothing is left."""
        self._running.pop(batch, None)

    def files(self) -> tuple[str, ...]:
        """The files of the tests that were handed over and may not have ended, each once, the oldest first."""
        return tuple(dict.fromkeys(test.file for tests in self._running.values() for test in tests))

    def _count(self, test: str, by: int) -> None:
        status = self._last.get(test)
        if status is not None and status.failing:
            self.failed += by
        elif status is Status.PASSED and test in self._stumbled:
            self.flaky += by
