"""The order of a run, and nothing else."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.course import Course, Settings
from testflow_core.model import Limits

if TYPE_CHECKING:
    from testflow_core.model import Plan, Run
    from testflow_core.planning import Declaration


@frozen(kw_only=True)
class Engine(Settings):
    """Plans and executes declarations, and resumes what was cut off."""

    def plan(self, declaration: Declaration) -> Plan:
        """What `execute` would do; nothing is started. SpecError or PluginError where the declaration is wrong."""
        running = Course(self, _new_id(), time.time(), Limits())
        plan, _ = running.plan(declaration)
        return evolve(plan, warnings=tuple(running.warnings))

    def execute(self, declaration: Declaration, limits: Limits) -> Run:
        """
        Runs what the declaration asks for.

        A failing test, environment or data set is in the result; SpecError or PluginError before anything is started.
        At a KeyboardInterrupt no further test begins, and at a second those that run are ended; the run is remembered,
        can be resumed, and the interrupt goes on to the caller.
        """
        return Course(self, _new_id(), time.time(), limits).execute(declaration)

    def resume(self, run_id: str | None, limits: Limits) -> Run:
        """
        Runs what is left of a run that was cut off or stopped, the latest where none is named.

        HistoryError where there is none, where it still goes on, or where its journal cannot be read.
        """
        name = self.history.resumable(run_id)
        journal = self.history.journal(name)
        assert journal is not None  # noqa: S101 - only a history on disk can tell of such a run
        return Course(self, name, time.time(), limits).resume(journal)


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
