"""Order among things that depend on each other."""

from __future__ import annotations

from graphlib import CycleError as _NoOrderError
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, cast

from testflow_core.errors import TestflowError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class CycleError(TestflowError):
    """Things depend on each other in a circle; `path` is the circle, its first member repeated at its end."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(" -> ".join(path))


def waves(dependencies: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """
    The members in waves, each depending only on members of earlier waves; within one, in the order of the mapping.

    `dependencies` maps a member to those it depends on; one that is no member itself is left out. CycleError where
    there is no such order.
    """
    needs = _within(dependencies)
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except _NoOrderError:
        raise CycleError(_cycles(needs)[0]) from None
    position = {member: index for index, member in enumerate(needs)}
    found: list[tuple[str, ...]] = []
    while sorter.is_active():
        ready = sorter.get_ready()
        sorter.done(*ready)
        found.append(tuple(sorted(ready, key=position.__getitem__)))
    return tuple(found)


def cycles(dependencies: Mapping[str, Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """One circle for each set of members that depend on each other, in the order of the mapping; () where none do."""
    needs = _within(dependencies)
    try:
        TopologicalSorter(needs).prepare()
    except _NoOrderError:
        return _cycles(needs)
    return ()


def _within(dependencies: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {member: tuple(each for each in needed if each in dependencies) for member, needed in dependencies.items()}


def _cycles(needs: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    # Only a declaration with a mistake pays for this import.
    import networkx as nx  # noqa: PLC0415

    graph: nx.DiGraph[str] = nx.DiGraph([(member, each) for member, needed in needs.items() for each in needed])
    position = {member: index for index, member in enumerate(needs)}
    found: list[tuple[str, ...]] = []
    for component in nx.strongly_connected_components(graph):
        first = min(component, key=position.__getitem__)
        if len(component) > 1 or graph.has_edge(first, first):
            edges = nx.find_cycle(graph.subgraph(component), first)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - untyped there
            members = [edge[0] for edge in cast("list[tuple[str, str]]", edges)]
            start = members.index(min(members, key=position.__getitem__))
            found.append((*members[start:], *members[: start + 1]))
    return tuple(sorted(found, key=lambda path: position[path[0]]))
