"""The nouns of testflow: frozen values, in the order a run makes them."""

from testflow_core.model.application import Application, Readiness, Start
from testflow_core.model.certificate import Certificate
from testflow_core.model.change import Change
from testflow_core.model.choice import Choice
from testflow_core.model.context import Context
from testflow_core.model.data import DEFAULT_SEED, DataSet, Entity, Json, Loaded, Record, TestData
from testflow_core.model.environment import FAULTS, Clone, Endpoint, Environment, Inject, Provisioned, Service, Site
from testflow_core.model.event import (
    BatchDone,
    BatchEnded,
    BatchSubmitted,
    Event,
    PhaseStarted,
    Planned,
    Progressed,
    TestEnded,
    WorkerLost,
)
from testflow_core.model.failure import UNKNOWN, Diagnosis, Evidence, Failure, Route
from testflow_core.model.history import Past, Track
from testflow_core.model.isolation import By, Isolation, Scope
from testflow_core.model.keeping import Keeping
from testflow_core.model.limits import Limits
from testflow_core.model.outcome import Outcome, Status
from testflow_core.model.plan import Batch, Bench, Plan, PlannedBatch
from testflow_core.model.run import PluginFailure, Run, TestResult
from testflow_core.model.terms import DEFAULT_TIMEOUT, EACH, EXCLUSIVE, PERFORMANCE, Terms, terms_of
from testflow_core.model.test_case import TestCase
from testflow_core.model.timing import Timing
from testflow_core.model.workflow import (
    DEFAULT_TEAM,
    Category,
    CrossAppTest,
    DataFlow,
    Dependency,
    FailureAnalysis,
    Fault,
    MappingRule,
    Step,
    TestSelection,
    TestWorkflow,
)

__all__ = [
    "DEFAULT_SEED",
    "DEFAULT_TEAM",
    "DEFAULT_TIMEOUT",
    "EACH",
    "EXCLUSIVE",
    "FAULTS",
    "PERFORMANCE",
    "UNKNOWN",
    "Application",
    "Batch",
    "BatchDone",
    "BatchEnded",
    "BatchSubmitted",
    "Bench",
    "By",
    "Category",
    "Certificate",
    "Change",
    "Choice",
    "Clone",
    "Context",
    "CrossAppTest",
    "DataFlow",
    "DataSet",
    "Dependency",
    "Diagnosis",
    "Endpoint",
    "Entity",
    "Environment",
    "Event",
    "Evidence",
    "Failure",
    "FailureAnalysis",
    "Fault",
    "Inject",
    "Isolation",
    "Json",
    "Keeping",
    "Limits",
    "Loaded",
    "MappingRule",
    "Outcome",
    "Past",
    "PhaseStarted",
    "Plan",
    "Planned",
    "PlannedBatch",
    "PluginFailure",
    "Progressed",
    "Provisioned",
    "Readiness",
    "Record",
    "Route",
    "Run",
    "Scope",
    "Service",
    "Site",
    "Start",
    "Status",
    "Step",
    "Terms",
    "TestCase",
    "TestData",
    "TestEnded",
    "TestResult",
    "TestSelection",
    "TestWorkflow",
    "Timing",
    "Track",
    "WorkerLost",
    "terms_of",
]
