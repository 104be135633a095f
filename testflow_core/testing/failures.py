"""Failures made by hand, for tests of analyzers, rules and routes."""

from __future__ import annotations

from attrs import evolve

from testflow_core.model import Failure, Outcome, Status, TestCase
from testflow_core.triage import failure_of


def failure(
    *,
    message: str = "",
    text: str = "",
    stdout: str = "",
    stderr: str = "",
    framework: str = "",
    language: str = "",
    test: str = "by hand::tests/test_by_hand.py::test_it",
) -> Failure:
    """
    The failure of a test of which a framework said that.

    `message` is the line that says what went wrong, `text` its whole account, `stdout` and `stderr` what was printed.
    """
    outcome = Outcome(
        test=TestCase.from_id(test), status=Status.FAILED, message=message, text=text, stdout=stdout, stderr=stderr
    )
    return evolve(failure_of(outcome), framework=framework, language=language)
