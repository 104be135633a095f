"""A run, published: sent to where people work, then reported with what has arrived there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from attrs import evolve, frozen

from testflow_core.errors import HistoryError
from testflow_core.interfaces import REPORTER, Delivers, Reporter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.history import History
    from testflow_core.model import Delivery, Run
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins


@frozen
class Asked:
    """A reporter that was asked for, and as what: the name of a plugin, or the expression that made it."""

    name: str
    expression: str
    reporter: Reporter


def asked(reporters: Iterable[str | Reporter], plugins: Plugins) -> tuple[Asked, ...]:
    """The reporters, loaded where they are names; PluginError or SpecError where they cannot be."""
    return tuple(
        Asked(each, repr(each), plugins.load(REPORTER, each))
        if isinstance(each, str)
        else Asked(type(each).__qualname__, _expression(each), each)
        for each in reporters
    )


def publish(run: Run, reporters: Sequence[Asked], calls: PluginCalls, history: History) -> Run:
    """The run with what was sent of it; a reporter that raises is in its plugin failures."""
    sending = [each for each in reporters if isinstance(each.reporter, Delivers)]
    sent = [delivery for each in sending if (delivery := _delivered(run, each, calls, history)) is not None]
    run = _remembered(evolve(run, deliveries=tuple(sent), plugin_failures=tuple(calls.failures)), history)
    for each in reporters:
        if each not in sending:
            calls.answer(REPORTER, each.name, lambda each=each: each.reporter.report(run), None)
    return evolve(run, plugin_failures=tuple(calls.failures))


def _delivered(run: Run, asked: Asked, calls: PluginCalls, history: History) -> Delivery | None:
    def deliver() -> Delivery:
        assert isinstance(asked.reporter, Delivers)  # noqa: S101 - only these are asked
        return asked.reporter.deliver(run)

    delivery = calls.answer(REPORTER, asked.name, deliver, None)
    if delivery is None or history.path is None or not (delivery.unsent or delivery.dry or delivery.trouble):
        return delivery
    again = f"testflow.History({str(history.path)!r}).report({run.run_id!r}, {asked.expression})"
    return evolve(delivery, again=again)


def _remembered(run: Run, history: History) -> Run:
    if not run.deliveries:
        return run
    try:
        history.put_deliveries(run.run_id, run.deliveries)
    except HistoryError as error:
        return evolve(run, warnings=(*run.warnings, f"what was sent of this run is not remembered: {error}"))
    return run


def _expression(reporter: Reporter) -> str:
    """`GitHubIssues(repository='acme/shop')`: what was asked for, without what it is anyway."""
    kind = type(reporter)
    if not attrs.has(kind):
        return repr(reporter)
    told = [
        f"{field.alias}={value!r}"
        for field in attrs.fields(kind)
        if field.init and field.repr and (value := getattr(reporter, field.name)) != field.default
    ]
    return f"{kind.__qualname__}({', '.join(told)})"
