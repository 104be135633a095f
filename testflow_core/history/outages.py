"""Runs in which something else was broken than their tests: what failed there proves nothing of any of them."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from statistics import median_low
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.model.causes import masked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

TOGETHER = 5
"""So many tests at least fail by one cause that is none of theirs."""

MANY = 10
"""So many tests at least make a suite of which most may fail."""

DEVIATIONS = 5
"""An outage is so many standard deviations above what is usual, of a Poisson count: its square root."""

Group = tuple[str, ...]

WHOLE: Group = ("run",)
"""All tests of a run."""


@frozen(kw_only=True)
class Contradiction:
    """A test, by its key, that failed in a run, by its key, although it passes with the same sources."""

    run: int
    test: int
    application: str
    variant: str
    message: str

    @property
    def groups(self) -> tuple[Group, ...]:
        """Those that it may have failed together with: all tests, those of its environment, those with its message."""
        return WHOLE, ("environment", self.application, self.variant), ("cause", masked(self.message))


def outages(contradictions: Collection[Contradiction], comparable: Iterable[int]) -> dict[int, frozenset[Group]]:
    """
    The groups of tests that an outage befell, by run.

    A test that is broken fails every time, and contradicts nothing; flaky ones do so independently of each other,
    about as many in each run. So where many more than usual do, in a run, in an environment or with one message, it is
    not for them. `comparable` are the keys of runs whose sources other runs had, too.
    """
    counts: dict[Group, Counter[int]] = {}
    for each in contradictions:
        for group in each.groups:
            counts.setdefault(group, Counter())[each.run] += 1
    runs = sorted({*comparable, *(each.run for each in contradictions)})
    found: dict[int, set[Group]] = {}
    for group, by_run in counts.items():
        usual = median_low(by_run[run] for run in runs)
        for run, number in by_run.items():
            if number >= TOGETHER and number > usual + DEVIATIONS * sqrt(usual):
                found.setdefault(run, set()).add(group)
    return {run: frozenset(groups) for run, groups in found.items()}
