"""The course of one run, from its plan to its record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_core import triage
from testflow_core.errors import HistoryError
from testflow_core.execution import (
    ASKED,
    ChosenProvisioner,
    Circumstances,
    Clock,
    Following,
    Kept,
    Schedule,
    Setting,
    Surroundings,
    WarmSessions,
    bench_of,
    choose_provisioners,
    final,
    fingerprints,
    holding,
    interrupted,
    prepared,
    run_directory,
    told,
    told_provisioners,
)
from testflow_core.history import History, Journal
from testflow_core.interfaces import EXECUTOR, REPORTER, Observes, Reporter
from testflow_core.model import (
    Keeping,
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
    from collections.abc import Callable, Iterable

    from testflow_core.execution import Stage

EXECUTOR_NAME = "local"


@frozen(kw_only=True)
class Settings:
    """
    What every run of an engine has in common.

    `workspace` is where applications and files are looked for, `state` where reports and clones are kept. `provisioner`
    is a name, or None for the first that refuses nothing; `isolation` is what `Site` says of it, `keeping` what is
    wished of environments after a run. `resources` are how
    many there are of what tests take, by name. `reporters` are names or reporters.
    """

    plugins: Plugins
    history: History
    workspace: Path
    state: Path
    workers: int = 1
    resources: Mapping[str, int] = field(factory=dict[str, int])
    provisioner: str | None = None
    isolation: str | None = None
    keeping: Keeping = field(factory=Keeping)
    reporters: tuple[str | Reporter, ...] = ()


class Course:
    """One run while it goes on."""

    def __init__(self, engine: Settings, run_id: str, started: float, limits: Limits) -> None:
        self.engine = engine
        self.run_id = run_id
        self.started = started
        self.limits = limits
        self.asked = time.monotonic()
        self.stopped = ""
        self.scheduled = False
        self.journal: Journal | None = None
        self.calls = PluginCalls()
        self.warnings: list[str] = []
        self.secrets: tuple[str, ...] = ()
        self.surroundings = Surroundings(self._hide)
        self.past = Past()
        self.reporters = [(_name(each), self._reporter(each)) for each in engine.reporters]
        self.clock = Clock(observers=tuple(each for _, each in self.reporters if isinstance(each, Observes)))

    def plan(self, declaration: Declaration) -> tuple[Plan, Mapping[str, ChosenProvisioner]]:
        """The plan, and the provisioners for its environments, by their labels."""
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
                engine.workers,
            )
            chosen = choose_provisioners(plan, engine.provisioner, engine.plugins)
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
        """What is left of the run, which began when its journal says."""
        engine = self.engine
        self.journal = journal
        try:
            with self.clock.phase("plan"):
                unfinished = engine.history.unfinished(self.run_id)
                self.started = unfinished.started
                plan = unfinished.plan(journal.declared)
                self._past(plan.applications)
                kept, remarks = holding(unfinished, plan, engine.plugins, journal.directory, journal.generated)
                chosen = choose_provisioners(plan, engine.provisioner, engine.plugins)
        except BaseException:
            self._let_go(remove=False)
            raise
        self.warnings += (*plan.warnings, *remarks)
        for outcome in kept.outcomes:
            journal.outcome(outcome)
        self.clock.tell(Planned(plan=plan))
        return self._carry_out(plan, chosen, kept)

    def _carry_out(self, plan: Plan, chosen: Mapping[str, ChosenProvisioner], kept: Kept) -> Run:
        outcomes = list(kept.outcomes)
        try:
            self._tests(plan, chosen, kept, outcomes)
        except KeyboardInterrupt:
            if not self.scheduled:
                # It came while the data was made or the environment came up.
                self.stopped = ASKED
                outcomes += interrupted(plan, outcomes)
            self._record(self._result(plan, chosen, outcomes))
            raise
        except BaseException:
            self._let_go(remove=False)
            raise
        return self._published(self._record(self._result(plan, chosen, outcomes)))

    def _tests(self, plan: Plan, chosen: Mapping[str, ChosenProvisioner], kept: Kept, outcomes: list[Outcome]) -> None:
        engine = self.engine
        if not plan.batches:
            return
        exits = ExitStack()
        try:
            directory = self._directory(exits)
            setting = Setting(
                plan=plan,
                provisioners=chosen,
                plugins=engine.plugins,
                calls=self.calls,
                directory=directory,
                workspace=engine.workspace,
                phase=self.clock.phase,
                tell=self._tell,
                surroundings=self.surroundings,
                isolation=engine.isolation,
                keeping=engine.keeping,
                failed=lambda: any(each.status.failing for each in final(outcomes)),
            )
            run_batch = exits.enter_context(WarmSessions(engine.plugins, self.calls))
            self._warm_up(plan, run_batch, directory)
            stage = exits.enter_context(prepared(setting))
            self._up(plan, stage)
            with self.clock.phase("execute"):
                self._batches(Schedule(self._circumstances(plan, kept), stage), run_batch, outcomes)
        finally:
            with self.clock.phase("clean up"):
                exits.close()

    def _directory(self, exits: ExitStack) -> Path:
        outside = self.engine.plugins.outside
        return (
            exits.enter_context(run_directory(self.surroundings.certificates.append)) if outside else Path(self.run_id)
        )

    def _circumstances(self, plan: Plan, kept: Kept) -> Circumstances:
        known = Circumstances(plan=plan, past=self.past, capacities=self.engine.resources, kept=kept)
        return told(known, self.journal, self.clock)

    def _up(self, plan: Plan, stage: Stage) -> None:
        for environment in plan.environments:
            there = stage.environments.get((environment.name, environment.variant))
            if isinstance(there, Provisioned):
                where = f"{environment.label}: " if len(stage.environments) > 1 else ""
                self.surroundings.up(environment, there, where)

    def _hide(self, secrets: tuple[str, ...]) -> None:
        self.secrets += secrets
        if self.journal is not None and self.secrets:
            self.journal.hide(self.secrets)

    def _warm_up(self, plan: Plan, run_batch: WarmSessions, directory: Path) -> None:
        """Runners get ready while data is made and services come up; one that cannot says so to its first batch."""
        spool = self.journal and self.journal.directory
        for runner, application in dict.fromkeys((batch.runner, batch.application) for batch in plan.batches):
            with suppress(Exception):
                run_batch.warm(runner, bench_of(application, plan, directory, spool))

    def _batches(self, schedule: Schedule, run_batch: WarmSessions, outcomes: list[Outcome]) -> None:
        engine = self.engine
        executor = engine.plugins.load(EXECUTOR, EXECUTOR_NAME, workers=engine.workers)
        self.scheduled = True
        following = Following(schedule, self.limits, self.asked, self._hear(outcomes), self._tell)
        try:
            with run_batch, executor.crew(run_batch) as crew:
                try:
                    following.follow(crew, run_batch.finish)
                except KeyboardInterrupt:
                    try:
                        following.stop(crew)
                    except Exception:  # noqa: BLE001 - a plugin that cannot be stopped takes no outcome along
                        self.calls.record(EXECUTOR, EXECUTOR_NAME)
                    raise
        finally:
            self.stopped = schedule.stopping
            outcomes += schedule.interrupted()

    def _hear(self, outcomes: list[Outcome]) -> Callable[[Outcome], None]:
        journal = self.journal

        def hear(outcome: Outcome) -> None:
            outcomes.append(outcome)
            self.clock.tell(TestEnded(outcome=outcome))
            if journal is not None:
                journal.outcome(outcome)

        return hear

    def _tell(self, sentence: str) -> None:
        self.clock.tell(Progressed(text=sentence))

    def _result(self, plan: Plan, chosen: Mapping[str, ChosenProvisioner], outcomes: list[Outcome]) -> Run:
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
            warnings=(*self.warnings, *self.surroundings.warnings),
            plugin_failures=tuple(self.calls.failures),
            phases=dict(self.clock.seconds),
            provisioner=told_provisioners(chosen),
            isolation=self.surroundings.isolation,
            origin=self.surroundings.origin,
            kept=tuple(self.surroundings.kept),
            reports=engine.state / "reports" / self.run_id if engine.plugins.outside and self.reporters else None,
            stopped=self.stopped,
            certificates=tuple(self.surroundings.certificates),
        )

    def _record(self, run: Run) -> Run:
        trouble = self._close_journal()
        said = [f"this run cannot be resumed: {trouble}"] if trouble and run.interrupted_tests else []
        try:
            self.engine.history.record(run)
        except HistoryError as error:
            said = [f"this run is not remembered: {error}"]
        self._let_go(remove=bool(said) or not run.interrupted_tests)
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
