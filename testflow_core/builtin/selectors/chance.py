"""How likely a test is to fail, by its past alone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from testflow_core.model import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import Past, Track

DECAY = 0.5
"""What a run counts in the recent rate, of what the run after it does."""

_RECENT, _OVERALL = 0.5, 1.0
"""Runs at the base rate that are added to those of a test, in each of the two rates."""

REMEMBERED = 16
"""Runs beyond which the weight of the next is nothing."""

UNSEEN = 0.6
"""Taken for the chance of a test that never ran: before what fails as often as not, after what fails always."""

_FEW = 10.0
"""Runs without a failure that are added to those of all tests, so that a short history is no certain one."""

_PASSED = Status.PASSED.letter


def base_rate(past: Past) -> float:
    """The share of all runs of all tests that failed, each at first taken to fail once in ten runs."""
    runs = failures = 0
    for tracks in past.tracks.values():
        for track in tracks:
            runs += track.runs
            failures += track.failures
    return (failures + 1) / (runs + _FEW)


def chance_of(track: Track, base: float) -> float:
    """
    The mean of two rates: that of recent runs, by exponential decay, and that of all runs.

    Each is drawn towards `base`. The first follows what has just broken or been repaired, the second remembers what
    breaks again and again.
    """
    if track.verdicts:
        failed, runs = _weights(track.verdicts[:REMEMBERED])
        recent = (failed + _RECENT * base) / (runs + _RECENT)
    else:
        recent = (track.last_status.failing + _RECENT * base) / (1 + _RECENT)
    return (recent + (track.failures + _OVERALL * base) / (track.runs + _OVERALL)) / 2


def most_likely(tracks: Sequence[Track], base: float) -> tuple[float, Track]:
    """The highest chance among tracks, and whose it is."""
    found = [(chance_of(track, base), track) for track in tracks]
    return max(found, key=lambda each: each[0])


# Of so few verdicts there are few different ones.
@lru_cache(maxsize=1 << REMEMBERED)
def _weights(verdicts: str) -> tuple[float, float]:
    """What the failures among verdicts, and all of them, weigh together."""
    weights = [DECAY**age for age in range(len(verdicts))]
    return sum(weight for weight, verdict in zip(weights, verdicts, strict=True) if verdict != _PASSED), sum(weights)
