"""What a selector decided, and why."""

from __future__ import annotations

from attrs import frozen

from testflow_core.model.test_case import TestCase


@frozen(kw_only=True)
class Choice:
    """Whether a test runs, with a reason a person can check; a higher priority runs earlier."""

    test: TestCase
    selected: bool
    reason: str
    priority: float = 0.0
