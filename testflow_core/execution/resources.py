"""What is counted and shared among the batches that run at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.model import EACH, EXCLUSIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Terms


class Resources:
    """Takes and gives back, by the terms of batches; what runs alone has all there is."""

    def __init__(self, capacities: Mapping[str, int]) -> None:
        self._capacities = capacities
        self._taken: dict[str, int] = {}
        self._running = 0
        self._alone = False

    def take(self, terms: Terms) -> bool:
        """Whether a batch of these terms can start; what it needs is then its own."""
        if self._alone or (terms.alone and self._running):
            return False
        wanted = {name: number for name, number in terms.resources.items() if name != EXCLUSIVE}
        if any(self._taken.get(name, 0) + number > self._capacities.get(name, EACH) for name, number in wanted.items()):
            return False
        for name, number in wanted.items():
            self._taken[name] = self._taken.get(name, 0) + number
        self._running += 1
        self._alone = terms.alone
        return True

    def give_back(self, terms: Terms) -> None:
        """A batch that had started has ended."""
        for name, number in terms.resources.items():
            if name != EXCLUSIVE:
                self._taken[name] -= number
        self._running -= 1
        self._alone = False
