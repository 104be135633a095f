"""How long something takes that was measured more than once."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen(kw_only=True)
class Timing:
    """Seconds: the median of `count` measurements, and the quartiles `low` and `high` that hold the middle half."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Timing:
        """The timing of one measurement or more; quartiles by the inclusive method of `statistics.quantiles`."""
        if len(seconds) == 1:
            return cls(median=seconds[0], low=seconds[0], high=seconds[0], count=1)
        low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
        return cls(median=median, low=low, high=high, count=len(seconds))

    def __str__(self) -> str:
        return f"{self.median:.3g} s ({self.low:.3g} to {self.high:.3g})"
