"""What of a run that was cut off holds, and what of it is still to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core.execution import verdicts
from testflow_core.execution.attempts import Again, next_attempt
from testflow_core.model import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from testflow_core.model import Plan, PlannedBatch, TestCase

CUT_OFF = "it was running when the run was cut off, and is not to be run again"


@frozen(kw_only=True)
class Kept:
    """The outcomes that hold, and the batches of which nothing is left."""

    outcomes: tuple[Outcome, ...] = ()
    ended: frozenset[str] = field(factory=frozenset[str])


def kept(
    plan: Plan,
    journalled: Iterable[Outcome],
    noted: Iterable[Outcome],
    begun: Iterable[str],
    ended: frozenset[str],
    notes: Callable[[str], bool],
) -> Kept:
    """
    What holds of what a journal and the workers of a run tell.

    Each attempt counts once. A test that had begun and not ended is run again, unless that is not to be: then it is
    interrupted. `notes` answers whether the workers of a runner note what they do; of the others it is only known that
    a batch had begun.
    """
    planned = {batch.id: batch for batch in plan.batches}
    found = {_identity(outcome): outcome for outcome in journalled if outcome.batch in planned}
    for outcome in noted:
        batch = planned.get(outcome.batch)
        if batch is None:
            continue
        outcome = verdicts.placed(outcome, batch)  # noqa: PLW2901 - who noted it knew of no variant
        if outcome.status is not Status.INTERRUPTED:
            # The values of a step may have been on their way, in a file that is gone.
            if outcome.values is not None or not batch.wanted or _identity(outcome) in found:
                found[_identity(outcome)] = _with_values(outcome, found.get(_identity(outcome)))
        elif not batch.terms.idempotent and _identity(outcome) not in found:
            found[_identity(outcome)] = evolve(outcome, reason=CUT_OFF, message=CUT_OFF)
    outcomes = list(found.values())
    for name in begun:
        batch = planned.get(name)
        if batch is not None and name not in ended and not batch.terms.idempotent and not notes(batch.runner):
            told = [outcome for outcome in outcomes if outcome.batch == name]
            outcomes += verdicts.unfinished(batch, batch.tests, told, Status.INTERRUPTED, CUT_OFF)
    return Kept(outcomes=tuple(outcomes), ended=ended & planned.keys())


def rest(batch: PlannedBatch, outcomes: list[Outcome]) -> Again | None:
    """What of a batch is still to run, None where that is nothing."""
    if not outcomes:
        return Again(attempt=1, tests=batch.tests, exclude=batch.exclude)
    attempt = max(outcome.attempt for outcome in outcomes)
    now = [outcome for outcome in outcomes if outcome.attempt == attempt]
    due = _due(batch, attempt, outcomes)
    done = dict.fromkeys(outcome.test for outcome in now)
    tests = tuple(test for test in due if test not in done)
    if not tests:
        return next_attempt(batch, attempt, now)
    # Of a file that was cut off the tests that have ended are left out.
    return Again(
        attempt=attempt, tests=tests, exclude=(*batch.exclude, *(test for test in done if test.name is not None))
    )


def _due(batch: PlannedBatch, attempt: int, outcomes: list[Outcome]) -> tuple[TestCase, ...]:
    if attempt == 1 or batch.terms.repetitions > 1:
        return batch.tests
    before = [outcome for outcome in outcomes if outcome.attempt == attempt - 1]
    return tuple(outcome.test for outcome in before if outcome.status.failing)


def _identity(outcome: Outcome) -> tuple[TestCase, str | None, int]:
    return outcome.test, outcome.flow, outcome.attempt


def _with_values(outcome: Outcome, known: Outcome | None) -> Outcome:
    """The journal may know values that a worker did not: those that a test wrote to a file."""
    return evolve(outcome, values=known.values) if known is not None and outcome.values is None else outcome
