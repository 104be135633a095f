"""The nouns of testflow: frozen values, in the order a run makes them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testflow_core.model.application import Application, Readiness, Start
    from testflow_core.model.artifact import Artifact
    from testflow_core.model.audit import Audit, MissRate
    from testflow_core.model.certificate import Certificate
    from testflow_core.model.change import Change
    from testflow_core.model.choice import Choice
    from testflow_core.model.cluster import Cluster, heaviest_first
    from testflow_core.model.code_owners import CodeOwners, MatchesPaths, OwnerRule
    from testflow_core.model.context import Context
    from testflow_core.model.data import DEFAULT_SEED, Entity, FieldSpec, Json, Record, TestData
    from testflow_core.model.data_identity import ChangeKind, DataChange, DataIdentity
    from testflow_core.model.data_set import DataDifference, DataSet, Loaded, RecordsDifference
    from testflow_core.model.delivery import Delivery, Message
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
    from testflow_core.model.explanation import Explanation
    from testflow_core.model.failure import UNKNOWN, Diagnosis, Evidence, Failure, Route
    from testflow_core.model.failure_context import FailureContext, ServiceState
    from testflow_core.model.flaky import Fixed, Flakiness, FlakyState, Quarantine
    from testflow_core.model.history import Past, Track
    from testflow_core.model.isolation import By, Isolation, Scope
    from testflow_core.model.keeping import Keeping
    from testflow_core.model.limits import Limits
    from testflow_core.model.outcome import Attempt, Outcome, Status
    from testflow_core.model.override import Override
    from testflow_core.model.plan import Batch, Bench, Plan, PlannedBatch
    from testflow_core.model.provider import Provider
    from testflow_core.model.remembered import Compacted, Imported, Merged, RunSummary, Trial
    from testflow_core.model.run import PluginFailure, Run, TestResult
    from testflow_core.model.shards import SAFE_RUN_ID, Shard
    from testflow_core.model.sightings import KnownCause, Sightings
    from testflow_core.model.tables import Column, ColumnType, Table
    from testflow_core.model.terms import DEFAULT_TIMEOUT, EACH, EXCLUSIVE, PERFORMANCE, Terms, terms_of
    from testflow_core.model.test_case import TestCase
    from testflow_core.model.timing import Timing
    from testflow_core.model.touched import Outdated, TouchedMap
    from testflow_core.model.uncovered import Uncovered
    from testflow_core.model.verdict import Blame, ChangedLines, Suspect, Verdict
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
    "SAFE_RUN_ID",
    "UNKNOWN",
    "Application",
    "Artifact",
    "Attempt",
    "Audit",
    "Batch",
    "BatchDone",
    "BatchEnded",
    "BatchSubmitted",
    "Bench",
    "Blame",
    "By",
    "Category",
    "Certificate",
    "Change",
    "ChangeKind",
    "ChangedLines",
    "Choice",
    "Clone",
    "Cluster",
    "CodeOwners",
    "Column",
    "ColumnType",
    "Compacted",
    "Context",
    "CrossAppTest",
    "DataChange",
    "DataDifference",
    "DataFlow",
    "DataIdentity",
    "DataSet",
    "Delivery",
    "Dependency",
    "Diagnosis",
    "Endpoint",
    "Entity",
    "Environment",
    "Event",
    "Evidence",
    "Explanation",
    "Failure",
    "FailureAnalysis",
    "FailureContext",
    "Fault",
    "FieldSpec",
    "Fixed",
    "Flakiness",
    "FlakyState",
    "Imported",
    "Inject",
    "Isolation",
    "Json",
    "Keeping",
    "KnownCause",
    "Limits",
    "Loaded",
    "MappingRule",
    "MatchesPaths",
    "Merged",
    "Message",
    "MissRate",
    "Outcome",
    "Outdated",
    "Override",
    "OwnerRule",
    "Past",
    "PhaseStarted",
    "Plan",
    "Planned",
    "PlannedBatch",
    "PluginFailure",
    "Progressed",
    "Provider",
    "Provisioned",
    "Quarantine",
    "Readiness",
    "Record",
    "RecordsDifference",
    "Route",
    "Run",
    "RunSummary",
    "Scope",
    "Service",
    "ServiceState",
    "Shard",
    "Sightings",
    "Site",
    "Start",
    "Status",
    "Step",
    "Suspect",
    "Table",
    "Terms",
    "TestCase",
    "TestData",
    "TestEnded",
    "TestResult",
    "TestSelection",
    "TestWorkflow",
    "Timing",
    "TouchedMap",
    "Track",
    "Trial",
    "Uncovered",
    "Verdict",
    "WorkerLost",
    "heaviest_first",
    "terms_of",
]

_HOMES = {
    "application": "Application Readiness Start",
    "artifact": "Artifact",
    "audit": "Audit MissRate",
    "certificate": "Certificate",
    "change": "Change",
    "choice": "Choice",
    "cluster": "Cluster heaviest_first",
    "code_owners": "CodeOwners MatchesPaths OwnerRule",
    "context": "Context",
    "data": "DEFAULT_SEED Entity FieldSpec Json Record TestData",
    "data_identity": "ChangeKind DataChange DataIdentity",
    "data_set": "DataDifference DataSet Loaded RecordsDifference",
    "delivery": "Delivery Message",
    "environment": "FAULTS Clone Endpoint Environment Inject Provisioned Service Site",
    "event": "BatchDone BatchEnded BatchSubmitted Event PhaseStarted Planned Progressed TestEnded WorkerLost",
    "explanation": "Explanation",
    "failure": "UNKNOWN Diagnosis Evidence Failure Route",
    "failure_context": "FailureContext ServiceState",
    "flaky": "Fixed Flakiness FlakyState Quarantine",
    "history": "Past Track",
    "isolation": "By Isolation Scope",
    "keeping": "Keeping",
    "limits": "Limits",
    "outcome": "Attempt Outcome Status",
    "override": "Override",
    "plan": "Batch Bench Plan PlannedBatch",
    "provider": "Provider",
    "remembered": "Compacted Imported Merged RunSummary Trial",
    "run": "PluginFailure Run TestResult",
    "shards": "SAFE_RUN_ID Shard",
    "sightings": "KnownCause Sightings",
    "tables": "Column ColumnType Table",
    "terms": "DEFAULT_TIMEOUT EACH EXCLUSIVE PERFORMANCE Terms terms_of",
    "test_case": "TestCase",
    "timing": "Timing",
    "touched": "Outdated TouchedMap",
    "uncovered": "Uncovered",
    "verdict": "Blame ChangedLines Suspect Verdict",
    "workflow": "DEFAULT_TEAM Category CrossAppTest DataFlow Dependency"
    " FailureAnalysis Fault MappingRule Step TestSelection TestWorkflow",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """
    A name, from its home, imported when it is asked for.

    There are some hundred, and making their classes takes longer than making a thousand records.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
