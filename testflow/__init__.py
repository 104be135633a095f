"""What scripts import: declare applications, environments, data and workflows, and execute them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testflow.builders import Environment, TestData, TestWorkflow, Variants
    from testflow.catalog import Applications, register_application
    from testflow.cleaning import clean
    from testflow.diagnosis import diagnose
    from testflow.engine import Engine
    from testflow.generating import generate
    from testflow.history import History
    from testflow.locking import check_lock, lock, unlock
    from testflow_core.errors import (
        DataError,
        HistoryError,
        PluginError,
        PluginNotFoundError,
        ProvisionError,
        SpecError,
        TestflowError,
    )
    from testflow_core.model import Choice, Outcome, Plan, Run, Status, TestResult

__all__ = [
    "Applications",
    "Choice",
    "DataError",
    "Engine",
    "Environment",
    "History",
    "HistoryError",
    "Outcome",
    "Plan",
    "PluginError",
    "PluginNotFoundError",
    "ProvisionError",
    "Run",
    "SpecError",
    "Status",
    "TestData",
    "TestResult",
    "TestWorkflow",
    "TestflowError",
    "Variants",
    "check_lock",
    "clean",
    "diagnose",
    "generate",
    "lock",
    "register_application",
    "unlock",
]

_HOMES = {
    "testflow.builders": ("Environment", "TestData", "TestWorkflow", "Variants"),
    "testflow.catalog": ("Applications", "register_application"),
    "testflow.cleaning": ("clean",),
    "testflow.diagnosis": ("diagnose",),
    "testflow.engine": ("Engine",),
    "testflow.history": ("History",),
    "testflow.generating": ("generate",),
    "testflow.locking": ("check_lock", "lock", "unlock"),
    "testflow_core.model": ("Choice", "Outcome", "Plan", "Run", "Status", "TestResult"),
}


def __getattr__(name: str) -> object:
    """
    A name, from its home, imported when it is asked for.

    What a script does not use it does not wait for: one that only declares never imports the engine.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = next((home for home, names in _HOMES.items() if name in names), "testflow_core.errors")
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
