"""From a plan to outcomes."""

from testflow_core.execution.clock import Clock
from testflow_core.execution.following import Following
from testflow_core.execution.kept import Kept
from testflow_core.execution.provisioners import ChosenProvisioner, choose_provisioner
from testflow_core.execution.resumption import fingerprints, holding
from testflow_core.execution.schedule import Circumstances, Schedule, bench_of
from testflow_core.execution.sessions import WarmSessions
from testflow_core.execution.stage import Setting, Stage, prepared, run_directory
from testflow_core.execution.telling import told

__all__ = [
    "ChosenProvisioner",
    "Circumstances",
    "Clock",
    "Following",
    "Kept",
    "Schedule",
    "Setting",
    "Stage",
    "WarmSessions",
    "bench_of",
    "choose_provisioner",
    "fingerprints",
    "holding",
    "prepared",
    "run_directory",
    "told",
]
