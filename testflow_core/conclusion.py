"""What a run has come to: from the outcomes of its tests to results, causes, and what they were of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core import data_lock, triage
from testflow_core.causes import causes_of
from testflow_core.errors import HistoryError
from testflow_core.execution import bench_of, recorded
from testflow_core.interfaces import DATA_GENERATOR
from testflow_core.model import Audit, Cluster, TestResult
from testflow_core.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from testflow_core.history import History
    from testflow_core.model import Outcome, Past, Plan
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.settings import Settings


@frozen(kw_only=True)
class Conclusion:
    """The result of every test, what audits saw, the causes of failures, and sentences on what could not be gone by."""

    results: tuple[TestResult, ...]
    audits: tuple[Audit, ...]
    clusters: tuple[Cluster, ...]
    warnings: tuple[str, ...]


def concluded(
    plan: Plan, outcomes: Sequence[Outcome], past: Past, settings: Settings, calls: PluginCalls, run_id: str, now: float
) -> Conclusion:
    """What the outcomes of a run come to, that began at `now`, in seconds since the epoch."""
    plugins, history = settings.plugins, settings.history
    explained = triage.explain(plan, outcomes, past, plugins, calls)
    standing = standing_of(plan, past, history, now)
    results = standing.judged(triage.results(plan, outcomes, explained))
    expired = standing.expired(results)
    results, clusters = causes_of(results, plan, past, history, plugins, calls, run_id, now)
    return Conclusion(
        results=results,
        audits=triage.audits(plan.choices, results),
        clusters=clusters,
        warnings=(*expired, *explained.warnings),
    )


def standing_of(plan: Plan, past: Past, history: History, now: float) -> Standing:
    """What holds for the failures of a run that began at `now`."""
    workflow = plan.workflow
    return Standing(history, (*workflow.quarantines, *past.quarantines), now, workflow.analysis.new_after)


def data_versions(plan: Plan, settings: Settings, calls: PluginCalls) -> dict[str, str]:
    """The version of the test data, by its name, where its generator tells it."""
    data = plan.data
    if data is None:
        return {}
    version = calls.answer(
        DATA_GENERATOR, data.generator, lambda: data_lock.identity_by_plugin(data, settings.plugins).version, ""
    )
    return {data.name: version} if version else {}


def remember_touched(plan: Plan, directory: Path, history: History) -> Iterator[str]:
    """Once the workers have ended, keep what they noted of what tests touch; a sentence for what cannot be kept."""
    kept = history.touched
    for application in recorded(plan) & plan.applications.keys():
        # As if there were a spool: where nothing was noted, nothing is there.
        bench = bench_of(application, plan, directory, directory)
        if kept is None or bench.record is None or not bench.record.is_dir():
            continue
        try:
            yield from kept.record(application, bench.checkout, bench.record).remarks
        except (HistoryError, OSError) as error:
            yield f"what the tests of {application} touched is not remembered: {error}"
