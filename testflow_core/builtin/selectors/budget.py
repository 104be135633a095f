"""The best tests that fit into a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.builtin.selectors.prospects import Prospect


def fill(prospects: Sequence[Prospect], seconds: float) -> Iterator[tuple[Prospect, str | None]]:
    """
    Each with the reason why it is left out, None where it runs, in order.

    What must run does, even beyond the time. The rest is filled with the highest chance per second, and what does not
    fit is overtaken: G. B. Dantzig, "Discrete-variable extremum problems", 1957.
    """
    left = seconds - _mandatory(prospects)
    taken: set[int] = set()
    density = [each.chance / max(each.seconds, 1e-9) for each in prospects]
    for place in sorted(range(len(prospects)), key=lambda place: (-density[place], prospects[place].test.id)):
        if prospects[place].must_run:
            taken.add(place)
        elif prospects[place].seconds <= left:
            taken.add(place)
            left -= prospects[place].seconds
    used = seconds - left
    for place, each in enumerate(prospects):
        yield each, None if place in taken else _reason(each, seconds, used)


def warnings(prospects: Iterable[Prospect], seconds: float) -> Iterator[str]:
    """That what must run takes longer, if it does."""
    mandatory = _mandatory(prospects)
    if mandatory > seconds:
        yield (
            f"what failed last, never ran or was changed takes {mandatory:.3g} s, more than the budget of"
            f" {seconds:.3g} s, and runs all the same"
        )


def _mandatory(prospects: Iterable[Prospect]) -> float:
    return sum(each.seconds for each in prospects if each.must_run)


def _reason(prospect: Prospect, seconds: float, used: float) -> str:
    return (
        f"left out of the budget of {seconds:.3g} s, of which {used:.3g} s are taken: a chance of"
        f" {prospect.chance:.2%} to fail for {prospect.seconds:.3g} s ({prospect.reason})"
    )
