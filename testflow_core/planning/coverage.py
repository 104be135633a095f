"""What of the changes no test that runs is known to reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.interfaces import SELECTOR, Covers, Gathers
from testflow_core.model import Context, Uncovered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import Choice, Past, TestSelection
    from testflow_core.planning.applications import Landscape
    from testflow_core.planning.choices import Verdict
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins

COVERING = "change-based"
"""The selector that is asked where none that a selection names can tell, and something was recorded."""


def uncovered(
    selections: Sequence[Verdict[TestSelection]],
    choices: Sequence[Choice],
    landscape: Landscape,
    past: Past,
    plugins: Plugins,
    calls: PluginCalls,
) -> tuple[Uncovered, ...]:
    """By application from which tests are selected, given all choices; nothing of one in which nothing changed."""
    found: list[Uncovered] = []
    by_application: dict[str, Verdict[TestSelection]] = {}
    for verdict in selections:
        known = by_application.get(verdict.origin.application)
        if known is None or (known.covering is None and verdict.covering is not None):
            by_application[verdict.origin.application] = verdict
    for name, verdict in by_application.items():
        change = landscape.changes.get(name)
        if change is None or change.files == ():
            continue
        own = [choice for choice in choices if choice.test.application == name]
        if verdict.covering is not None:
            found += verdict.covering(own)
        elif name in past.maps and COVERING in plugins.names(SELECTOR):
            found += _by_record(verdict.origin, own, landscape, past, plugins, calls)
        else:
            found.append(_unknown(name, change.files, past))
    return tuple(found)


def _by_record(
    selection: TestSelection,
    choices: Sequence[Choice],
    landscape: Landscape,
    past: Past,
    plugins: Plugins,
    calls: PluginCalls,
) -> tuple[Uncovered, ...]:
    selector = plugins.load(SELECTOR, COVERING)
    if not (isinstance(selector, Covers) and isinstance(selector, Gathers)):
        return ()
    context = Context(
        application=landscape.applications[selection.application],
        change=landscape.changes[selection.application],
        # It is about what tests reach; the rules of this selection are those of another selector.
        selection=evolve(selection, mapping_rules=()),
        past=past,
    )
    known = evolve(context, evidence=calls.answer(SELECTOR, COVERING, lambda: selector.gather(context), None))
    return calls.answer(SELECTOR, COVERING, lambda: tuple(selector.uncovered(choices, known)), ())


def _unknown(application: str, files: Sequence[str] | None, past: Past) -> Uncovered:
    why = past.stale.get(application, "what its tests touch was never recorded")
    if files is None:
        why = "what changed is not known"
    return Uncovered(application=application, reason=why, known=False)
