"""What goes on while a run goes on, for whoever watches it."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from testflow_core.model.outcome import Outcome
from testflow_core.model.plan import Batch, Plan


@frozen(kw_only=True)
class PhaseStarted:
    """The run enters a phase (`plan`, `data`, `provision`, `execute`, `triage`, `report`)."""

    name: str


@frozen(kw_only=True)
class Progressed:
    """What takes its time within a phase has come further: a sentence (`db: pulling redis:7, 30 of 45 MB`)."""

    text: str


@frozen(kw_only=True)
class Planned:
    """It is decided what will run."""

    plan: Plan


@frozen(kw_only=True)
class TestEnded:
    """An attempt at a test has ended."""

    __test__ = False

    outcome: Outcome


Event: TypeAlias = PhaseStarted | Progressed | Planned | TestEnded
"""What an observer is told."""


@frozen(kw_only=True)
class BatchEnded:
    """A worker is done with a batch; every outcome of it was told before."""

    batch: Batch


@frozen(kw_only=True)
class WorkerLost:
    """A batch ended before its time, and why."""

    batch: Batch
    reason: str
