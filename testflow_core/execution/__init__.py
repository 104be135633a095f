"""From a plan to outcomes."""

from testflow_core.execution.artifacts import NAME as ARTIFACTS
from testflow_core.execution.artifacts import Artifacts, forget_older
from testflow_core.execution.clock import Clock
from testflow_core.execution.following import ASKED, Following
from testflow_core.execution.kept import Kept
from testflow_core.execution.lasting import run_directory
from testflow_core.execution.provisioners import ChosenProvisioner, choose_provisioners, told_provisioners
from testflow_core.execution.resumption import fingerprints, holding
from testflow_core.execution.schedule import Circumstances, Schedule, bench_of, recorded
from testflow_core.execution.sessions import WarmSessions
from testflow_core.execution.stage import Setting, Stage, prepared
from testflow_core.execution.surroundings import Surroundings
from testflow_core.execution.telling import told
from testflow_core.execution.verdicts import final, interrupted

__all__ = [
    "ARTIFACTS",
    "ASKED",
    "Artifacts",
    "ChosenProvisioner",
    "Circumstances",
    "Clock",
    "Following",
    "Kept",
    "Schedule",
    "Setting",
    "Stage",
    "Surroundings",
    "WarmSessions",
    "bench_of",
    "choose_provisioners",
    "final",
    "fingerprints",
    "forget_older",
    "holding",
    "interrupted",
    "prepared",
    "recorded",
    "run_directory",
    "told",
    "told_provisioners",
]
