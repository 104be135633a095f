"""Order among things that depend on each other."""

from __future__ import annotations

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
    # networkx is imported when an order is asked for: importing testflow, or deciding what to run, does without it.
    import networkx as nx  # noqa: PLC0415

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(dependencies)
    for member, needed in dependencies.items():
        graph.add_edges_from((each, member) for each in needed if each in dependencies)
    try:
        edges = cast("list[tuple[str, str]]", nx.find_cycle(graph))  # pyright: ignore[reportUnknownMemberType]
    except nx.NetworkXNoCycle:
        position = {member: index for index, member in enumerate(dependencies)}
        return tuple(tuple(sorted(wave, key=position.__getitem__)) for wave in nx.topological_generations(graph))
    circle = [edge[0] for edge in reversed(edges)]
    first = min(range(len(circle)), key=lambda index: list(dependencies).index(circle[index]))
    circle = circle[first:] + circle[:first]
    raise CycleError((*circle, circle[0]))
