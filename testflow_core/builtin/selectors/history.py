"""The selector `history`: every test, those first that are likely to fail; or those that fit into a time."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.builtin.selectors import budget
from testflow_core.builtin.selectors.adaptation import Adaptation
from testflow_core.builtin.selectors.prospects import Prospect, prospects
from testflow_core.errors import Problem, SpecError
from testflow_core.interfaces import Selector
from testflow_core.model import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from testflow_core.model import Context, Outcome, TestCase

LEAST_SECONDS = 0.001
"""No test is taken to be quicker: what costs nothing would come before everything."""


class Mode(StrEnum):
    """What comes first: what is likely to fail, or what is in proportion to its seconds, as many as fit or all."""

    FAILURES_FIRST = "failures-first"
    COST_AWARE = "cost-aware"
    BUDGET = "budget"


@frozen(kw_only=True)
class OrderByHistory(Selector):
    """
    Orders by the chance that a test fails, and drops none but where `mode` is `budget`.

    The priority is that chance in percent. Where `mode` is `cost-aware` or `budget` it follows from the chance per
    second, of which 1 is 50. A budget is filled with what is likely to fail per second, up to `max_duration` of the
    tests' own seconds; what changed, what never ran and what failed last runs all the same.
    """

    mode: Mode = Mode.FAILURES_FIRST
    max_duration: timedelta | None = None

    def __attrs_post_init__(self) -> None:
        if self.mode is Mode.BUDGET and self.max_duration is None:
            raise SpecError([Problem("$.max_duration", 'expected a duration such as "10m", for the mode is "budget"')])
        if self.mode is not Mode.BUDGET and self.max_duration is not None:
            raise SpecError([Problem("$.max_duration", f'needs the mode "budget", and it is "{self.mode.value}"')])

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """Every test with its priority; a file counts as the one of its tests that is most likely to fail."""
        return self._choices(prospects(tests, context))

    def _choices(self, found: Iterable[Prospect]) -> list[Choice]:
        if self.mode is Mode.FAILURES_FIRST:
            # Of 100,000 tests a call for each is a tenth of the time.
            return [
                Choice(test=each.test, selected=True, reason=each.reason, priority=100 * each.chance) for each in found
            ]
        if self.max_duration is None:
            return [self._choice(each) for each in found]
        fitting = budget.fill(list(found), self.max_duration.total_seconds())
        return [
            self._choice(each)
            if reason is None
            else Choice(test=each.test, selected=False, reason=reason, priority=self._priority(each))
            for each, reason in fitting
        ]

    def warnings(self, tests: Sequence[TestCase], context: Context) -> Iterable[str]:
        """That a budget does not suffice for what must run."""
        if self.max_duration is None:
            return ()
        return budget.warnings(prospects(tests, context), self.max_duration.total_seconds())

    def adaptation(
        self, choices: Sequence[Choice], context: Context
    ) -> Callable[[Sequence[Outcome]], Iterable[Choice]]:
        """What failed together before moves forward together, and what passed together stays behind."""
        by_test = {choice.test: choice for choice in choices if choice.selected}
        heard = Adaptation(prospects(by_test, context), context.past)

        def adapted(outcomes: Sequence[Outcome]) -> Iterable[Choice]:
            for prospect, why in heard(outcomes):
                known = by_test[prospect.test]
                yield evolve(known, priority=self._priority(prospect), reason=f"{known.reason}; {why}")

        return adapted

    def _choice(self, prospect: Prospect) -> Choice:
        return Choice(test=prospect.test, selected=True, reason=prospect.reason, priority=self._priority(prospect))

    def _priority(self, prospect: Prospect) -> float:
        if self.mode is Mode.FAILURES_FIRST:
            return 100 * prospect.chance
        per_second = prospect.chance / max(prospect.seconds, LEAST_SECONDS)
        return 100 * per_second / (1 + per_second)
