"""Which files are reached from others, along whoever needs whom."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def chains_from(files: Iterable[str], importers: Callable[[str], Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    """All that need one of these, each with the shortest chain: the file, who imports it, and so on to itself."""
    chains = {file: (file,) for file in files}
    waiting = deque(chains)
    while waiting:
        file = waiting.popleft()
        for importer in importers(file):
            if importer not in chains:
                chains[importer] = (*chains[file], importer)
                waiting.append(importer)
    return chains


def all_needed(files: Iterable[str], needs: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """The files that one of these needs, and they themselves."""
    needed = set(files)
    waiting = list(needed)
    while waiting:
        fresh = set(needs(waiting.pop())) - needed
        needed |= fresh
        waiting += fresh
    return frozenset(needed)
