"""From a plan to outcomes."""

from testflow_core.execution.schedule import Schedule
from testflow_core.execution.sessions import WarmSessions
from testflow_core.execution.stage import Setting, Stage, prepared, run_directory

__all__ = ["Schedule", "Setting", "Stage", "WarmSessions", "prepared", "run_directory"]
