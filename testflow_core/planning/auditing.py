"""Tests that run although a strategy left them out, so that what it misses is known."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.planning.choices import ORDERING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Choice, CrossAppTest, Past, TestCase, TestSelection
    from testflow_core.planning.choices import Verdict

_LAST = -1.0
"""A class below all others: what was chosen for a reason comes first."""

_DRAWN_BYTES = 8


@frozen(kw_only=True)
class Auditing:
    """
    Which share of the tests that were left out runs all the same, from 0 to 1; 1 is a shadow run.

    `seed` draws them: the same are drawn for the same seed.
    """

    share: float = 0.0
    seed: str = ""

    def draws(self, test: TestCase) -> bool:
        """Whether the test is among them."""
        digest = blake2b(f"{self.seed}\0{test.id}".encode("utf-8", "surrogatepass"), digest_size=_DRAWN_BYTES).digest()
        return int.from_bytes(digest, "big") < self.share * 256**_DRAWN_BYTES


def audited(
    selections: Sequence[Verdict[TestSelection]],
    flows: Iterable[Verdict[CrossAppTest]],
    past: Past,
    auditing: Auditing,
) -> list[Verdict[TestSelection]]:
    """
    What selections say, and those of the tests that nobody chose which run as an audit.

    Not a test that failed last: that it fails once more says nothing of who left it out; where all are to run it does,
    uncounted. Nor one that was left out for lack of time, or that belongs to a flow.
    """
    if not auditing.share:
        return list(selections)
    settled = {choice.test for verdict in flows for choice in verdict.choices}
    settled |= {choice.test for verdict in selections for choice in verdict.choices if choice.selected}

    def judged(choice: Choice, strategy: str) -> Choice:
        if choice.test in settled or not auditing.draws(choice.test):
            return choice
        if any(track.last_status.failing for track in past.of(choice.test)):
            if auditing.share < 1:
                return choice
            reason = f"all run; it failed before, which says nothing of {strategy}: {choice.reason}"
            return evolve(choice, selected=True, reason=reason, priority=_LAST)
        reason = f"audit: {strategy} left it out: {choice.reason}"
        return evolve(choice, selected=True, reason=reason, priority=_LAST, left_out_by=strategy)

    return [
        verdict
        if verdict.unavailable or ORDERING in verdict.origin.strategies
        else evolve(verdict, choices=tuple(judged(choice, verdict.origin.strategy) for choice in verdict.choices))
        for verdict in selections
    ]
