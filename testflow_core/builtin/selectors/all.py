"""The selector `all`: no test is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.interfaces import Selector
from testflow_core.model import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Context, TestCase


@frozen(kw_only=True)
class SelectAll(Selector):
    """Every test runs."""

    def select(self, tests: Sequence[TestCase], context: Context) -> Iterable[Choice]:
        """Every test, selected."""
        del context
        return [Choice(test=test, selected=True, reason="all tests are selected") for test in tests]
