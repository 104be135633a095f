"""Order among things that depend on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from testflow_core.errors import TestflowError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import networkx as nx


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
    position = {member: index for index, member in enumerate(dependencies)}
    try:
        return tuple(tuple(sorted(wave, key=position.__getitem__)) for wave in nx.topological_generations(graph))
    except nx.NetworkXUnfeasible:
        raise CycleError(_circle(graph, position)) from None


def _circle(graph: nx.DiGraph[str], position: Mapping[str, int]) -> tuple[str, ...]:
    """A circle, from the member of it that was declared first back to that member."""
    import networkx as nx  # noqa: PLC0415 - as above

    # find_cycle walks the graph again from each member that leads to no circle: it is given one that is in a circle.
    circles = [each for each in nx.strongly_connected_components(graph) if len(each) > 1]
    start = min(set(nx.nodes_with_selfloops(graph)).union(*circles), key=position.__getitem__)
    edges = cast("list[tuple[str, str]]", nx.find_cycle(graph, start))  # pyright: ignore[reportUnknownMemberType] - untyped there
    circle = [edge[0] for edge in reversed(edges)]
    first = circle.index(min(circle, key=position.__getitem__))
    return (*circle[first:], *circle[: first + 1])
