"""Which environment tests run in, and the batches of those that run in several variants of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import specs
from testflow_core.errors import Problem, SpecError
from testflow_core.model import Past
from testflow_core.model.variant import labelled
from testflow_core.planning.weights import weighed
from testflow_core.provisioning import placing, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from testflow_core.model import Environment, PlannedBatch, Terms, TestData, Track


def mistakes(environments: Sequence[Environment], terms: Iterable[tuple[str, Terms]]) -> Iterator[Problem]:
    """Names that no environment bears, and tests that do not say which of several they need."""
    names = dict.fromkeys(each.name for each in environments)
    for path, each in terms:
        wanted = each.environment
        if isinstance(wanted, str) and wanted not in names:
            yield Problem(f"{path}.environment", specs.unknown_name("environment", wanted, names))
        elif wanted is True and len(names) > 1:
            known = ", ".join(map(repr, names))
            yield Problem(f"{path}.environment", f"say which of the environments it needs ({known}), or False for none")


def check_records(environments: Sequence[Environment], data: TestData | None) -> None:
    """SpecError with every reference, of a service or of its application's `start`, to a record that will not be."""
    several = len(environments) > 1
    found = [
        Problem(each.path, f"{each.message} (in the environment {environment.label!r})" if several else each.message)
        for environment in environments
        for each in records.problems(environment, data)
    ]
    found += placing.problems(data, environments)
    if found:
        raise SpecError(found)


def variants_of(terms: Terms, environments: Iterable[Environment]) -> tuple[str, ...]:
    """The variants that tests of these terms run in, in order; only the empty name where they run in none."""
    wanted = terms.environment
    return tuple(each.variant for each in environments if wanted is True or wanted == each.name) or ("",)


def slowest(past: Past) -> Past:
    """A past in which each test ran in no variant, and took as long as in the slowest of those that it ran in."""
    return Past(tracks={file: tuple(_slowest(tracks)) for file, tracks in past.tracks.items()})


def spread(batches: Sequence[PlannedBatch], environments: Sequence[Environment], past: Past) -> list[PlannedBatch]:
    """
    The batches, each in every variant that it runs in.

    What waits for another waits for it in its own variant; where the two run in different variants, or only one of them
    in any, for all of them.
    """
    variants = {batch.id: variants_of(batch.terms, environments) for batch in batches}
    return [
        _in_variant(batch, variant, variants, past) if variant else _waiting(batch, "", variants)
        for batch in batches
        for variant in variants[batch.id]
    ]


def _in_variant(batch: PlannedBatch, variant: str, variants: Mapping[str, Sequence[str]], past: Past) -> PlannedBatch:
    own = evolve(
        _waiting(batch, variant, variants),
        id=labelled(batch.id, variant),
        variant=variant,
        # What is left out of a file, or is all that runs of it, is named to the framework, which knows of no variant.
        tests=tuple(evolve(test, variant=variant) for test in batch.tests),
    )
    return evolve(own, expected=weighed(own, past).expected or batch.expected)


def _waiting(batch: PlannedBatch, variant: str, variants: Mapping[str, Sequence[str]]) -> PlannedBatch:
    if not batch.after:
        return batch
    own = variants[batch.id]

    def places(before: str) -> Iterator[str]:
        same = variants.get(before) == own
        for each in (variant,) if same else variants.get(before, ("",)):
            yield labelled(before, each)

    return evolve(
        batch,
        after=tuple(place for before in batch.after for place in places(before)),
        needs=tuple(place for before in batch.needs for place in places(before)),
        # The steps of a flow have the same terms, so that each is there in the same variants.
        feeds=tuple((labelled(before, variant), flow) for before, flow in batch.feeds),
    )


def _slowest(tracks: Iterable[Track]) -> Iterator[Track]:
    found: dict[str | None, Track] = {}
    for track in tracks:
        known = found.get(track.test.name)
        if known is None or track.mean_duration > known.mean_duration:
            found[track.test.name] = track
    for track in found.values():
        yield evolve(track, test=evolve(track.test, variant="")) if track.test.variant else track
