"""What the past says of tests that pass and fail with the same sources, and what is done about them."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from testflow_core.model.test_case import TestCase


class FlakyState(StrEnum):
    """
    Where a test stands.

    `suspect`: it failed and passed by turns, but never with the same sources. `flaky`: it did with the same sources,
    and nothing else was broken. `quarantined`: it runs, and its failures do not fail the run. `recovering`: it was
    flaky, and has passed so often since that it would hardly have done so were it still.
    """

    SUSPECT = "suspect"
    FLAKY = "flaky"
    QUARANTINED = "quarantined"
    RECOVERING = "recovering"


@frozen(kw_only=True)
class Flakiness:
    """
    What is known of a test that is flaky, or may be.

    `probability` is the share of failures among its trials with sources with which it also passed, `low` and `high` the
    bounds of its Wilson score interval (95 %). `proofs` counts the times that it failed although it passes with
    the same sources, `passed_since` the runs since its last failure, which was at `last_failure`, in seconds since the
    epoch. `until` is when its quarantine expires, 0 where it is in none. `reason` is the rule that holds.
    """

    test: TestCase
    state: FlakyState
    probability: float
    low: float
    high: float
    trials: int
    failures: int
    proofs: int
    passed_since: int
    last_failure: float
    until: float = 0.0
    reason: str = ""


@frozen(kw_only=True)
class Quarantine:
    """
    A test whose failures do not fail a run until a moment, in seconds since the epoch; `since` is when that was said.

    `test` is `application::file`, for all tests of the file, or `application::file::name`, with or without parameters.
    """

    test: str
    until: float
    since: float = 0.0
    reason: str = ""

    def covers(self, test_id: str) -> bool:
        """Whether the test with this id is meant."""
        return test_id == self.test or test_id.startswith((f"{self.test}::", f"{self.test}["))


@frozen(kw_only=True)
class Fixed:
    """
    What came of running a test again and again: the run, and in how many of its attempts it passed and failed.

    `low` and `high` are the bounds of the Wilson score interval (95 %) of the chance that it fails. `likely` says
    whether it passed every time.
    """

    run_id: str
    test_id: str
    passed: int
    failed: int
    low: float
    high: float
    message: str = ""

    @property
    def likely(self) -> bool:
        """Whether it ran, and always passed."""
        return self.passed > 0 and not self.failed
