"""Causes and runs for the contract of trackers, and what a tracker tells of an issue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from attrs import evolve, frozen

from testflow_core.model import Cluster, Diagnosis, Evidence, Run, Status, TestResult
from testflow_core.testing.contracts.samples import TESTS
from testflow_core.tracking import IssueReporter

DAY = 86_400.0
STARTED = 1_795_379_686.0
SECRET = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"  # noqa: S105 - nobody's


@frozen(kw_only=True)
class ToldIssue:
    """An issue as the tracker tells people of it; `text` is its body with all that is hidden in it."""

    key: str
    title: str
    text: str
    is_open: bool
    comments: tuple[str, ...] = ()


Made: TypeAlias = Callable[..., IssueReporter]
Told: TypeAlias = Callable[[], Sequence[ToldIssue]]


def cluster(name: str = "1:db", tests: int = 3, **changes: Any) -> Cluster:
    """A cause that fails so many tests."""
    labels = tuple(f"shop::tests/test_{name[2:]}.py::test_{number}" for number in range(tests))
    diagnosis = Diagnosis(
        test=TESTS[1],
        category="environment/database",
        reason="'refused' matched the message",
        evidence=Evidence(kind="message", text="connection refused: is the server running?", rank=0),
        fingerprint=name,
        advice="Start the database.",
    )
    made = Cluster(
        id=name,
        category="environment/database",
        title=f"connection to {name[2:]} refused",
        tests=labels,
        diagnosis=diagnosis,
    )
    return evolve(made, **changes)


def run_with(*clusters: Cluster, run_id: str = "run-1", days: float = 0.0, passed: Sequence[str] = ()) -> Run:
    """A run with these causes, so many days after the first, in which these tests passed."""
    failed = [TestResult(test_id=test, status=Status.FAILED) for each in clusters for test in each.tests]
    results = (*failed, *(TestResult(test_id=test, status=Status.PASSED) for test in passed))
    return Run(run_id=run_id, workflow="checkout", started=STARTED + days * DAY, results=results, clusters=clusters)
