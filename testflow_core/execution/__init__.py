"""From a plan to outcomes."""

from testflow_core.execution.provisioners import ChosenProvisioner, choose_provisioner
from testflow_core.execution.schedule import Schedule, bench_of
from testflow_core.execution.sessions import WarmSessions
from testflow_core.execution.stage import Setting, Stage, prepared, run_directory

__all__ = [
    "ChosenProvisioner",
    "Schedule",
    "Setting",
    "Stage",
    "WarmSessions",
    "bench_of",
    "choose_provisioner",
    "prepared",
    "run_directory",
]
