"""How long batches take by what past runs tell, and the size and the order that follow from it."""

from __future__ import annotations

import re
from math import floor, fsum
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import graph

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from testflow_core.model import Past, PlannedBatch, TestCase

SMALL = 0.05
"""Seconds of expected work below which batches are put together: the way to a worker and back costs a millisecond."""

_END_OF_TITLE = re.compile(r"(?<=.)(?:\[|::)", re.DOTALL)


def timed(batch: PlannedBatch, past: Past) -> Iterator[tuple[TestCase, float]]:
    """The tests of a batch that past runs have seen, in each file's order, with the seconds they took on average."""
    wanted, only, apart = _names(batch.tests), _names(batch.only), _names(batch.exclude)
    for file, names in wanted.items():
        here = only.get(file) if None in names else names
        away = apart.get(file)
        for track in past.tracks.get((batch.application, file), ()):
            name = track.test.name
            there = (here is None or _is_meant(name, here)) and not (away and _is_meant(name, away))
            if there and track.test.variant == batch.variant:
                yield track.test, track.mean_duration


def weighed(batch: PlannedBatch, past: Past) -> PlannedBatch:
    """The batch with the seconds that its tests took on average; 0 where no run has seen one of them."""
    return evolve(batch, expected=fsum(seconds for _, seconds in timed(batch, past)))


def ends_of_titles(name: str) -> Iterator[int]:
    """Where in a test's name one ends that means it, too: that of its class, or its own without parameters."""
    return (found.start() for found in _END_OF_TITLE.finditer(name))


def put_together(batches: Sequence[PlannedBatch], whole: Container[str] = ()) -> list[PlannedBatch]:
    """
    Small batches of one application and class of priority as one, in order; those that nobody knows stay alone.

    Of the applications in `whole` all batches are one, but for those that wait or are waited for.
    """
    groups: list[list[PlannedBatch]] = []
    unfilled: dict[tuple[object, ...], list[PlannedBatch]] = {}
    waited_for = {before for batch in batches for before in batch.after}
    for batch in batches:
        together = batch.application in whole
        if batch.after or batch.id in waited_for or not (together or 0 < batch.expected < SMALL):
            groups.append([batch])
            continue
        kind = (batch.application, batch.runner, repr(batch.terms), batch.unit) if together else _kind(batch)
        if kind not in unfilled:
            unfilled[kind] = []
            groups.append(unfilled[kind])
        unfilled[kind].append(batch)
        if not together and sum(each.expected for each in unfilled[kind]) >= SMALL:
            del unfilled[kind]
    joined = [_one(group) for group in groups]
    return [evolve(batch, whole=batch.application in whole and batch.flow is None) for batch in joined]


def in_order(batches: Sequence[PlannedBatch]) -> tuple[PlannedBatch, ...]:
    """
    The most urgent class of priority first, and within it what takes longest, the batches that wait for it included.

    What must run alone comes last in its class, so that nobody stands idle for it twice.

    Longest processing time first: R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969; it ends at most a
    third later than the best order.
    """
    seconds, urgency = _chains(batches)
    return tuple(sorted(batches, key=lambda batch: (-floor(urgency[batch.id]), batch.terms.alone, -seconds[batch.id])))


def _names(tests: Iterable[TestCase]) -> Mapping[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for test in tests:
        found.setdefault(test.file, set()).add(test.name)
    return found


def _is_meant(name: str | None, names: Container[str | None]) -> bool:
    return name in names or (name is not None and any(name[:end] in names for end in ends_of_titles(name)))


def _kind(batch: PlannedBatch) -> tuple[object, ...]:
    return batch.application, batch.runner, repr(batch.terms), batch.unit, floor(batch.priority)


def _one(batches: Sequence[PlannedBatch]) -> PlannedBatch:
    first = batches[0]
    if len(batches) == 1:
        return first
    return evolve(
        first,
        id=f"{first.id} and {len(batches) - 1} more",
        tests=tuple(test for batch in batches for test in batch.tests),
        exclude=tuple(test for batch in batches for test in batch.exclude),
        expected=sum(batch.expected for batch in batches),
        priority=max(batch.priority for batch in batches),
    )


def _chains(batches: Sequence[PlannedBatch]) -> tuple[Mapping[str, float], Mapping[str, float]]:
    """The seconds of the longest chain of batches that begins with each, and the priority of its most urgent member."""
    expected = {batch.id: batch.expected for batch in batches}
    seconds = dict(expected)
    urgency = {batch.id: batch.priority for batch in batches}
    after = {batch.id: batch.after for batch in batches if batch.after}
    # Those that wait come before those that they wait for.
    for batch in reversed([each for wave in graph.waves(after) for each in wave]):
        for before in after[batch]:
            if before in seconds:
                seconds[before] = max(seconds[before], expected[before] + seconds[batch])
                urgency[before] = max(urgency[before], urgency[batch])
    return seconds, urgency
