"""Contract tests: a plugin's test class inherits what holds of its interface, and answers a few fixtures."""

import pytest

_MODULES = (
    "analyzer",
    "change_source",
    "checkout_source",
    "copies",
    "data_generator",
    "destination",
    "environments_together",
    "executor",
    "faults",
    "provisioner",
    "provisioning_abilities",
    "reporter",
    "router",
    "runner",
    "running_processes",
    "selector",
    "selector_abilities",
    "tracker",
    "tracker_samples",
    "tracker_troubles",
)
# Before they are imported: a contract that fails then shows the values it compared.
pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _MODULES))

from testflow_core.testing.contracts.analyzer import AnalyzerByCategories, AnalyzerContract, AnalyzerThatRelates
from testflow_core.testing.contracts.change_source import ChangeSourceContract, ChangeSourceThatTellsLines
from testflow_core.testing.contracts.checkout_source import CheckoutSourceContract, CheckoutSourceThatNamesTrees
from testflow_core.testing.contracts.copies import ProvisionerWithCopies
from testflow_core.testing.contracts.data_generator import (
    DataGeneratorContract,
    DataGeneratorThatChecks,
    DataGeneratorThatNamesItsCorpus,
    DataGeneratorWithReferences,
    DataGeneratorWithTables,
)
from testflow_core.testing.contracts.destination import DestinationContract, DestinationWithCopies
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
from testflow_core.testing.contracts.runner import (
    RunnerContract,
    RunnerThatDividesFiles,
    RunnerThatGetsReady,
    RunnerThatNamesConditions,
)
from testflow_core.testing.contracts.running_processes import RunnerOfProcesses
from testflow_core.testing.contracts.selector import SelectorContract, SelectorThatWarns
from testflow_core.testing.contracts.selector_abilities import SelectorThatCovers, SelectorThatNarrows
from testflow_core.testing.contracts.tracker import TrackerContract
from testflow_core.testing.contracts.tracker_samples import ToldIssue

__all__ = [
    "AnalyzerByCategories",
    "AnalyzerContract",
    "AnalyzerThatRelates",
    "ChangeSourceContract",
    "ChangeSourceThatTellsLines",
    "CheckoutSourceContract",
    "CheckoutSourceThatNamesTrees",
    "DataGeneratorContract",
    "DataGeneratorThatChecks",
    "DataGeneratorThatNamesItsCorpus",
    "DataGeneratorWithReferences",
    "DataGeneratorWithTables",
    "DestinationContract",
    "DestinationWithCopies",
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
    "RunnerThatGetsReady",
    "RunnerThatNamesConditions",
    "SelectorContract",
    "SelectorThatCovers",
    "SelectorThatNarrows",
    "SelectorThatWarns",
    "ToldIssue",
    "TrackerContract",
]
