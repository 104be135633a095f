"""From a plan to outcomes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testflow_core.execution.artifacts import ARTIFACTS, Artifacts, forget_older
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

_HOMES = {
    "artifacts": "ARTIFACTS Artifacts forget_older",
    "clock": "Clock",
    "following": "ASKED Following",
    "kept": "Kept",
    "lasting": "run_directory",
    "provisioners": "ChosenProvisioner choose_provisioners told_provisioners",
    "resumption": "fingerprints holding",
    "schedule": "Circumstances Schedule bench_of recorded",
    "sessions": "WarmSessions",
    "stage": "Setting Stage prepared",
    "surroundings": "Surroundings",
    "telling": "told",
    "verdicts": "final interrupted",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """A name, from its home, imported when it is asked for: who only plans needs two of them."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
