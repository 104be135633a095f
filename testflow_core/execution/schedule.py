"""The batches of a plan in the order that their dependencies allow, each as soon as it can start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core.execution import verdicts
from testflow_core.execution.performance import too_slow
from testflow_core.execution.resources import Resources
from testflow_core.execution.stage import Absence
from testflow_core.execution.values import MissingValueError, given, inputs
from testflow_core.execution.waiting import Waiting
from testflow_core.model import Batch, BatchEnded, Bench, Outcome, Past, Status, TestCase
from testflow_core.provisioning.wiring import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from testflow_core.execution.stage import Stage
    from testflow_core.interfaces import Crew
    from testflow_core.model import Plan, PlannedBatch, WorkerLost

AHEAD = 2
"""Batches that are handed over beyond those that can run: so a worker that is free finds one at once."""


class Schedule:
    """Which batches of a plan wait, run and have ended, and what their tests gave."""

    def __init__(self, plan: Plan, stage: Stage, past: Past, capacities: Mapping[str, int]) -> None:
        self.plan = plan
        self.stage = stage
        self.past = past
        self.waiting = Waiting(plan.batches)
        self.resources = Resources(capacities)
        self.running: dict[str, Batch] = {}
        self.again: dict[str, _Again] = {}
        self.ended: set[str] = set()
        self.outcomes: dict[str, list[Outcome]] = {batch.id: [] for batch in plan.batches}

    def run(self, crew: Crew) -> Iterator[Outcome]:
        """The outcome of every test that the plan runs, as each ends; secrets of the environment are redacted."""
        return self.redacted(lambda: _run(self, crew))

    def redacted(self, told: Callable[[], Iterable[Outcome]]) -> Iterator[Outcome]:
        """Outcomes without the secrets of the environment; they are asked for when the first is taken."""
        for outcome in told():
            yield _redacted(outcome, self.stage.secrets)

    def stopped(self, crew: Crew) -> Iterator[Outcome]:
        """The outcomes of tests that had ended before the batches of their crew are stopped; nothing more starts."""
        for batch in self.running.values():
            crew.cancel(batch)
        return self.redacted(lambda: (self.heard(event) for event in crew.events() if isinstance(event, Outcome)))

    def heard(self, outcome: Outcome) -> Outcome:
        """Take note of an outcome."""
        self.outcomes[outcome.batch].append(outcome)
        return outcome

    def interrupted(self) -> list[Outcome]:
        """What became of the tests that were to run and have not ended: they are interrupted."""
        reason = "the run was stopped before it ended"
        return [
            outcome
            for batch in self.plan.batches
            if batch.id not in self.ended
            for outcome in verdicts.unfinished(batch, batch.tests, self.outcomes[batch.id], Status.INTERRUPTED, reason)
        ]

    def of_attempt(self, batch: Batch) -> list[Outcome]:
        """What the tests of a batch gave in its own attempt."""
        return [outcome for outcome in self.outcomes[batch.id] if outcome.attempt == batch.attempt]


@frozen(kw_only=True)
class _Again:
    """What of a batch runs once more."""

    attempt: int
    tests: tuple[TestCase, ...]
    exclude: tuple[TestCase, ...] = field(default=())


def bench_of(name: str, plan: Plan, directory: Path) -> Bench:
    """Where the tests of an application run, below the run's directory."""
    application = plan.applications[name]
    assert application.path is not None  # noqa: S101 - only applications with a checkout are planned
    return Bench(
        directory=directory / f"tests-{list(plan.applications).index(name)}",
        checkout=application.path,
        python=application.python,
        command=application.test_command,
    )


def _run(schedule: Schedule, crew: Crew) -> Iterator[Outcome]:
    yield from _start(schedule, crew)
    for event in crew.events():
        if isinstance(event, Outcome):
            yield schedule.heard(event)
            continue
        yield from _over(schedule, event)
        yield from _start(schedule, crew)


