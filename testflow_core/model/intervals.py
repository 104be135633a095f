"""How sure a share is that was counted."""

from __future__ import annotations

from math import sqrt

Z = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """
    The Wilson score interval (95 %) of the share behind `hits` of `trials`; (0, 1) without trials.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212; for
    few trials and small shares recommended by L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a
    binomial proportion", Statistical Science 16 (2001), 101-133.
    """
    if not trials:
        return 0.0, 1.0
    share, spread = hits / trials, Z * Z / trials
    centre = share + spread / 2
    half = Z * sqrt((share * (1 - share) + spread / 4) / trials)
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    # What never happened has no lower bound above 0, whatever rounding says.
    return (0.0 if not hits else max(0.0, low)), (1.0 if hits == trials else min(1.0, high))
