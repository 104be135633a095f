"""Whether something of a batch that has ended runs once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.execution import verdicts
from testflow_core.model import TestCase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.model import Outcome, PlannedBatch


@frozen(kw_only=True)
class Again:
    """What of a batch runs once more."""

    attempt: int
    tests: tuple[TestCase, ...]
    exclude: tuple[TestCase, ...] = ()


def next_attempt(planned: PlannedBatch, attempt: int, outcomes: Iterable[Outcome]) -> Again | None:
    """
    The repetition of a batch, or the next attempt at those of its tests that failed; None where neither is due.

    `outcomes` are those of the attempt.
    """
    failed = tuple(outcome.test for outcome in verdicts.final(outcomes) if outcome.status.failing)
    if not failed and attempt < planned.terms.repetitions:
        return Again(attempt=attempt + 1, tests=planned.tests, exclude=planned.exclude)
    if failed and attempt < planned.terms.attempts:
        # A file that could not be read: what of it runs elsewhere does so again.
        return Again(attempt=attempt + 1, tests=failed, exclude=planned.exclude)
    return None
