"""Contract tests: a plugin's test class inherits what holds of its interface, and answers a few fixtures."""

import pytest

_MODULES = (
    "analyzer",
    "change_source",
    "checkout_source",
    "copies",
    "data_generator",
    "destination",
    "executor",
    "faults",
    "provisioner",
    "provisioning_abilities",
    "reporter",
    "router",
    "runner",
    "running_processes",
    "selector",
)
# Before they are imported: a contract that fails then shows the values it compared.
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _MODULES))

from testflow_core.testing.contracts.analyzer import AnalyzerByCategories, AnalyzerContract
from testflow_core.testing.contracts.change_source import ChangeSourceContract
from testflow_core.testing.contracts.checkout_source import CheckoutSourceContract
from testflow_core.testing.contracts.copies import ProvisionerWithCopies
from testflow_core.testing.contracts.data_generator import (
    DataGeneratorContract,
    DataGeneratorThatChecks,
    DataGeneratorWithReferences,
)
from testflow_core.testing.contracts.destination import DestinationContract
from testflow_core.testing.contracts.executor import ExecutorContract
from testflow_core.testing.contracts.faults import ProvisionerWithFaults
from testflow_core.testing.contracts.provisioner import ProvisionerContract
from testflow_core.testing.contracts.provisioning_abilities import (
    ProvisionerOfProcesses,
    ProvisionerThatChecks,
    ProvisionerThatCleans,
)
from testflow_core.testing.contracts.reporter import ReporterContract, ReporterThatObserves
from testflow_core.testing.contracts.router import RouterByTeams, RouterContract
from testflow_core.testing.contracts.runner import RunnerContract, RunnerThatDividesFiles
from testflow_core.testing.contracts.running_processes import RunnerOfProcesses
from testflow_core.testing.contracts.selector import SelectorContract, SelectorThatWarns

__all__ = [
    "AnalyzerByCategories",
    "AnalyzerContract",
    "ChangeSourceContract",
    "CheckoutSourceContract",
    "DataGeneratorContract",
    "DataGeneratorThatChecks",
    "DataGeneratorWithReferences",
    "DestinationContract",
    "ExecutorContract",
    "ProvisionerContract",
    "ProvisionerOfProcesses",
    "ProvisionerThatChecks",
    "ProvisionerThatCleans",
    "ProvisionerWithCopies",
    "ProvisionerWithFaults",
    "ReporterContract",
    "ReporterThatObserves",
    "RouterByTeams",
    "RouterContract",
    "RunnerContract",
    "RunnerOfProcesses",
    "RunnerThatDividesFiles",
    "SelectorContract",
    "SelectorThatWarns",
]
