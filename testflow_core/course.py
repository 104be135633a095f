"""The course of one run, from its draft to its record."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import execution
from testflow_core.errors import HistoryError
from testflow_core.interfaces import EXECUTOR
from testflow_core.model import (
    Planned,
    Progressed,
    Provisioned,
    Run,
    TestEnded,
)
from testflow_core.planning import adaptation, missing, name_conditions, name_trees
from testflow_core.provisioning.shared_supervisor import sharing_supervisor
from testflow_core.publishing import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from testflow_core.draft import Draft
    from testflow_core.execution import ChosenProvisioner, Circumstances, Kept, Schedule, Stage, WarmSessions
    from testflow_core.history import Journal
    from testflow_core.model import Limits, Outcome, Plan, Shard
    from testflow_core.planning import Declaration
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins

EXECUTOR_NAME = "local"


class Course:
    """One run while it goes on."""

    def __init__(self, draft: Draft, run_id: str, limits: Limits) -> None:
        self.draft = draft
        self.engine = draft.engine
        self.clock = draft.clock
        self.calls = draft.calls
        self.warnings = draft.warnings
        self.run_id = run_id
        self.started = time.time()
        self.limits = limits
        self.asked = time.monotonic()
        self.stopped = ""
        self.scheduled = False
        self.replayed: Run | None = None
        self.journal: Journal | None = None
        self.secrets: tuple[str, ...] = ()
        self.surroundings = execution.Surroundings(self._hide)

    def execute(self, declaration: Declaration, shard: Shard | None) -> Run:
        """The whole run, or a shard of it."""
        self.replayed = declaration.replayed
        with sharing_supervisor(), execution.WarmSessions(self.engine.plugins, self.calls) as run_batch:
            plan, chosen = self.draft.plan(declaration, shard, run_batch.expect)
            if plan.batches:
                with suppress(HistoryError):
                    # What hinders the journal hinders the record, too, and is told there.
                    self.journal = self.engine.history.journal(self.run_id)
            if self.journal is not None:
                self.journal.begin(self.started, plan, execution.fingerprints)
            return self._carry_out(plan, chosen, execution.Kept(), run_batch)

    def resume(self, journal: Journal) -> Run:
        """What is left of the run, which began when its journal says."""
        engine = self.engine
        self.journal = journal
        try:
            with self.clock.phase("plan"):
                unfinished = engine.history.unfinished(self.run_id)
                self.started = unfinished.started
                plan = unfinished.plan(journal.declared)
                if plan.trees != name_trees(plan.applications, *self._looking):
                    # What it has so far is of other sources than what is to come.
                    plan = evolve(plan, trees={})
                now = name_conditions(plan.applications, plan.environments, engine.plugins, self.calls)
                plan = evolve(plan, conditions=tuple(dict.fromkeys((*plan.conditions, *now))))
                self.draft.remember(plan.applications)
                kept, remarks = execution.holding(
                    unfinished, plan, engine.plugins, journal.directory, journal.generated
                )
                chosen = execution.choose_provisioners(plan, engine.provisioner, engine.plugins)
        except BaseException:
            self._let_go(remove=False)
            raise
        self.warnings += (*plan.warnings, *remarks)
        for outcome in kept.outcomes:
            journal.outcome(outcome)
        self.clock.tell(Planned(plan=plan))
        with sharing_supervisor():
            return self._carry_out(plan, chosen, kept, execution.WarmSessions(engine.plugins, self.calls))

    @property
    def _looking(self) -> tuple[Plugins, PluginCalls, Path, Path]:
        """What checkouts are looked for with."""
        return self.engine.plugins, self.calls, self.engine.workspace, self.engine.state / "checkouts"

    def _carry_out(
        self, plan: Plan, chosen: Mapping[str, ChosenProvisioner], kept: Kept, run_batch: WarmSessions
    ) -> Run:
        outcomes = list(kept.outcomes)
        try:
            self._tests(plan, chosen, kept, outcomes, run_batch)
        except KeyboardInterrupt:
            if not self.scheduled:
                # It came while the data was made or the environment came up.
                self.stopped = execution.ASKED
                outcomes += execution.interrupted(plan, outcomes)
            self._record(self._result(plan, chosen, outcomes))
            raise
        except BaseException:
            self._let_go(remove=False)
            raise
        return self._published(self._record(self._result(plan, chosen, outcomes)))

    def _tests(
        self,
        plan: Plan,
        chosen: Mapping[str, ChosenProvisioner],
        kept: Kept,
        outcomes: list[Outcome],
        run_batch: WarmSessions,
    ) -> None:
        from testflow_core.conclusion import remember_touched, standing_of  # noqa: PLC0415 - agents get ready meanwhile

        engine = self.engine
        if not plan.batches:
            return
        exits = ExitStack()
        counts = standing_of(plan, self.draft.past, engine.history, self.started).counts
        try:
            directory = self._directory(exits)
            exits.callback(lambda: self.warnings.extend(remember_touched(plan, directory, engine.history)))
            setting = execution.Setting(
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
                failed=lambda: any(map(counts, execution.final(outcomes))),
            )
            exits.enter_context(run_batch)
            self._warm_up(plan, run_batch, directory)
            stage = exits.enter_context(execution.prepared(setting))
            self._up(plan, stage)
            with self.clock.phase("execute"):
                schedule = execution.Schedule(self._circumstances(plan, kept), stage)
                self._batches(schedule, run_batch, outcomes, counts)
        finally:
            with self.clock.phase("clean up"):
                exits.close()

    def _directory(self, exits: ExitStack) -> Path:
        if not self.engine.plugins.outside:
            return Path(self.run_id)
        return exits.enter_context(execution.run_directory(self.surroundings.certificates.append))

    def _circumstances(self, plan: Plan, kept: Kept) -> Circumstances:
        reports = self.engine.state / "reports"
        outside = self.engine.plugins.outside
        known = execution.Circumstances(
            plan=plan,
            past=self.draft.past,
            capacities=self.engine.resources,
            kept=kept,
            artifacts=execution.Artifacts(reports / self.run_id / execution.ARTIFACTS if outside else None),
        )
        # An order that is to be as it was is not changed by what a run shows in the meantime.
        if self.replayed is None:
            known = evolve(known, adapted=adaptation(plan, self.draft.past, self.engine.plugins, self.calls))
        return execution.told(known, self.journal, self.clock)

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
                run_batch.warm(runner, execution.bench_of(application, plan, directory, spool))

    def _batches(
        self,
        schedule: Schedule,
        run_batch: WarmSessions,
        outcomes: list[Outcome],
        counts: Callable[[Outcome], bool],
    ) -> None:
        engine = self.engine
        executor = engine.plugins.load(EXECUTOR, EXECUTOR_NAME, workers=engine.workers)
        self.scheduled = True
        following = execution.Following(schedule, self.limits, self.asked, self._hear(outcomes), self._tell, counts)
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
            if self.clock.observers:
                self.clock.tell(TestEnded(outcome=outcome))
            if journal is not None:
                journal.outcome(outcome)

        return hear

    def _tell(self, sentence: str) -> None:
        self.clock.tell(Progressed(text=sentence))

    def _result(self, plan: Plan, chosen: Mapping[str, ChosenProvisioner], outcomes: list[Outcome]) -> Run:
        from testflow_core.conclusion import concluded, data_versions  # noqa: PLC0415 - as above

        engine = self.engine
        with self.clock.phase("triage"):
            conclusion = concluded(plan, outcomes, self.draft.past, engine, self.calls, self.run_id, self.started)
        return Run(
            run_id=self.run_id,
            workflow=plan.workflow.name,
            started=self.started,
            choices=plan.choices,
            outcomes=tuple(outcomes),
            results=conclusion.results,
            audits=conclusion.audits,
            warnings=(
                *self.warnings,
                *self.surroundings.warnings,
                *conclusion.warnings,
                *missing(self.replayed, conclusion.results),
            ),
            plugin_failures=tuple(self.calls.failures),
            phases=dict(self.clock.seconds),
            provisioner=execution.told_provisioners(chosen),
            isolation=self.surroundings.isolation,
            origin=self.surroundings.origin,
            kept=tuple(self.surroundings.kept),
            reports=engine.state / "reports" / self.run_id if engine.plugins.outside and self.draft.reporters else None,
            stopped=self.stopped,
            certificates=tuple(self.surroundings.certificates),
            trees=plan.trees,
            changes=plan.changes,
            uncovered=plan.uncovered,
            data=data_versions(plan, engine, self.calls),
            clusters=conclusion.clusters,
            on_main=tuple(name for name, change in plan.changes.items() if change.on_main),
            conditions=plan.conditions,
        )

    def _record(self, run: Run) -> Run:
        trouble = self._close_journal()
        said = [f"this run cannot be resumed: {trouble}"] if trouble and run.interrupted_tests else []
        try:
            remarks = self.engine.history.record(run)
            known = self.engine.history.miss_rates() if run.audits else ()
            run = evolve(run, warnings=(*run.warnings, *remarks), miss_rates=known)
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
        if self.engine.plugins.outside and run.failed_tests:
            execution.forget_older(self.engine.state / "reports")
        with self.clock.phase("report"):
            run = publish(run, self.draft.reporters, self.calls, self.engine.history)
        return evolve(run, phases=dict(self.clock.seconds))
