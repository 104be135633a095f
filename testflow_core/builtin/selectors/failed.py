"""The selector `failed`: what failed last time, and what never ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.interfaces import Selector
from testflow_core.model import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Context, TestCase, Track


@frozen(kw_only=True)
class SelectFailed(Selector):
    """Tests whose last run failed, and tests without a past."""

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """A file that stands for its tests is selected where one of them is."""
        return [_choice(test, context.past.of(test)) for test in tests]


def _choice(test: TestCase, tracks: tuple[Track, ...]) -> Choice:
    if not tracks:
        return Choice(test=test, selected=True, reason="never ran")
    failing = [track for track in tracks if track.last_status.failing]
    if test.name is None:
        share = f"{len(failing)} of its {len(tracks)} tests" if failing else "none of its tests"
        return Choice(test=test, selected=bool(failing), reason=f"{share} failed in the last run")
    if failing:
        return Choice(test=test, selected=True, reason="failed in its last run")
    return Choice(test=test, selected=False, reason="passed in its last run")
