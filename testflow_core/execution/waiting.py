"""The batches that have not started: which of them may, and which is the next."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from testflow_core.model import PlannedBatch, Terms


class Waiting:
    """
    Hands out batches in the order of the plan, each once those that it comes after have ended.

    Of those that need the same the first is the first; one that cannot have what it needs is overtaken, but what must
    run alone is not: nothing after it would let it come to its turn.
    """

    def __init__(self, batches: Iterable[PlannedBatch]) -> None:
        self._batches = {batch.id: batch for batch in batches}
        self._place = {name: place for place, name in enumerate(self._batches)}
        self._missing: dict[str, set[str]] = {}
        self._followers: dict[str, list[str]] = {}
        self._ready: dict[tuple[object, ...], list[tuple[int, str]]] = {}
        for batch in self._batches.values():
            missing = {before for before in batch.after if before in self._batches}
            for before in missing:
                self._followers.setdefault(before, []).append(batch.id)
            if missing:
                self._missing[batch.id] = missing
            else:
                self.put(batch.id)

    def put(self, name: str) -> None:
        """A batch may start, or start again."""
        terms = self._batches[name].terms
        needs = (terms.alone, *sorted(terms.resources.items()))
        heappush(self._ready.setdefault(needs, []), (self._place[name], name))

    def ended(self, name: str) -> None:
        """A batch has ended for good: nobody waits for it any longer."""
        for follower in self._followers.pop(name, ()):
            missing = self._missing[follower]
            missing.discard(name)
            if not missing:
                del self._missing[follower]
                self.put(follower)

    def next(self, fits: Callable[[Terms], bool]) -> PlannedBatch | None:
        """The next batch whose needs are met, no longer waiting; None where there is none now."""
        heads = sorted((queue[0], needs) for needs, queue in self._ready.items() if queue)
        for (_, name), needs in heads:
            batch = self._batches[name]
            if fits(batch.terms):
                heappop(self._ready[needs])
                return batch
            if batch.terms.alone:
                return None
        return None
