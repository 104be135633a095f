"""A plan in parts that several machines carry out, none of which knows of the others."""

from __future__ import annotations

import re
from statistics import fmean
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.model.variant import labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from testflow_core.model.plan import Plan, PlannedBatch
    from testflow_core.model.test_case import TestCase

SAFE_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""What a run may be called: it is also a folder's name."""


@frozen(kw_only=True)
class Shard:
    """One of `of` parts of a run, by its number from 1."""

    number: int
    of: int


def shards(plan: Plan, number: int) -> tuple[Plan, ...]:
    """
    The plan in so many parts that take about the same time.

    Files are what is shared out, with all that waits for them or is awaited: how many workers there are splits and
    joins batches, and must not change which machine has which test. Longest processing time first, in whole
    milliseconds and with ties by name: R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969; the longest
    part is at most a third longer than in the best distribution. A file that no run has seen counts as the mean one.
    What is not chosen, or cannot be had, is told by the first part alone.
    """
    places = _distributed(_components(plan.batches), plan.seconds, number)
    return tuple(_part(plan, places, place) for place in range(number))


def _file(test: TestCase) -> str:
    return f"{test.application}::{test.file}"


def _can_be_taken_apart(batch: PlannedBatch, waited_for: frozenset[str]) -> bool:
    """Whether its files have been put together only because they are small."""
    return not (batch.whole or batch.flow or batch.after or batch.needs or batch.feeds or batch.id in waited_for)


def _waited_for(batches: Iterable[PlannedBatch]) -> frozenset[str]:
    return frozenset(before for batch in batches for before in _before(batch))


def _before(batch: PlannedBatch) -> tuple[str, ...]:
    return (*batch.after, *batch.needs, *(producer for producer, _ in batch.feeds))


def _bonds(batches: Sequence[PlannedBatch]) -> Iterator[Sequence[str]]:
    """Files that must be together; every file is in one of these at least."""
    waited_for = _waited_for(batches)
    files = {batch.id: list(dict.fromkeys(map(_file, batch.tests))) for batch in batches}
    for batch in batches:
        here = files[batch.id]
        yield from ([file] for file in here) if _can_be_taken_apart(batch, waited_for) else (here,)
        for before in _before(batch):
            yield [*here, *files.get(before, ())]


def _components(batches: Sequence[PlannedBatch]) -> Mapping[str, str]:
    """The first, by name, of the files that each file must be with: a union-find with path compression."""
    leaders: dict[str, str] = {}

    def leader(file: str) -> str:
        path: list[str] = []
        while leaders.setdefault(file, file) != file:
            path.append(file)
            file = leaders[file]
        leaders.update(dict.fromkeys(path, file))
        return file

    for bond in _bonds(batches):
        first = min(map(leader, bond))
        leaders.update({leader(file): first for file in bond})
    return {file: leader(file) for file in leaders}


def _distributed(components: Mapping[str, str], seconds: Mapping[str, float], number: int) -> Mapping[str, int]:
    """The place of the part that has each file, from 0."""
    known = {file: round(1000 * seconds[file]) for file in components if seconds.get(file)}
    unknown = max(1, round(fmean(known.values()))) if known else 1
    weights: dict[str, int] = {}
    for file, leader in components.items():
        weights[leader] = weights.get(leader, 0) + known.get(file, unknown)
    loads = [0] * number
    places: dict[str, int] = {}
    for leader in sorted(weights, key=lambda each: (-weights[each], each)):
        place = loads.index(min(loads))
        loads[place] += weights[leader]
        places[leader] = place
    return {file: places[leader] for file, leader in components.items()}


def _part(plan: Plan, places: Mapping[str, int], place: int) -> Plan:
    first = place == 0
    waited_for = _waited_for(plan.batches)

    def here(test: TestCase) -> bool:
        return places.get(_file(test), 0) == place

    batches = (
        _only(batch, [test for test in batch.tests if here(test)], plan.seconds)
        if _can_be_taken_apart(batch, waited_for)
        else batch
        for batch in plan.batches
        if any(map(here, batch.tests))
    )
    return evolve(
        plan,
        batches=tuple(batches),
        choices=tuple(each for each in plan.choices if (here(each.test) if each.selected else first)),
        unavailable=plan.unavailable if first else {},
        warnings=plan.warnings if first else (),
    )


def _only(batch: PlannedBatch, tests: Sequence[TestCase], seconds: Mapping[str, float]) -> PlannedBatch:
    if len(tests) == len(batch.tests):
        return batch
    files = list(dict.fromkeys(map(_file, tests)))
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return evolve(
        batch,
        id=labelled(f"{files[0]}{more}", batch.variant),
        tests=tuple(tests),
        exclude=tuple(test for test in batch.exclude if _file(test) in files),
        expected=sum(seconds.get(file, 0.0) for file in files),
    )
