"""The batches that have not started: which of them may, and which is the next."""

from __future__ import annotations

from heapq import heappop, heappush
from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from testflow_core.model import PlannedBatch, Terms


class Waiting:
    """
    Hands out batches in the order of the plan, each once those that it comes after have ended.

    Of those that need the same the first is the first; one that cannot have what it needs is overtaken, but what must
    run alone is not: nothing after it would let it come to its turn.
    """

    def __init__(self, batches: Iterable[PlannedBatch]) -> None:
        self._batches = {batch.id: batch for batch in batches}
        self._key = _keys(self._batches.values())
        self._missing: dict[str, set[str]] = {}
        self._followers: dict[str, list[str]] = {}
        self._ready: dict[tuple[object, ...], list[tuple[tuple[int, int], str]]] = {}
        self._queued: dict[str, tuple[int, int]] = {}
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
        self._queued[name] = self._key[name]
        heappush(self._ready.setdefault(needs, []), (self._key[name], name))

    def move(self, name: str, priority: float) -> None:
        """A batch has another priority now, whether it may start yet or not; one that others wait for only rises."""
        before = self._key[name]
        key = (-floor(priority), before[1])
        self._key[name] = min(before, key) if name in self._followers else key
        if name in self._queued and self._key[name] != self._queued[name]:
            self.put(name)

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
        heads = sorted((queue[0], needs) for needs, queue in self._ready.items() if self._has_head(queue))
        for (_, name), needs in heads:
            batch = self._batches[name]
            if fits(batch.terms):
                heappop(self._ready[needs])
                del self._queued[name]
                return batch
            if batch.terms.alone:
                return None
        return None

    def _has_head(self, queue: list[tuple[tuple[int, int], str]]) -> bool:
        """Whether any waits in a queue; entries of batches that were moved since are dropped from its head."""
        while queue and self._queued.get(queue[0][1]) != queue[0][0]:
            heappop(queue)
        return bool(queue)


def _keys(batches: Collection[PlannedBatch]) -> dict[str, tuple[int, int]]:
    """Of each batch its class, the most urgent least, and its place: so that one that is moved finds its place."""
    found: dict[str, tuple[int, int]] = {}
    highest = 0
    # In the order of the plan a batch may stand before its class, where others wait for it.
    for place, batch in reversed(list(enumerate(batches))):
        highest = max(highest, floor(batch.priority))
        found[batch.id] = (-highest, place)
    return found
