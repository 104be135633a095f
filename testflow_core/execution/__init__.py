"""From a plan to outcomes."""

from testflow_core.execution.provisioners import ChosenProvisioner, choose_provisioner
from testflow_core.execution.schedule import Schedule
from testflow_core.execution.sessions import WarmSessions
from testflow_core.execution.stage import Setting, Stage, prepared, run_directory

__all__ = [
    "ChosenProvisioner",
    "Schedule",
    "Setting",
    "Stage",
    "WarmSessions",
    "choose_provisioner",
    "prepared",
    "run_directory",
]
