"""What a selector decided, and why."""

from __future__ import annotations

from attrs import frozen

from testflow_core.model.test_case import TestCase


@frozen(kw_only=True)
class Choice:
    """
    Whether a test runs, with a reason a person can check.

    The whole part of a priority is its class: a higher one runs earlier; within a class what takes longest does. Where
    a selector leaves it at 0, history gives it. `left_out_by` is the strategy that had left out a test which runs as an
    audit of it.
    """

    test: TestCase
    selected: bool
    reason: str
    priority: float = 0.0
    left_out_by: str = ""
