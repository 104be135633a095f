"""The order of a run, and nothing else."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core import triage
from testflow_core.errors import HistoryError
from testflow_core.execution import (
    ChosenProvisioner,
    Schedule,
    Setting,
    WarmSessions,
    bench_of,
    choose_provisioner,
    prepared,
    run_directory,
)
from testflow_core.history import History
from testflow_core.interfaces import EXECUTOR, REPORTER, Observes, Reporter
from testflow_core.model import (
    Event,
    Outcome,
    Past,
    PhaseStarted,
    Plan,
    Planned,
    Progressed,
    Provisioned,
    Run,
    TestEnded,
)
from testflow_core.planning import Declaration, make_plan
from testflow_core.plugin_calls import PluginCalls
from testflow_core.registry import Plugins

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from testflow_core.execution import Stage
    from testflow_core.interfaces import Crew

EXECUTOR_NAME = "local"


@frozen(kw_only=True)
class Engine:
    """
    Plans and executes declarations.

    `workspace` is where applications and files are looked for, `state` where reports and clones are kept. `provisioner`
    is a name, or None for the first that refuses nothing. `resources` are how many there are of what tests take, by
    name. `reporters` are names or reporters.
    """

    plugins: Plugins
    history: History
    workspace: Path
    state: Path
    workers: int = 1
    resources: Mapping[str, int] = field(factory=dict[str, int])
    provisioner: str | None = None
    reporters: tuple[str | Reporter, ...] = ()

    def plan(self, declaration: Declaration) -> Plan:
        """What `execute` would do; nothing is started. SpecError or PluginError where the declaration is wrong."""
        running = _Running(self)
        plan, _ = running.plan(declaration)
        return evolve(plan, warnings=tuple(running.warnings))

    def execute(self, declaration: Declaration) -> Run:
        """
        Runs what the declaration asks for.

        A failing test, environment or data set is in the result; SpecError or PluginError before anything is started.
        KeyboardInterrupt ends what was started, is remembered, and goes on to the caller.
        """
        return _Running(self).execute(declaration)


@frozen(kw_only=True)
class _Clock:
    """Seconds by phase, and who is told of events."""

    seconds: dict[str, float] = field(factory=dict[str, float])
    observers: tuple[Observes, ...] = ()
    one_at_a_time: Lock = field(factory=Lock)

    @contextmanager
    def phase(self, name: str) -> Generator[None]:
        self.tell(PhaseStarted(name=name))
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun

    def tell(self, event: Event) -> None:
        # Services that come up at the same time tell of it from threads of their own.
        with self.one_at_a_time:
            for observer in self.observers:
                observer.observe(event)


class _Running:
    """One run while it goes on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.started = time.time()
        now = datetime.fromtimestamp(self.started, UTC)
        self.run_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.calls = PluginCalls()
        self.warnings: list[str] = []
        self.past = Past()
        self.reporters = [(_name(each), self._reporter(each)) for each in engine.reporters]
        self.clock = _Clock(observers=tuple(each for _, each in self.reporters if isinstance(each, Observes)))

    def plan(self, declaration: Declaration) -> tuple[Plan, ChosenProvisioner | None]:
        """The plan, and the provisioner for its environment."""
        engine = self.engine
        with self.clock.phase("plan"):
            plan = make_plan(
                declaration,
                engine.plugins,
                self.calls,
                self._past,
                engine.workspace,
                engine.state / "checkouts",
                engine.resources,
            )
            chosen = plan.environment and choose_provisioner(plan.environment, engine.provisioner, engine.plugins)
        self.warnings += plan.warnings
        self.clock.tell(Planned(plan=plan))
        return plan, chosen

    def execute(self, declaration: Declaration) -> Run:
        """The whole run."""
        plan, chosen = self.plan(declaration)
        outcomes: list[Outcome] = []
        try:
            self._tests(plan, chosen, outcomes)
        except KeyboardInterrupt:
            self._record(self._result(plan, chosen, outcomes))
            raise
        return self._published(self._record(self._result(plan, chosen, outcomes)))

    def _tests(self, plan: Plan, chosen: ChosenProvisioner | None, outcomes: list[Outcome]) -> None:
        engine = self.engine
        if not plan.batches:
            return
        exits = ExitStack()
        try:
            directory = exits.enter_context(run_directory()) if engine.plugins.outside else Path(self.run_id)
            setting = Setting(
                plan=plan,
                provisioner=chosen,
                plugins=engine.plugins,
                calls=self.calls,
                directory=directory,
                workspace=engine.workspace,
                phase=self.clock.phase,
                tell=lambda sentence: self.clock.tell(Progressed(text=sentence)),
            )
            run_batch = exits.enter_context(WarmSessions(engine.plugins, self.calls))
            self._warm_up(plan, run_batch, directory)
            stage = exits.enter_context(prepared(setting))
            if isinstance(stage.environment, Provisioned):
                self.warnings += stage.environment.warnings
                down = stage.environment.unavailable.items()
                self.warnings += [f"{service} stays down: {reason}" for service, reason in down]
            with self.clock.phase("execute"):
                self._batches(plan, stage, run_batch, outcomes)
        finally:
            with self.clock.phase("clean up"):
                exits.close()

    def _warm_up(self, plan: Plan, run_batch: WarmSessions, directory: Path) -> None:
        """Runners get ready while data is made and services come up; one that cannot says so to its first batch."""
        for runner, application in dict.fromkeys((batch.runner, batch.application) for batch in plan.batches):
            with suppress(Exception):
                run_batch.warm(runner, bench_of(application, plan, directory))

    def _batches(self, plan: Plan, stage: Stage, run_batch: WarmSessions, outcomes: list[Outcome]) -> None:
        engine = self.engine
        schedule = Schedule(plan, stage, self.past, engine.resources)
        executor = engine.plugins.load(EXECUTOR, EXECUTOR_NAME, workers=engine.workers)
        with run_batch, executor.crew(run_batch) as crew:
            try:
                self._hear(chain(schedule.run(crew), schedule.redacted(run_batch.finish)), outcomes)
            except KeyboardInterrupt:
                self._stop(schedule, crew, outcomes)
                raise

    def _stop(self, schedule: Schedule, crew: Crew, outcomes: list[Outcome]) -> None:
        """Keep what has ended; the rest is interrupted."""
        try:
            self._hear(schedule.stopped(crew), outcomes)
        except Exception:  # noqa: BLE001 - a plugin that cannot be stopped takes no outcome along
            self.calls.record(EXECUTOR, EXECUTOR_NAME)
        finally:
            outcomes += schedule.interrupted()

    def _hear(self, told: Iterable[Outcome], outcomes: list[Outcome]) -> None:
        for outcome in told:
            outcomes.append(outcome)
            self.clock.tell(TestEnded(outcome=outcome))

    def _result(self, plan: Plan, chosen: ChosenProvisioner | None, outcomes: list[Outcome]) -> Run:
        engine = self.engine
        with self.clock.phase("triage"):
            explained = triage.explain(outcomes, plan.workflow.analysis, self.past, engine.plugins, self.calls)
            results = triage.results(plan, outcomes, explained)
        return Run(
            run_id=self.run_id,
            workflow=plan.workflow.name,
            started=self.started,
            choices=plan.choices,
            outcomes=tuple(outcomes),
            results=results,
            warnings=tuple(self.warnings),
            plugin_failures=tuple(self.calls.failures),
            phases=dict(self.clock.seconds),
            provisioner=f"{chosen.name} ({chosen.reason or chosen.refusal})" if chosen else "",
            reports=engine.state / "reports" / self.run_id if engine.plugins.outside and self.reporters else None,
        )

    def _record(self, run: Run) -> Run:
        try:
            self.engine.history.record(run)
        except HistoryError as error:
            return evolve(run, warnings=(*run.warnings, f"this run is not remembered: {error}"))
        return run

    def _published(self, run: Run) -> Run:
        with self.clock.phase("report"):
            for name, reporter in self.reporters:
                self.calls.answer(REPORTER, name, lambda reporter=reporter: reporter.report(run), None)
        return evolve(run, plugin_failures=tuple(self.calls.failures), phases=dict(self.clock.seconds))

    def _past(self, applications: Iterable[str]) -> Past:
        try:
            self.past = self.engine.history.past(applications)
        except HistoryError as error:
            self.warnings.append(f"the order of the tests knows nothing of the past: {error}")
        return self.past

    def _reporter(self, reporter: str | Reporter) -> Reporter:
        return self.engine.plugins.load(REPORTER, reporter) if isinstance(reporter, str) else reporter


def _name(reporter: str | Reporter) -> str:
    return reporter if isinstance(reporter, str) else type(reporter).__qualname__
