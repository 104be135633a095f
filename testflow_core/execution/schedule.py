"""The batches of a plan in the order that their dependencies allow, each as soon as it can start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.execution import verdicts
from testflow_core.execution.absence import Absence
from testflow_core.execution.artifacts import Artifacts
from testflow_core.execution.attempts import next_attempt
from testflow_core.execution.crashes import Crashes
from testflow_core.execution.kept import Kept, rest
from testflow_core.execution.performance import too_slow
from testflow_core.execution.redaction import redact
from testflow_core.execution.reordering import Adapted, Reordering, unchanged
from testflow_core.execution.resources import Resources
from testflow_core.execution.values import MissingValueError, given, inputs
from testflow_core.execution.waiting import Waiting
from testflow_core.model import Batch, BatchEnded, Bench, Outcome, Past, Plan, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.execution.stage import Stage
    from testflow_core.interfaces import Crew
    from testflow_core.model import PlannedBatch, WorkerLost

AHEAD = 2
"""Batches that are handed over beyond those that can run: so a worker that is free finds one at once."""


def _nobody(_: object) -> None:
    """Nobody follows."""


@frozen(kw_only=True)
class Circumstances:
    """
    What batches are run with.

    `capacities` are how many there are of what tests take. `kept` is what holds of the run already, `spool` where
    workers note what must outlive us, `artifacts` keeps what failed tests leave. `begun` hears of every batch
    before it is handed over, `ended`, by its id, of one of which nothing is left. `adapted` is asked between batches
    what else comes first now.
    """

    plan: Plan
    past: Past = field(factory=Past)
    capacities: Mapping[str, int] = field(factory=dict[str, int])
    kept: Kept = field(factory=Kept)
    spool: Path | None = None
    artifacts: Artifacts = field(factory=lambda: Artifacts(None))
    begun: Callable[[Batch], None] = _nobody
    ended: Callable[[str], None] = _nobody
    adapted: Adapted = unchanged


class Schedule:
    """Which batches of a plan wait, run and have ended, and what their tests gave."""

    def __init__(self, setting: Circumstances, stage: Stage) -> None:
        self.plan = setting.plan
        self.stage = stage
        self.setting = setting
        self.resources = Resources(setting.capacities)
        self.planned = {batch.id: batch for batch in self.plan.batches}
        self.outcomes: dict[str, list[Outcome]] = {name: [] for name in self.planned}
        for outcome in setting.kept.outcomes:
            self.outcomes[outcome.batch].append(outcome)
        self.running: dict[str, Batch] = {}
        self.stopping = ""
        self.slots = 1
        self.crashes = Crashes()
        left = {name: rest(batch, self.outcomes[name]) for name, batch in self.planned.items()}
        self.ended = {name for name, again in left.items() if again is None or name in setting.kept.ended}
        for name in self.ended:
            stage.apart.ended(self.planned[name])
        self.again = {name: again for name, again in left.items() if again is not None}
        self.waiting = Waiting(batch for batch in self.plan.batches if batch.id not in self.ended)
        self.reordering = Reordering(self.plan, setting.adapted)

    def run(self, crew: Crew) -> Iterator[Outcome]:
        """The outcome of every test that the plan runs, as each ends; secrets of the environment are redacted."""
        return self.redacted(lambda: _run(self, crew))

    def redacted(self, told: Callable[[], Iterable[Outcome]]) -> Iterator[Outcome]:
        """Outcomes without the secrets of the environment; they are asked for when the first is taken."""
        for outcome in told():
            yield redact(verdicts.placed(outcome, self.planned.get(outcome.batch)), self.stage.secrets)

    def stop(self, crew: Crew, reason: str) -> None:
        """Start nothing more, of the batches that run no test more; may come from any thread."""
        self.stopping = self.stopping or reason
        crew.drain()

    def stopped(self, crew: Crew) -> Iterator[Outcome]:
        """The outcomes of tests that had ended before the batches of their crew are stopped; nothing more starts."""
        for batch in self.running.values():
            crew.cancel(batch)
        return self.redacted(lambda: (self.heard(event) for event in crew.events() if isinstance(event, Outcome)))

    def heard(self, outcome: Outcome) -> Outcome:
        """Take note of an outcome."""
        planned = self.planned[outcome.batch]
        outcome = verdicts.placed(outcome, planned)
        # What is told late may be of an environment that is gone.
        if outcome.status.failing and planned.id in self.running:
            outcome = self._around(outcome, planned)
        self.outcomes[outcome.batch].append(outcome)
        self.reordering.hear(outcome)
        return outcome

    def _around(self, outcome: Outcome, planned: PlannedBatch) -> Outcome:
        """The outcome of a test that failed, with what there was around it and what it left."""
        outcome = self.stage.witness.told(outcome, self.stage.environment_of(planned))
        others = (batch for name, batch in self.running.items() if name != planned.id)
        checkout = self.running[planned.id].bench.checkout
        outcome = self.crashes.told(outcome, checkout)
        beside = self.slots > 1 and any(batch.bench.checkout == checkout for batch in others)
        application = self.plan.applications[planned.application]
        return self.setting.artifacts.kept(outcome, application, self.stage.secrets, beside=beside)

    def interrupted(self) -> list[Outcome]:
        """What became of the tests that were to run and have not ended: they are interrupted."""
        reason = f"the run was stopped before it ended{self.stopping and f': {self.stopping}'}"
        return [
            outcome
            for batch in self.plan.batches
            if batch.id not in self.ended
            for outcome in verdicts.unfinished(batch, batch.tests, self.outcomes[batch.id], Status.INTERRUPTED, reason)
        ]

    def is_final(self, outcome: Outcome) -> bool:
        """Whether no other attempt follows a failed one."""
        planned = self.planned.get(outcome.batch)
        return planned is None or outcome.attempt >= planned.terms.attempts

    def of_attempt(self, batch: Batch) -> list[Outcome]:
        """What the tests of a batch gave in its own attempt."""
        return [outcome for outcome in self.outcomes[batch.id] if outcome.attempt == batch.attempt]


def recorded(plan: Plan) -> frozenset[str]:
    """The applications whose tests note what they touch, where their Python lets them."""
    return frozenset(each.application for each in plan.workflow.selections if each.record is not False)


def bench_of(name: str, plan: Plan, directory: Path, spool: Path | None) -> Bench:
    """Where the tests of an application run, below the run's directory; below `spool` their workers note."""
    application = plan.applications[name]
    assert application.path is not None  # noqa: S101 - only applications with a checkout are planned
    folder = f"tests-{list(plan.applications).index(name)}"
    asked = any(each.record for each in plan.workflow.selections if each.application == name)
    # Without a spool there is no history that the record could be kept beside.
    noted = name in recorded(plan) and (asked or spool is not None)
    return Bench(
        directory=directory / folder,
        checkout=application.path,
        python=application.python,
        command=application.test_command,
        spool=spool and spool / folder,
        record=directory / folder / "touched" if noted else None,
        dear=asked,
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
    planned = schedule.planned[batch.id]
    schedule.stage.harm.end(planned.id)
    schedule.resources.give_back(planned.terms)
    told = schedule.of_attempt(batch)
    if isinstance(event, BatchEnded):
        lost = verdicts.silent(planned, batch, told)
    else:
        lost = verdicts.unfinished(planned, batch.tests, told, Status.ERROR, event.reason, batch.attempt)
    yield from _told(schedule, planned, lost)
    again = next_attempt(planned, batch.attempt, schedule.of_attempt(batch))
    if again is not None:
        schedule.stage.apart.again(planned)
        schedule.again[batch.id] = again
        schedule.waiting.put(batch.id)
        return
    if planned.terms.repetitions > 1:
        yield from _told(schedule, planned, too_slow(planned.terms, schedule.outcomes[batch.id], schedule.setting.past))
    _end(schedule, planned)


def _start(schedule: Schedule, crew: Crew) -> Iterator[Outcome]:
    """Submits what can start; what cannot run ends at once, which may let more start."""
    schedule.slots = sum(crew.slots.values())
    limit = schedule.slots + AHEAD
    for name, priority in schedule.reordering.moved():
        if name not in schedule.ended:
            schedule.waiting.move(name, priority)
    while len(schedule.running) < limit and not schedule.stopping:
        planned = schedule.waiting.next(schedule.resources.take)
        if planned is None:
            return
        batch = _made(planned, schedule)
        if isinstance(batch, Batch):
            schedule.running[planned.id] = batch
            schedule.setting.begun(batch)
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
        batch = _batch(planned, schedule)
    except MissingValueError as error:
        return verdicts.every(planned, Status.ERROR, str(error))
    up = schedule.stage.environment_of(planned)
    schedule.stage.witness.see(up)
    trouble = schedule.stage.harm.begin(planned, up)
    return batch if trouble is None else verdicts.every(planned, Status.ERROR, trouble)


def _told(schedule: Schedule, planned: PlannedBatch, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    schedule.outcomes[planned.id] += outcomes
    yield from outcomes


def _end(schedule: Schedule, planned: PlannedBatch) -> None:
    schedule.ended.add(planned.id)
    schedule.waiting.ended(planned.id)
    schedule.setting.ended(planned.id)
    schedule.stage.apart.ended(planned)


def _batch(planned: PlannedBatch, schedule: Schedule) -> Batch:
    variables: dict[str, str] = {}
    terms = planned.terms
    for needed, there in (
        (terms.data, schedule.stage.data_of(planned)),
        (True, schedule.stage.environment_of(planned)),
    ):
        if needed and there is not None and not isinstance(there, Absence):
            variables |= there.variables
    feeds = [
        (given(verdicts.final(schedule.outcomes[producer])), _name(schedule, producer), flow)
        for producer, flow in planned.feeds
    ]
    again = schedule.again[planned.id]
    return Batch(
        id=planned.id,
        runner=planned.runner,
        bench=bench_of(planned.application, schedule.plan, schedule.stage.directory, schedule.setting.spool),
        tests=again.tests,
        variables=variables,
        exclude=again.exclude,
        only=planned.only,
        inputs=inputs(feeds, planned.tests[0].label),
        wanted=planned.wanted,
        timeout=terms.timeout,
        flow=planned.flow,
        attempt=again.attempt,
        whole=planned.whole,
    )


def _name(schedule: Schedule, batch: str) -> str:
    return schedule.planned[batch].tests[0].label
