"""How early an order of tests shows its failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Verdict:
    """One execution of a test: its name, how long it took, whether it failed."""

    name: str
    seconds: float
    failed: bool


def apfd(order: Sequence[Verdict]) -> float:
    """
    The average percentage of faults detected, each failed execution being a fault of its own; some must have failed.

    G. Rothermel et al., "Prioritizing test cases for regression testing", IEEE TSE 2001.
    """
    places = [place for place, each in enumerate(order, start=1) if each.failed]
    return 1 - sum(places) / (len(order) * len(places)) + 1 / (2 * len(order))


def apfdc(order: Sequence[Verdict]) -> float:
    """
    The same over time instead of places, all faults being equally severe; places where nothing took any time.

    S. Elbaum et al., "Incorporating varying test costs and fault severities into test case prioritization", ICSE 2001.
    """
    total = sum(each.seconds for each in order)
    if not total:
        return apfd(order)
    left, gained = total, 0.0
    for each in order:
        gained += (left - each.seconds / 2) * each.failed
        left -= each.seconds
    return gained / (total * sum(each.failed for each in order))


def napfd(order: Sequence[Verdict], share: float) -> float:
    """
    The same of what fits into a share of the time that all take, in order, what does not fit being left out.

    X. Qu et al., "Combinatorial interaction regression testing", ICSM 2007, as RETECS takes it: H. Spieker et al.,
    "Reinforcement learning for automatic test case prioritization and selection", ISSTA 2017.
    """
    left = share * sum(each.seconds for each in order)
    fitting: list[Verdict] = []
    for each in order:
        if each.seconds <= left:
            fitting.append(each)
            left -= each.seconds
    faults = sum(each.failed for each in order)
    if not any(each.failed for each in fitting):
        return 0.0
    places = [place for place, each in enumerate(fitting, start=1) if each.failed]
    found = len(places) / faults
    return found - sum(places) / (len(fitting) * faults) + found / (2 * len(fitting))
