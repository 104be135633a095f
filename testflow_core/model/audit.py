"""What leaving tests out would have hidden, known because some of them ran all the same."""

from __future__ import annotations

from attrs import frozen

from testflow_core.model.intervals import wilson


@frozen(kw_only=True)
class Audit:
    """A test that ran although the strategy had left it out; `missed` where it failed, which nobody would have seen."""

    test_id: str
    strategy: str
    missed: bool
    variant: str = ""


@frozen(kw_only=True)
class MissRate:
    """How many of the tests that a strategy had left out, and that ran all the same, failed: over `runs` runs."""

    strategy: str
    runs: int
    audited: int
    missed: int

    @property
    def rate(self) -> float:
        """Missed failures per test that was left out, from 0 to 1; 0 where none was looked at."""
        return self.missed / self.audited if self.audited else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true rate is in 95 of 100 cases: Wilson's score interval, which holds for small counts, too."""
        return wilson(self.missed, self.audited)

    def __str__(self) -> str:
        tests = f"{self.missed:,} of {self.audited:,} tests that {self.strategy} left out failed"
        low, high = self.interval
        runs = "1 audited run" if self.runs == 1 else f"{self.runs:,} audited runs"
        return f"{tests}, in {runs}: {self.rate:.2%}, in truth between {low:.2%} and {high:.2%}"
