"""What scripts import: declare applications, environments, data and workflows, and execute them."""

from testflow.builders import Environment, TestData, TestWorkflow
from testflow.catalog import Applications, register_application
from testflow.engine import Engine
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
