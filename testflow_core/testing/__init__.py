"""For plugin authors and for users who test their workflows: a fake of every interface, and failures made by hand."""

from testflow_core.testing.deciding import (
    MemoryAnalyzer,
    MemoryChanges,
    MemoryCheckouts,
    MemoryRouter,
    MemorySelector,
)
from testflow_core.testing.failures import failure
from testflow_core.testing.plugins import MemoryPlugins
from testflow_core.testing.providing import MemoryData, MemoryDestination, MemoryProvisioner
from testflow_core.testing.running import MemoryExecutor, MemoryReporter, MemoryRunner

__all__ = [
    "MemoryAnalyzer",
    "MemoryChanges",
    "MemoryCheckouts",
    "MemoryData",
    "MemoryDestination",
    "MemoryExecutor",
    "MemoryPlugins",
    "MemoryProvisioner",
    "MemoryReporter",
    "MemoryRouter",
    "MemoryRunner",
    "MemorySelector",
    "failure",
]
