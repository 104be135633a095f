"""What past runs tell the next one: an immutable view that deciding plugins are given."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from testflow_core.model.outcome import Status
from testflow_core.model.test_case import TestCase


@frozen(kw_only=True)
class Track:
    """The past of one test: how often it ran and failed, how it ended last, its mean duration in seconds."""

    test: TestCase
    runs: int
    failures: int
    last_status: Status
    mean_duration: float


@frozen(kw_only=True)
class Past:
    """
    Tracks by the file whose tests they are: `(application, file)`.

    `timings` are, of performance tests, the median seconds of past runs in which they passed, the latest first.
    """

    tracks: Mapping[tuple[str, str], tuple[Track, ...]] = field(factory=dict[tuple[str, str], tuple[Track, ...]])
    timings: Mapping[TestCase, tuple[float, ...]] = field(factory=dict[TestCase, tuple[float, ...]])

    def of(self, test: TestCase) -> tuple[Track, ...]:
        """The track of one test, or of all tests of a file where `test` stands for the file."""
        tracks = self.tracks.get((test.application, test.file), ())
        if test.name is None:
            return tracks
        return tuple(track for track in tracks if track.test == test)
