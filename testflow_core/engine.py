"""The order of a run, and nothing else."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core import triage
from testflow_core.errors import HistoryError
from testflow_core.execution import (
    ChosenProvisioner,
    Circumstances,
    Clock,
    Kept,
    Schedule,
    Setting,
    WarmSessions,
    bench_of,
    choose_provisioner,
    fingerprints,
    holding,
    prepared,
    run_directory,
)
from testflow_core.history import History, Journal
from testflow_core.interfaces import EXECUTOR, REPORTER, Observes, Reporter
from testflow_core.model import (
    Limits,
    Outcome,
    Past,
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
ASKED = "by Ctrl-C"


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
        running = _Running(self, _new_id(), time.time(), Limits())
        plan, _ = running.plan(declaration)
        return evolve(plan, warnings=tuple(running.warnings))

    def execute(self, declaration: Declaration, limits: Limits) -> Run:
        """
        Runs what the declaration asks for.

        A failing test, environment or data set is in the result; SpecError or PluginError before anything is started.
        At a KeyboardInterrupt no further test begins, and at a second those that run are ended; the run is remembered,
        can be resumed, and the interrupt goes on to the caller.
        """
        return _Running(self, _new_id(), time.time(), limits).execute(declaration)

    def resume(self, run_id: str | None, limits: Limits) -> Run:
        """
        Runs what is left of a run that was cut off or stopped, the latest where none is named.

        HistoryError where there is none, where it still goes on, or where its journal cannot be read.
        """
        name = self.history.resumable(run_id)
        journal = self.history.journal(name)
        assert journal is not None  # noqa: S101 - only a history on disk can tell of such a run
        try:
            started = self.history.unfinished(name).started
            return _Running(self, name, started, limits).resume(journal)
        except HistoryError:
            journal.close()
            journal.release(remove=False)
            raise


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"


class _Running:
    """One run while it goes on."""

    def __init__(self, engine: Engine, run_id: str, started: float, limits: Limits) -> None:
        self.engine = engine
        self.run_id = run_id
        self.started = started
        self.limits = limits
        self.asked = time.monotonic()
        self.failures = 0
        self.stopped = ""
        self.journal: Journal | None = None
        self.calls = PluginCalls()
        self.warnings: list[str] = []
        self.past = Past()
        self.reporters = [(_name(each), self._reporter(each)) for each in engine.reporters]
        self.clock = Clock(observers=tuple(each for _, each in self.reporters if isinstance(each, Observes)))

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
            chosen = self._provisioner(plan)
        self.warnings += plan.warnings
        self.clock.tell(Planned(plan=plan))
        return plan, chosen

    def execute(self, declaration: Declaration) -> Run:
        """The whole run."""
        plan, chosen = self.plan(declaration)
        if plan.batches:
            with suppress(HistoryError):
                # What hinders the journal hinders the record, too, and is told there.
                self.journal = self.engine.history.journal(self.run_id)
        if self.journal is not None:
            self.journal.begin(self.started, plan, fingerprints)
        return self._carry_out(plan, chosen, Kept())

    def resume(self, journal: Journal) -> Run:
        """What is left of the run."""
        engine = self.engine
        self.journal = journal
        with self.clock.phase("plan"):
            unfinished = engine.history.unfinished(self.run_id)
            plan = unfinished.plan(journal.declared)
            self._past(plan.applications)
            kept, remarks = holding(unfinished, plan, engine.plugins, journal.directory, journal.generated)
            chosen = self._provisioner(plan)
        self.warnings += (*plan.warnings, *remarks)
        for outcome in kept.outcomes:
            journal.outcome(outcome)
        self.clock.tell(Planned(plan=plan))
        return self._carry_out(plan, chosen, kept)

    def _provisioner(self, plan: Plan) -> ChosenProvisioner | None:
        return plan.environment and choose_provisioner(plan.environment, self.engine.provisioner, self.engine.plugins)

    def _carry_out(self, plan: Plan, chosen: ChosenProvisioner | None, kept: Kept) -> Run:
        outcomes = list(kept.outcomes)
        try:
            self._tests(plan, chosen, kept, outcomes)
        except KeyboardInterrupt:
            self._record(self._result(plan, chosen, outcomes))
            raise
        except BaseException:
            self._let_go(remove=False)
            raise
        return self._published(self._record(self._result(plan, chosen, outcomes)))

    def _tests(self, plan: Plan, chosen: ChosenProvisioner | None, kept: Kept, outcomes: list[Outcome]) -> None:
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
            self._up(stage)
            with self.clock.phase("execute"):
                self._batches(Schedule(self._circumstances(plan, kept), stage), run_batch, outcomes)
        finally:
            with self.clock.phase("clean up"):
                exits.close()

    def _circumstances(self, plan: Plan, kept: Kept) -> Circumstances:
        found = Circumstances(plan=plan, past=self.past, capacities=self.engine.resources, kept=kept)
        if self.journal is None:
            return found
        return evolve(found, spool=self.journal.directory, begun=self.journal.begun, ended=self.journal.ended)

    def _up(self, stage: Stage) -> None:
        if isinstance(stage.environment, Provisioned):
            self.warnings += stage.environment.warnings
            down = stage.environment.unavailable.items()
            self.warnings += [f"{service} stays down: {reason}" for service, reason in down]
        if self.journal is not None and stage.secrets:
            self.journal.hide(stage.secrets)

    def _warm_up(self, plan: Plan, run_batch: WarmSessions, directory: Path) -> None:
        """Runners get ready while data is made and services come up; one that cannot says so to its first batch."""
        spool = self.journal and self.journal.directory
        for runner, application in dict.fromkeys((batch.runner, batch.application) for batch in plan.batches):
            with suppress(Exception):
                run_batch.warm(runner, bench_of(application, plan, directory, spool))

    def _batches(self, schedule: Schedule, run_batch: WarmSessions, outcomes: list[Outcome]) -> None:
        engine = self.engine
        executor = engine.plugins.load(EXECUTOR, EXECUTOR_NAME, workers=engine.workers)
        interrupted = False
        with run_batch, executor.crew(run_batch) as crew, self._time_limit(schedule, crew):
            try:
                self._hear(schedule.run(crew), schedule, crew, outcomes)
                self._hear(schedule.redacted(run_batch.finish), schedule, crew, outcomes)
            except KeyboardInterrupt:
                interrupted = True
                self._stop(schedule, crew, outcomes)
        self.stopped = schedule.stopping
        outcomes += schedule.interrupted()
        if interrupted:
            raise KeyboardInterrupt

    def _stop(self, schedule: Schedule, crew: Crew, outcomes: list[Outcome]) -> None:
        """No further test begins, those that run are awaited; or, at a second KeyboardInterrupt, ended."""
        try:
            schedule.stop(crew, ASKED)
            self.clock.tell(Progressed(text="stopping: awaiting the tests that run; Ctrl-C again ends them"))
            self._hear(schedule.run(crew), schedule, crew, outcomes)
        except KeyboardInterrupt:
            with suppress(KeyboardInterrupt):
                self._hear(schedule.stopped(crew), schedule, crew, outcomes)
        except Exception:  # noqa: BLE001 - a plugin that cannot be stopped takes no outcome along
            self.calls.record(EXECUTOR, EXECUTOR_NAME)

    @contextmanager
    def _time_limit(self, schedule: Schedule, crew: Crew) -> Generator[None]:
        limit = self.limits.max_duration
        if limit is None:
            yield
            return
        reason = f"it had {limit.total_seconds():g} s"
        left = limit.total_seconds() - (time.monotonic() - self.asked)
        timer = threading.Timer(max(0.0, left), schedule.stop, (crew, reason))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _hear(self, told: Iterable[Outcome], schedule: Schedule, crew: Crew, outcomes: list[Outcome]) -> None:
        for outcome in told:
            outcomes.append(outcome)
            self.clock.tell(TestEnded(outcome=outcome))
            if self.journal is not None:
                self.journal.outcome(outcome)
            self.failures += schedule.is_final(outcome) and outcome.status.failing
            if self.limits.max_failures is not None and self.failures >= self.limits.max_failures:
                schedule.stop(crew, f"{self.failures} failed, and no more than that was to be seen")

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
            stopped=self.stopped,
        )

    def _record(self, run: Run) -> Run:
        trouble = self._close_journal()
        try:
            self.engine.history.record(run)
        except HistoryError as error:
            self._let_go(remove=False)
            return evolve(run, warnings=(*run.warnings, f"this run is not remembered: {error}"))
        self._let_go(remove=not run.interrupted_tests)
        said = [f"this run cannot be resumed: {trouble}"] if trouble else []
        return evolve(run, warnings=(*run.warnings, *said))

    def _close_journal(self) -> str:
        if self.journal is None:
            return ""
        self.journal.close()
        return self.journal.trouble

    def _let_go(self, *, remove: bool) -> None:
        journal, self.journal = self.journal, None
        if journal is not None:
            journal.close()
            journal.release(remove=remove)

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
