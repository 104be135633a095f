"""What goes on while a run goes on, for whoever watches it."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from testflow_core.model.outcome import Outcome
from testflow_core.model.plan import Batch, Plan
from testflow_core.model.test_case import TestCase


@frozen(kw_only=True)
class PhaseStarted:
    """The run enters a phase (`plan`, `data`, `provision`, `execute`, `clean up`, `triage`, `report`)."""

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


@frozen(kw_only=True)
class BatchSubmitted:
    """
    Tests are handed over to run one after the other, as soon as a worker is free for them.

    `batch` is the id that their outcomes bear. A test without a name stands for all of its file. What of them is to run
    once more is handed over again, as the next `attempt`.
    """

    batch: str
    tests: tuple[TestCase, ...]
    attempt: int = 1


@frozen(kw_only=True)
class BatchDone:
    """No test of a batch is left to run, and every outcome of it was told; a run that is stopped leaves some undone."""

    batch: str


Event: TypeAlias = PhaseStarted | Progressed | Planned | BatchSubmitted | TestEnded | BatchDone
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
