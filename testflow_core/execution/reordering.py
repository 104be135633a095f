"""Which batches have another priority now, by what selectors make of the outcomes so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve

from testflow_core.model import Choice, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Plan, PlannedBatch, TestCase

Adapted: TypeAlias = Callable[[Sequence[Outcome]], Iterable[Choice]]
"""Answers the choices that have another priority, given the outcomes that it was not given before."""


def unchanged(outcomes: Sequence[Outcome]) -> Iterable[Choice]:
    """Nobody adapts."""
    del outcomes
    return ()


class Reordering:
    """A batch has the priority of the most urgent of its tests."""

    def __init__(self, plan: Plan, adapted: Adapted) -> None:
        self._adapted = adapted
        self._batches: dict[TestCase, list[PlannedBatch]] = {}
        self._priorities = {choice.test: choice.priority for choice in plan.choices if choice.selected}
        self._heard: list[Outcome] = []
        for batch in plan.batches if adapted is not unchanged else ():
            for test in dict.fromkeys(self._chosen(test) for test in batch.tests):
                self._batches.setdefault(test, []).append(batch)

    def hear(self, outcome: Outcome) -> None:
        """Take note of an outcome."""
        if self._batches:
            self._heard.append(outcome)

    def moved(self) -> Iterator[tuple[str, float]]:
        """The ids of batches with their new priorities, after what was heard since the last time."""
        heard, self._heard = self._heard, []
        if not heard:
            return
        changed: dict[str, PlannedBatch] = {}
        for choice in self._adapted(heard):
            self._priorities[choice.test] = choice.priority
            changed |= {batch.id: batch for batch in self._batches.get(choice.test, ())}
        for batch in changed.values():
            yield batch.id, max(self._priorities.get(self._chosen(test), 0.0) for test in batch.tests)

    def _chosen(self, test: TestCase) -> TestCase:
        """The test that a selector chose: without a variant, and the whole file where that was chosen."""
        plain = evolve(test, variant="") if test.variant else test
        return plain if plain in self._priorities else evolve(plain, name=None)
