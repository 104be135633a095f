"""What to say of tests of which nobody else can say anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.execution.absence import Absence
from testflow_core.model import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.execution.stage import Stage
    from testflow_core.model import Batch, Plan, PlannedBatch, TestCase


def final(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Of each test the outcome of its last attempt."""
    last: dict[TestCase, Outcome] = {}
    for outcome in outcomes:
        if outcome.test not in last or outcome.attempt >= last[outcome.test].attempt:
            last[outcome.test] = outcome
    return list(last.values())


def bad(outcome: Outcome) -> bool:
    """Whether nothing can be built upon a test that ended so."""
    return outcome.status not in {Status.PASSED, Status.SKIPPED}


def stranded(planned: PlannedBatch, stage: Stage) -> list[Outcome]:
    """Errors, with the logs that tell why, where the environment or the data is missing; none where both are there."""
    for needed, there in ((planned.terms.data, stage.data_of(planned)), (True, stage.environment_of(planned))):
        if needed and isinstance(there, Absence):
            lost = every(planned, Status.ERROR, there.reason)
            return [evolve(outcome, message=there.message, text=there.text) for outcome in lost]
    return []


def cut_off(planned: PlannedBatch, outcomes: Mapping[str, Sequence[Outcome]]) -> list[Outcome]:
    """A test whose producers or needs did not pass is skipped, with the path from the test that is to blame."""
    producers = {producer for producer, _ in planned.feeds}
    for before in dict.fromkeys((*(producer for producer, _ in planned.feeds), *planned.needs)):
        ended = final(outcomes[before])
        # Of a file whose tests all run elsewhere nothing is told: those are needed by themselves.
        if not ended or (any(each.status is Status.PASSED for each in ended) and not any(map(bad, ended))):
            continue
        worst = next((outcome for outcome in ended if bad(outcome)), ended[0])
        cause = worst.reason if worst.status is Status.SKIPPED and " -> " in worst.reason else _ended(worst)
        missing = " -> its values are missing" if before in producers and " -> " not in cause else ""
        return every(planned, Status.SKIPPED, f"{cause}{missing} -> {planned.tests[0].label} not run")
    return []


def every(planned: PlannedBatch, status: Status, reason: str) -> list[Outcome]:
    """The same for every test of a batch."""
    return [_outcome(planned, test, status, reason) for test in planned.tests]


def silent(planned: PlannedBatch, batch: Batch, ended: Iterable[Outcome]) -> list[Outcome]:
    """An error for every test of a batch that ended without a word of it."""
    known = [outcome.test for outcome in ended]
    # Of a file whose tests run elsewhere nothing may be left, nor of those of it that were to run here.
    apart = {each.file for each in (*batch.exclude, *batch.only)}
    told = [test for test in batch.tests if test.name is None and test.file in apart]
    missing = [test for test in batch.tests if test not in told and not any(_covers(test, each) for each in known)]
    reason = "its runner gave no outcome"
    return [_outcome(planned, test, Status.ERROR, reason, batch.attempt) for test in missing]


def unfinished(
    planned: PlannedBatch,
    tests: Iterable[TestCase],
    ended: Iterable[Outcome],
    status: Status,
    reason: str,
    attempt: int = 1,
) -> list[Outcome]:
    """An outcome for every test that was cut short; a file is among them even if some of its tests ended."""
    known = {outcome.test for outcome in ended}
    missing = [test for test in tests if test.name is None or not any(_covers(test, each) for each in known)]
    return [_outcome(planned, test, status, reason, attempt) for test in missing if test not in known]


def interrupted(plan: Plan, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The same for every test of a plan that was stopped before any of its batches could start."""
    told: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        told.setdefault(outcome.batch, []).append(outcome)
    reason = "the run was stopped before it began"
    return [
        outcome
        for batch in plan.batches
        for outcome in unfinished(batch, batch.tests, told.get(batch.id, ()), Status.INTERRUPTED, reason)
    ]


def _ended(outcome: Outcome) -> str:
    return f"{outcome.test.label} {outcome.status.replace('_', ' ')}"


def _covers(planned: TestCase, ended: TestCase) -> bool:
    if (planned.application, planned.file) != (ended.application, ended.file):
        return False
    return planned.name in {None, ended.name} or (ended.name or "").startswith(f"{planned.name}[")


def placed(outcome: Outcome, planned: PlannedBatch | None) -> Outcome:
    """The outcome in the variant that its batch ran in: a runner knows of none."""
    if planned is None or outcome.test.variant == planned.variant:
        return outcome
    return evolve(outcome, test=evolve(outcome.test, variant=planned.variant))


def _outcome(planned: PlannedBatch, test: TestCase, status: Status, reason: str, attempt: int = 1) -> Outcome:
    return Outcome(
        test=test,
        status=status,
        reason=reason,
        message=reason,
        flow=planned.flow,
        batch=planned.id,
        attempt=attempt,
    )
