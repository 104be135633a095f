"""Long files in parts, which can run at the same time."""

from __future__ import annotations

from collections.abc import Container, Mapping
from statistics import median
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.model import EACH
from testflow_core.planning.weights import SMALL, ends_of_titles, timed, weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Past, PlannedBatch, Terms

SHARE = 8
"""A file is split where it takes longer than such a share of the time that no run can fall below."""


@frozen(kw_only=True)
class Division:
    """Whose files may be split, for how many workers, and how many there are of what tests take."""

    applications: Container[str]
    workers: int
    capacities: Mapping[str, int]


@frozen(kw_only=True)
class _Slice:
    """Tests that stay together, by names that mean them, and the seconds that they took."""

    names: tuple[str, ...]
    seconds: float


def bound(batches: Iterable[PlannedBatch], past: Past, workers: int) -> float:
    """The seconds that no order of single tests can fall below: all of them shared out evenly, or the longest."""
    seconds = [each for batch in batches for _, each in timed(batch, past)]
    return max(sum(seconds) / workers, max(seconds, default=0.0))


def divided(files: Iterable[PlannedBatch], past: Past, least: float, division: Division) -> list[PlannedBatch]:
    """
    The batches of files, split where they take longer than a share of the `least` seconds that the run can take.

    Parts are slices of the file in the order that the history has seen, none shorter than what is worth a batch of its
    own. A test of which the history knows nothing is in the first.
    """
    share = max(least / SHARE, SMALL)
    found: list[PlannedBatch] = []
    for batch in files:
        found += _parts(batch, past, share) if batch.expected > share and _may_be_split(batch, division) else [batch]
    return found


def _may_be_split(batch: PlannedBatch, division: Division) -> bool:
    if division.workers < 2 or batch.application not in division.applications:  # noqa: PLR2004 - at the same time
        return False
    return not (batch.terms.alone or batch.terms.repetitions > 1 or _in_turns(batch.terms, division.capacities))


def _in_turns(terms: Terms, capacities: Mapping[str, int]) -> bool:
    """Whether two that take what these terms say can never run at the same time."""
    return any(2 * number > capacities.get(name, EACH) for name, number in terms.resources.items())


def _parts(batch: PlannedBatch, past: Past, share: float) -> list[PlannedBatch]:
    first = batch.tests[0]
    whole = first.name is None
    known = _known(batch, past)
    if not known or (whole and len(batch.tests) > 1):
        return [batch]
    worth = max(SMALL, _set_up(known))
    slices = _joined(_together(known, max(share, worth), titles=whole), max(share, worth), worth)
    if len(slices) == 1:
        return [batch]
    tests = [tuple(evolve(first, name=name) for name in each.names) for each in slices]
    if whole:
        elsewhere = tuple(test for part in tests[1:] for test in part)
        parts = [
            evolve(batch, exclude=(*batch.exclude, *elsewhere)),
            *(evolve(batch, only=part) for part in tests[1:]),
        ]
    else:
        parts = [evolve(batch, tests=part) for part in tests]
    return [
        weighed(evolve(part, id=f"{batch.id} ({number} of {len(parts)})"), past)
        for number, part in enumerate(parts, start=1)
    ]


def _known(batch: PlannedBatch, past: Past) -> list[tuple[str, float]]:
    """The names of the tests that the batch runs, in order, with their seconds; of single ones, also those not seen."""
    seconds = {test.name: 0.0 for test in batch.tests if test.name is not None}
    named = frozenset(seconds)
    for test, duration in timed(batch, past):
        if test.name is not None:
            name = next((title for title in _titles(test.name) if title in named), test.name)
            seconds[name] = seconds.get(name, 0.0) + duration
    return list(seconds.items())


def _set_up(known: Sequence[tuple[str, float]]) -> float:
    """What each part would have to set up anew: of that it is only known that the first test of the file bears it."""
    return known[0][1] - median(seconds for _, seconds in known)


def _together(known: Iterable[tuple[str, float]], share: float, *, titles: bool) -> list[_Slice]:
    """
    Classes, functions with all their parameters, and where such a function takes longer than a share its variants.

    With `titles` each is named so that it includes what is new in it, and what cannot be named by itself is left out.
    """
    groups: dict[str, list[tuple[str, float]]] = {}
    for name, seconds in known:
        groups.setdefault(_titles(name)[-1], []).append((name, seconds))
    found: list[_Slice] = []
    for title, tests in groups.items():
        total = sum(seconds for _, seconds in tests)
        # A function that has been given parameters since: its plain name would mean all its variants.
        wide = {wider for name, _ in tests for wider in _titles(name)[1:]}.intersection(name for name, _ in tests)
        in_class = any(name.startswith(f"{title}::") for name, _ in tests)
        if total <= share or in_class or (wide and not titles):
            names = (title,) if titles else tuple(name for name, _ in tests)
            found.append(_Slice(names=names, seconds=total))
        else:
            found += [_Slice(names=(name,), seconds=seconds) for name, seconds in tests if name not in wide]
    return found


def _joined(slices: Iterable[_Slice], share: float, worth: float) -> list[_Slice]:
    """Neighbours as one up to a share, and until they are worth a batch."""
    found: list[_Slice] = []
    for each in slices:
        if found and (found[-1].seconds < worth or found[-1].seconds + each.seconds <= share):
            found[-1] = _one(found[-1], each)
        else:
            found.append(each)
    while len(found) > 1 and found[-1].seconds < worth:
        found[-2:] = [_one(*found[-2:])]
    return found


def _one(first: _Slice, second: _Slice) -> _Slice:
    return _Slice(names=(*first.names, *second.names), seconds=first.seconds + second.seconds)


def _titles(name: str) -> list[str]:
    """The names that mean a test, the widest last: its own, without parameters, its classes."""
    return [name[:end] for end in reversed([*ends_of_titles(name), len(name)])]
