"""How one attempt at a test ended."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

from testflow_core.model.data import Json
from testflow_core.model.failure_context import FailureContext
from testflow_core.model.test_case import TestCase


class Status(StrEnum):
    """How a test ended; `error` is a failure of its set-up, its environment, its data or its process."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMED_OUT = "timed_out"
    SKIPPED = "skipped"
    UNAVAILABLE = "unavailable"
    INTERRUPTED = "interrupted"

    failing: bool
    """Whether a test that ended so belongs to the failed tests."""

    letter: str
    """`.`, `F`, `E` or `T`; empty where a test that ended so came to no verdict: it did not run."""

    # Kept, and not worked out: every test of a run is asked several times.
    def __init__(self, value: str) -> None:
        self.letter = {"passed": ".", "failed": "F", "error": "E", "timed_out": "T"}.get(value, "")
        self.failing = self.letter not in {"", "."}


@frozen(kw_only=True)
class Outcome:
    """
    One attempt at one test.

    `duration` is in seconds, `started` in seconds since the epoch. `message` is the line that says what went wrong,
    `text` the framework's whole account of it. `values` is what the test returned, for the steps that come after it.
    `flow` and `batch` are those it was run in. `context` is what there was around it where it failed. `span` is
    how long its program ran from `started` on, where nobody knows when in that time it did. `ended` is when its worker
    was done with it, in seconds since the epoch, where it failed and the worker tells: hooks take time, too. The same
    (run, test, flow, attempt) twice is one outcome.
    """

    test: TestCase
    status: Status
    duration: float = 0.0
    attempt: int = 1
    reason: str = ""
    message: str = ""
    text: str = ""
    stdout: str = ""
    stderr: str = ""
    values: Json = None
    started: float = 0.0
    flow: str | None = None
    batch: str = ""
    context: FailureContext | None = None
    span: float = 0.0
    ended: float = 0.0


@frozen(kw_only=True)
class Attempt:
    """How one attempt at a test ended: its status, the first line of what it said, its seconds, the flow it was of."""

    attempt: int
    status: Status
    message: str = ""
    duration: float = 0.0
    flow: str | None = None

    @classmethod
    def of(cls, outcome: Outcome) -> Attempt:
        """What there is to say of an outcome in short."""
        said = (outcome.message or outcome.reason).strip()
        return cls(
            attempt=outcome.attempt,
            status=outcome.status,
            message=said.partition("\n")[0],
            duration=outcome.duration,
            flow=outcome.flow,
        )