def _over(schedule: Schedule, event: BatchEnded | WorkerLost) -> Iterator[Outcome]:
    """What is said of a batch that a worker is done with; it ends, or some of it runs once more."""
    batch = schedule.running.pop(event.batch.id)
    planned = schedule.waiting.batches[batch.id]
    schedule.resources.give_back(planned.terms)
    told = schedule.of_attempt(batch)
    if isinstance(event, BatchEnded):
        lost = verdicts.silent(planned, batch, told)
    else:
        lost = verdicts.unfinished(planned, batch.tests, told, Status.ERROR, event.reason, batch.attempt)
    yield from _told(schedule, planned, lost)
    again = _again(planned, batch, schedule.of_attempt(batch))
    if again is not None:
        schedule.again[batch.id] = again
        schedule.waiting.put(batch.id)
        return
    if planned.terms.repetitions > 1:
        yield from _told(schedule, planned, too_slow(planned.terms, schedule.outcomes[batch.id], schedule.past))
    _end(schedule, planned)


def _again(planned: PlannedBatch, batch: Batch, outcomes: Sequence[Outcome]) -> _Again | None:
    """The repetition of a batch, or the next attempt at those of its tests that failed; None where neither is due."""
    failed = [outcome.test for outcome in verdicts.final(outcomes) if outcome.status.failing]
    if not failed and batch.attempt < planned.terms.repetitions:
        return _Again(attempt=batch.attempt + 1, tests=planned.tests, exclude=planned.exclude)
    if failed and batch.attempt < planned.terms.attempts:
        return _Again(attempt=batch.attempt + 1, tests=tuple(failed))
    return None


def _start(schedule: Schedule, crew: Crew) -> Iterator[Outcome]:
    """Submits what can start; what cannot run ends at once, which may let more start."""
    limit = sum(crew.slots.values()) + AHEAD
    while len(schedule.running) < limit:
        planned = schedule.waiting.next(schedule.resources.take)
        if planned is None:
            return
        batch = _made(planned, schedule)
        if isinstance(batch, Batch):
            schedule.running[planned.id] = batch
            crew.submit(batch)
        else:
            schedule.resources.give_back(planned.terms)
            yield from _told(schedule, planned, batch)
            _end(schedule, planned)


def _made(planned: PlannedBatch, schedule: Schedule) -> Batch | list[Outcome]:
    """A batch to submit, or what is said of its tests because there can be none."""
    lost = verdicts.stranded(planned, schedule.stage) or verdicts.cut_off(planned, schedule.outcomes)
    if lost:
        return lost
    try:
        return _batch(planned, schedule)
    except MissingValueError as error:
        return verdicts.every(planned, Status.ERROR, str(error))


def _told(schedule: Schedule, planned: PlannedBatch, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    schedule.outcomes[planned.id] += outcomes
    yield from outcomes


def _end(schedule: Schedule, planned: PlannedBatch) -> None:
    schedule.ended.add(planned.id)
    schedule.waiting.ended(planned.id)


def _batch(planned: PlannedBatch, schedule: Schedule) -> Batch:
    variables: dict[str, str] = {}
    terms = planned.terms
    for needed, there in ((terms.data, schedule.stage.data), (terms.environment, schedule.stage.environment)):
        if needed and there is not None and not isinstance(there, Absence):
            variables |= there.variables
    feeds = [
        (given(verdicts.final(schedule.outcomes[producer])), _name(schedule, producer), flow)
        for producer, flow in planned.feeds
    ]
    again = schedule.again.pop(planned.id, None) or _Again(attempt=1, tests=planned.tests, exclude=planned.exclude)
    return Batch(
        id=planned.id,
        runner=planned.runner,
        bench=bench_of(planned.application, schedule.plan, schedule.stage.directory),
        tests=again.tests,
        variables=variables,
        exclude=again.exclude,
        inputs=inputs(feeds, planned.tests[0].id),
        wanted=planned.wanted,
        timeout=terms.timeout,
        flow=planned.flow,
        attempt=again.attempt,
    )


def _name(schedule: Schedule, batch: str) -> str:
    return schedule.waiting.batches[batch].tests[0].id


def _redacted(outcome: Outcome, secrets: Sequence[str]) -> Outcome:
    if not secrets:
        return outcome
    return evolve(
        outcome,
        reason=redacted(outcome.reason, secrets),
        message=redacted(outcome.message, secrets),
        text=redacted(outcome.text, secrets),
        stdout=redacted(outcome.stdout, secrets),
        stderr=redacted(outcome.stderr, secrets),
    )
