"""What must have passed before what: declared dependencies as edges between batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import graph, specs
from testflow_core.errors import Problem, SpecError
from testflow_core.model import TestCase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Dependency, PlannedBatch, TestWorkflow


def named(dependencies: Iterable[Dependency]) -> dict[TestCase, None]:
    """Every test or file that some dependency names, once, in the order of their names' first appearance."""
    return {TestCase.from_id(name): None for each in dependencies for name in (each.test, *each.needs)}


def wired(batches: Sequence[PlannedBatch], dependencies: Iterable[Dependency]) -> list[PlannedBatch]:
    """The batches, each waiting for those it needs; SpecError where they wait for each other in a circle."""
    places = _Places(batches)
    needs: dict[str, dict[str, None]] = {}
    for each in dependencies:
        dependents = places.of(each.test)
        wanted = dict.fromkeys(found for name in each.needs for found in places.of(name))
        # A file that needs one of its own tests is the rest of that file.
        for dependent in (found for found in dependents if found not in wanted):
            needs.setdefault(dependent, {}).update(wanted)
    found = [_waiting(batch, tuple(needs.get(batch.id, ()))) for batch in batches]
    circles = graph.cycles({batch.id: batch.after for batch in found})
    if circles:
        raise SpecError([Problem(specs.DEPENDENCIES, specs.circle_text(circle)) for circle in circles])
    return found


def remarks(workflow: TestWorkflow, batches: Sequence[PlannedBatch]) -> tuple[str, ...]:
    """Dependencies that change nothing in this run, because one of their tests is not in it."""
    places = _Places(batches)
    return tuple(
        f"{each.test} does not wait for {name}: {missing} is not among the tests that run"
        for each in workflow.dependencies
        for name in each.needs
        for missing in [each.test if not places.of(each.test) else name]
        if not places.of(missing)
    )


class _Places:
    """The ids of the batches in which a test or a file runs."""

    def __init__(self, batches: Iterable[PlannedBatch]) -> None:
        self._by_test: dict[TestCase, list[str]] = {}
        for batch in batches:
            for test in batch.tests:
                self._by_test.setdefault(test, []).append(batch.id)
                if test.name is not None:
                    whole = TestCase(application=test.application, file=test.file)
                    self._by_test.setdefault(whole, []).append(batch.id)

    def of(self, name: str) -> list[str]:
        return self._by_test.get(TestCase.from_id(name), [])


def _waiting(batch: PlannedBatch, needs: tuple[str, ...]) -> PlannedBatch:
    if not needs:
        return batch
    return evolve(batch, after=tuple(dict.fromkeys((*batch.after, *needs))), needs=needs)
