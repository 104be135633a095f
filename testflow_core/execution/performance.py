"""Whether tests of performance took too long, by their own limits and by what they took before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import Outcome, Status, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Past, Terms, TestCase

ENOUGH = 3
"""Past runs without which nothing is said to be slower than they were."""


def too_slow(terms: Terms, outcomes: Iterable[Outcome], past: Past) -> list[Outcome]:
    """A failed attempt for each test that always passed and took longer than its terms allow, with all the numbers."""
    durations: dict[TestCase, list[Outcome]] = {}
    for outcome in outcomes:
        durations.setdefault(outcome.test, []).append(outcome)
    found: list[Outcome] = []
    for test, attempts in durations.items():
        if all(each.status is Status.PASSED for each in attempts):
            timing = Timing.of([each.duration for each in attempts])
            message = _judged(terms, timing, past.timings.get(test, ()))
            if message:
                found.append(_failed(attempts[-1], message))
    return found


def _judged(terms: Terms, timing: Timing, before: Sequence[float]) -> str:
    took = f"the median of its {timing.count} repetitions is {timing}"
    if terms.max_duration is not None and timing.median > terms.max_duration.total_seconds():
        return f"{took}, more than the {terms.max_duration.total_seconds():g} s that it may take"
    if terms.max_slowdown is None or len(before) < ENOUGH:
        return ""
    known = Timing.of(before)
    if timing.median <= terms.max_slowdown * known.median:
        return ""
    ratio = timing.median / known.median if known.median else float("inf")
    times = f"{ratio:.3g} times that of its last {known.count} runs, {known}"
    return f"{took}, {times}; {terms.max_slowdown:g} times is allowed"


def _failed(last: Outcome, message: str) -> Outcome:
    return evolve(
        last, status=Status.FAILED, message=message, reason=message, attempt=last.attempt + 1, duration=0.0, values=None
    )
