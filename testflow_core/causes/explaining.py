"""What is known of the failures of a run besides their diagnoses, in the order in which it is found."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from testflow_core.causes.grouping import clusters
from testflow_core.causes.overriding import overridden
from testflow_core.causes.relating import ByAnalyzer
from testflow_core.causes.suspects import Suspects
from testflow_core.causes.verdicts import judged
from testflow_core.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.history import History
    from testflow_core.model import Cluster, Override, Past, Plan, TestResult
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins


def causes_of(
    results: Sequence[TestResult],
    plan: Plan,
    past: Past,
    history: History,
    plugins: Plugins,
    calls: PluginCalls,
    run_id: str,
    started: float,
) -> tuple[tuple[TestResult, ...], tuple[Cluster, ...]]:
    """The results with what people and signs say of their failures, and the causes that they have in common."""
    analysis = plan.workflow.analysis
    found = clusters(results, history, run_id, started, ByAnalyzer(analysis, plugins, calls))
    if not found:
        return tuple(results), ()
    overrides: tuple[Override, ...] = ()
    with suppress(HistoryError):  # that it cannot be read was told when the order was to be known
        overrides = history.overrides()
    told, found = overridden(results, found, overrides, analysis)
    return judged(told, found, plan.changes, Suspects(plan, past, plugins, calls), history)
