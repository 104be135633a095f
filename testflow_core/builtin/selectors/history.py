"""The selector `history`: every test, those first that are likely to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.interfaces import Selector
from testflow_core.model import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Context, TestCase, Track

_LAST_FAILED = 2.0
_NEVER_RAN = 1.5


@frozen(kw_only=True)
class OrderByHistory(Selector):
    """
    Orders and never drops: tests that failed last, then tests that never ran, then by the share of runs that failed.

    A priority is 2 to 3 for the first, 1.5 for the second, 0 to 1 for the others.
    """

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """Every test, selected; a file counts as the one of its tests that comes first."""
        return [_choice(test, context.past.of(test)) for test in tests]


def _choice(test: TestCase, tracks: tuple[Track, ...]) -> Choice:
    if not tracks:
        return Choice(test=test, selected=True, reason="never ran", priority=_NEVER_RAN)
    first = max(tracks, key=_priority)
    return Choice(test=test, selected=True, reason=_reason(test, first), priority=_priority(first))


def _priority(track: Track) -> float:
    rate = track.failures / track.runs if track.runs else 0.0
    return _LAST_FAILED + rate if track.last_status.failing else rate


def _reason(test: TestCase, track: Track) -> str:
    whose = f"its test {track.test.name} " if test.name is None and track.test.name is not None else ""
    if track.last_status.failing:
        return f"{whose}failed in its last run"
    return f"{whose}failed in {track.failures} of {track.runs} runs"
