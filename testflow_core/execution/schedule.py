"""The batches of a plan in the order that their dependencies allow, each as soon as it can start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.execution.stage import Absence
from testflow_core.execution.values import MissingValueError, given, inputs
from testflow_core.model import Batch, BatchEnded, Bench, Outcome, Status
from testflow_core.provisioning.wiring import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from testflow_core.execution.stage import Stage
    from testflow_core.interfaces import Crew
    from testflow_core.model import Plan, PlannedBatch, TestCase


class Schedule:
    """Which batches of a plan wait, run and have ended, and what their tests gave."""

    def __init__(self, plan: Plan, stage: Stage) -> None:
        self.plan = plan
        self.stage = stage
        self.planned = {batch.id: batch for batch in plan.batches}
        self.waiting = dict(self.planned)
        self.submitted: dict[str, Batch] = {}
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
        for name, batch in self.submitted.items():
            if name not in self.ended:
                crew.cancel(batch)
        return self.redacted(lambda: (self.heard(event) for event in crew.events() if isinstance(event, Outcome)))

    def heard(self, outcome: Outcome) -> Outcome:
        """Take note of an outcome."""
        self.outcomes[outcome.batch].append(outcome)
        return outcome

    def interrupted(self) -> list[Outcome]:
        """What became of the tests that were to run and have not ended: they are interrupted."""
        unfinished = [batch for batch in self.plan.batches if batch.id not in self.ended]
        reason = "the run was stopped before it ended"
        return [outcome for each in unfinished for outcome in _unfinished(each, self, Status.INTERRUPTED, reason)]

    def ready(self) -> list[PlannedBatch]:
        """Those whose predecessors have ended, no longer waiting."""
        ready = [batch for batch in self.waiting.values() if self.ended.issuperset(batch.after)]
        for batch in ready:
            del self.waiting[batch.id]
        return ready


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
        planned = schedule.planned[event.batch.id]
        if isinstance(event, BatchEnded):
            lost = _silent(planned, schedule)
        else:
            lost = _unfinished(planned, schedule, Status.ERROR, event.reason)
        yield from _end(planned, lost, schedule)
        yield from _start(schedule, crew)


def _start(schedule: Schedule, crew: Crew) -> Iterator[Outcome]:
    """Submits what is ready; what cannot run ends at once, which may make more ready."""
    while ready := schedule.ready():
        for planned in ready:
            lost = _lost(planned, schedule.stage) or _cut_off(planned, schedule)
            if lost:
                yield from _end(planned, lost, schedule)
                continue
            try:
                batch = _batch(planned, schedule)
            except MissingValueError as error:
                yield from _end(planned, _all(planned, Status.ERROR, str(error)), schedule)
                continue
            schedule.submitted[planned.id] = batch
            crew.submit(batch)


def _end(planned: PlannedBatch, outcomes: Sequence[Outcome], schedule: Schedule) -> Iterator[Outcome]:
    schedule.outcomes[planned.id] += outcomes
    schedule.ended.add(planned.id)
    yield from outcomes


def _lost(planned: PlannedBatch, stage: Stage) -> list[Outcome]:
    """Without its environment or its data a test is an error, with the logs that tell why."""
    for needed, there in ((planned.data, stage.data), (planned.environment, stage.environment)):
        if needed and isinstance(there, Absence):
            lost = _all(planned, Status.ERROR, there.reason)
            return [evolve(outcome, message=there.message, text=there.text) for outcome in lost]
    return []


def _cut_off(planned: PlannedBatch, schedule: Schedule) -> list[Outcome]:
    """A step whose producer did not pass is skipped, with the path from the step that is to blame."""
    for producer, _ in planned.feeds:
        outcomes = schedule.outcomes[producer]
        if any(outcome.status is Status.PASSED for outcome in outcomes) and not any(map(_bad, outcomes)):
            continue
        worst = next((outcome for outcome in outcomes if _bad(outcome)), outcomes[0])
        cause = worst.reason if worst.status is Status.SKIPPED and " -> " in worst.reason else _ended(worst)
        return _all(planned, Status.SKIPPED, f"{cause} -> {planned.tests[0].id} not run")
    return []


def _bad(outcome: Outcome) -> bool:
    return outcome.status not in {Status.PASSED, Status.SKIPPED}


def _ended(outcome: Outcome) -> str:
    return f"{outcome.test.id} {outcome.status.replace('_', ' ')} -> its values are missing"


def _batch(planned: PlannedBatch, schedule: Schedule) -> Batch:
    variables: dict[str, str] = {}
    for needed, there in ((planned.data, schedule.stage.data), (planned.environment, schedule.stage.environment)):
        if needed and there is not None and not isinstance(there, Absence):
            variables |= there.variables
    feeds = [(given(schedule.outcomes[producer]), _name(schedule, producer), flow) for producer, flow in planned.feeds]
    return Batch(
        id=planned.id,
        runner=planned.runner,
        bench=bench_of(planned.application, schedule.plan, schedule.stage.directory),
        tests=planned.tests,
        variables=variables,
        exclude=planned.exclude,
        inputs=inputs(feeds, planned.tests[0].id),
        wanted=planned.wanted,
        timeout=planned.timeout,
        flow=planned.flow,
    )


def _name(schedule: Schedule, batch: str) -> str:
    return schedule.planned[batch].tests[0].id


def _all(planned: PlannedBatch, status: Status, reason: str) -> list[Outcome]:
    return [_outcome(planned, test, status, reason) for test in planned.tests]


def _silent(planned: PlannedBatch, schedule: Schedule) -> list[Outcome]:
    """An error for every test of a batch that ended without a word of it."""
    ended = [outcome.test for outcome in schedule.outcomes[planned.id]]
    missing = [test for test in planned.tests if not any(_covers(test, each) for each in ended)]
    reason = "its runner gave no outcome"
    return [_outcome(planned, test, Status.ERROR, reason) for test in missing]


def _unfinished(planned: PlannedBatch, schedule: Schedule, status: Status, reason: str) -> list[Outcome]:
    """An outcome for every test of a batch that was cut short; a file is among them even if some of its tests ended."""
    ended = [outcome.test for outcome in schedule.outcomes[planned.id]]
    missing = [test for test in planned.tests if test.name is None or not any(_covers(test, each) for each in ended)]
    return [_outcome(planned, test, status, reason) for test in missing if test not in ended]


def _covers(planned: TestCase, ended: TestCase) -> bool:
    if (planned.application, planned.file) != (ended.application, ended.file):
        return False
    return planned.name in {None, ended.name} or (ended.name or "").startswith(f"{planned.name}[")


def _outcome(planned: PlannedBatch, test: TestCase, status: Status, reason: str) -> Outcome:
    return Outcome(test=test, status=status, reason=reason, message=reason, flow=planned.flow, batch=planned.id)


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
