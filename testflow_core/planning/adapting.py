"""Who changes the order of a plan while it is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.interfaces import SELECTOR, Adapts
from testflow_core.model import Context
from testflow_core.planning.choices import ORDERING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from testflow_core.interfaces import Selector
    from testflow_core.model import Choice, Outcome, Past, Plan, TestSelection
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins


def adaptation(
    plan: Plan, past: Past, plugins: Plugins, calls: PluginCalls
) -> Callable[[Sequence[Outcome]], Iterable[Choice]]:
    """
    What answers, given outcomes, the choices of the plan whose priority is another one now.

    The choices of an application are changed by the selector that a selection of it names, if that one can; those of
    the others by the selector that put them in order.
    """
    named = {
        each.application: (name, selector)
        for each in plan.workflow.selections
        # Of several the first that can.
        for name in reversed(each.strategies)
        # One that planned a run which is resumed elsewhere may not be installed there.
        if isinstance(
            selector := calls.answer(SELECTOR, name, lambda each=each, name=name: _loaded(each, name, plugins), None),
            Adapts,
        )
    }
    ordering = (ORDERING, plugins.load(SELECTOR, ORDERING))
    groups: dict[int, list[Choice]] = {}
    selectors: dict[int, tuple[str, object]] = {}
    for choice in plan.choices:
        selector = named.get(choice.test.application, ordering)
        if choice.selected:
            groups.setdefault(id(selector), []).append(choice)
            selectors[id(selector)] = selector
    context = Context(past=past, changes=plan.changes)
    asked = [
        (name, found)
        for key, (name, selector) in selectors.items()
        if isinstance(selector, Adapts)
        and (
            found := calls.answer(
                SELECTOR, name, lambda selector=selector, key=key: selector.adaptation(groups[key], context), None
            )
        )
    ]

    def adapted(outcomes: Sequence[Outcome]) -> Iterable[Choice]:
        return [
            choice
            for name, ask in asked
            for choice in calls.answer(SELECTOR, name, lambda ask=ask: tuple(ask(outcomes)), ())
        ]

    return adapted


def _loaded(selection: TestSelection, name: str, plugins: Plugins) -> Selector:
    return plugins.load(SELECTOR, name, **selection.options_of(name))
