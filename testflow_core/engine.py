"""The order of a run, and nothing else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.draft import Draft
from testflow_core.errors import HistoryError
from testflow_core.model import Fixed, Limits, Status
from testflow_core.model.intervals import wilson
from testflow_core.planning import declared, repeated, replaying
from testflow_core.settings import Settings

if TYPE_CHECKING:
    from testflow_core.course import Course
    from testflow_core.model import Plan, Run, Shard
    from testflow_core.planning import Declaration


@frozen(kw_only=True)
class Engine(Settings):
    """Plans and executes declarations, and resumes what was cut off."""

    def plan(self, declaration: Declaration) -> Plan:
        """What `execute` would do; nothing is started. SpecError or PluginError where the declaration is wrong."""
        draft = Draft(self)
        plan, _ = draft.plan(declaration)
        return evolve(plan, warnings=tuple(draft.warnings))

    def execute(
        self,
        declaration: Declaration,
        limits: Limits,
        *,
        shard: Shard | None = None,
        run_id: str | None = None,
        replay: str | None = None,
    ) -> Run:
        """
        Runs what the declaration asks for, or a shard of it.

        `run_id` is what the run is called, HistoryError where one that is remembered is. `replay` names a run whose
        tests run, in its order, whatever the strategies of the declaration say; HistoryError where there is none.

        A failing test, environment or data set is in the result; SpecError or PluginError before anything is started.
        At a KeyboardInterrupt no further test begins, and at a second those that run are ended; the run is remembered,
        can be resumed, and the interrupt goes on to the caller.
        """
        if run_id is not None and self.history.knows(run_id):
            raise HistoryError(
                f"the run {run_id!r} is in the history already; call this one otherwise, or resume that one."
                " Shards of one run are each remembered in a history of their own, and merged"
            )
        if replay is not None:
            declaration = replaying(declaration, self.history.run(replay))
        return _course(self, run_id or _new_id(), limits).execute(declaration, shard)

    def declared(self, run_id: str) -> Declaration:
        """What was declared for a run, from the history alone; HistoryError where not all of it is known."""
        return declared(self.history.terms(run_id))

    def attempt_to_fix(self, declaration: Declaration, test_id: str, times: int) -> Fixed:
        """
        Runs one test so many times in one run, until it fails, which is remembered as any.

        SpecError before anything is started; what came of it is answered also where the environment did not come up.
        """
        run = self.execute(repeated(declaration, test_id, times), Limits())
        passed = sum(outcome.status is Status.PASSED for outcome in run.outcomes)
        failures = [outcome for outcome in run.outcomes if outcome.status.failing]
        low, high = wilson(len(failures), passed + len(failures))
        return Fixed(
            run_id=run.run_id,
            test_id=test_id,
            passed=passed,
            failed=len(failures),
            low=low,
            high=high,
            message=failures[0].message if failures else "",
        )

    def resume(self, run_id: str | None, limits: Limits) -> Run:
        """
        Runs what is left of a run that was cut off or stopped, the latest where none is named.

        HistoryError where there is none, where it still goes on, or where its journal cannot be read.
        """
        name = self.history.resumable(run_id)
        journal = self.history.journal(name)
        assert journal is not None  # noqa: S101 - only a history on disk can tell of such a run
        return _course(self, name, limits).resume(journal)


def _course(engine: Engine, run_id: str, limits: Limits) -> Course:
    # Who only plans waits for nothing that a plan is carried out with.
    from testflow_core.course import Course  # noqa: PLC0415

    return Course(Draft(engine), run_id, limits)


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
