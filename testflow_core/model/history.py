"""What past runs tell the next one: an immutable view that deciding plugins are given."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import evolve, field, frozen

from testflow_core.model.flaky import Quarantine
from testflow_core.model.outcome import Status
from testflow_core.model.test_case import TestCase
from testflow_core.model.touched import TouchedMap


@frozen(kw_only=True)
class Track:
    """
    The past of one test: how often it ran and failed, how it ended last, its mean duration in seconds.

    `verdicts` has the letter of the status of each of its latest runs, the latest first, at most 64; it is empty where
    nobody kept them. `failed_in` are the numbers of the latest runs in which it failed, the latest first, at most 32:
    a number means the same run in all tracks of one past. `causes` has, in the same order, a name for the message of
    each of these failures, empty where it says nothing; nobody kept those of older runs.
    """

    test: TestCase
    runs: int
    failures: int
    last_status: Status
    mean_duration: float
    verdicts: str = ""
    failed_in: tuple[int, ...] = ()
    causes: tuple[str, ...] = ()


@frozen(kw_only=True)
class Past:
    """
    Tracks by the file whose tests they are: `(application, file)`.

    `maps` has, by application, what its tests touched when they were last recorded; `stale` says of applications why
    theirs cannot be used. `variants` names all those that tests ran in. `timings` are, of performance tests, the median
    seconds of past runs in which they passed, the latest first. `quarantines` are those that were not ended by hand,
    also if they have expired.
    """

    tracks: Mapping[tuple[str, str], tuple[Track, ...]] = field(factory=dict[tuple[str, str], tuple[Track, ...]])
    timings: Mapping[TestCase, tuple[float, ...]] = field(factory=dict[TestCase, tuple[float, ...]])
    variants: frozenset[str] = field(factory=frozenset[str])
    maps: Mapping[str, TouchedMap] = field(factory=dict[str, TouchedMap], eq=False)
    stale: Mapping[str, str] = field(factory=dict[str, str])
    quarantines: tuple[Quarantine, ...] = ()

    def of(self, test: TestCase) -> tuple[Track, ...]:
        """
        The tracks of one test, or of all tests of a file where `test` stands for the file.

        Of a test that names no variant those in all variants.
        """
        tracks = self.tracks.get((test.application, test.file), ())
        if test.variant:
            tracks = tuple(track for track in tracks if track.test.variant == test.variant)
        if test.name is None:
            return tracks
        return tuple(track for track in tracks if track.test.name == test.name)

    def within(self, variants: Collection[str]) -> Past:
        """What tests did in these variants alone, of which the empty name is none."""
        if not self.variants and "" in variants:
            return self
        kept = {
            file: tuple(each for each in found if each.test.variant in variants) for file, found in self.tracks.items()
        }
        return evolve(self, tracks=kept, variants=self.variants.intersection(variants))
