"""What scripts import: declare applications, environments, data and workflows, and execute them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow.builders import Environment, TestData, TestWorkflow
from testflow.catalog import Applications, register_application
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

if TYPE_CHECKING:
    from testflow.engine import Engine

__all__ = [
    "Applications",
    "Choice",
    "DataError",
    "Engine",
    "Environment",
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
    "register_application",
]


def __getattr__(name: str) -> object:
    """The engine, imported when it is asked for: a script that only declares is checked in a third of the time."""
    if name != "Engine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from testflow.engine import Engine  # noqa: PLC0415

    return Engine
