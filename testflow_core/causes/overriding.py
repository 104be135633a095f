"""What people have said of causes holds before what rules and tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import Route
from testflow_core.wording import day

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Cluster, Diagnosis, FailureAnalysis, Override, TestResult


def overridden(
    results: Iterable[TestResult], clusters: Sequence[Cluster], overrides: Iterable[Override], analysis: FailureAnalysis
) -> tuple[tuple[TestResult, ...], tuple[Cluster, ...]]:
    """The results and clusters, those of which people have spoken with the category and team that they said."""
    results = tuple(results)
    said = {each.cluster: each for each in overrides}
    holding: dict[str, Override] = {}
    told: list[Cluster] = []
    for cluster in clusters:
        found = [said[name] for name in (cluster.id, *cluster.fingerprints) if name in said]
        if found:
            latest = max(found, key=lambda each: each.since)
            holding |= dict.fromkeys(cluster.tests, latest)
            told.append(_cluster(cluster, latest, analysis))
        else:
            told.append(cluster)
    if not holding:
        return results, tuple(clusters)
    return tuple(
        _result(each, each.diagnosis, holding[each.label], analysis)
        if each.label in holding and each.diagnosis is not None
        else each
        for each in results
    ), tuple(told)


def _cluster(cluster: Cluster, override: Override, analysis: FailureAnalysis) -> Cluster:
    diagnosis = _diagnosis(cluster.diagnosis, override)
    team = _team(override, analysis)
    return evolve(cluster, category=diagnosis.category, owner=team or cluster.owner, diagnosis=diagnosis)


def _result(result: TestResult, diagnosis: Diagnosis, override: Override, analysis: FailureAnalysis) -> TestResult:
    diagnosis = _diagnosis(diagnosis, override)
    result = evolve(result, diagnosis=diagnosis, category=diagnosis.category)
    team = _team(override, analysis)
    if not team:
        return result
    said = _said(override) if override.team else f"the category {override.category} is routed to {team}"
    return evolve(result, assigned_to=team, route=Route(test=diagnosis.test, team=team, reason=said))


def _diagnosis(diagnosis: Diagnosis, override: Override) -> Diagnosis:
    if not override.category:
        return diagnosis
    reason = f"{_said(override)}; else {diagnosis.category}, for {diagnosis.reason}"
    # What the rule knew of its category need not hold of another one.
    return evolve(diagnosis, category=override.category, reason=reason, verification=None, advice="", confidence=1.0)


def _team(override: Override, analysis: FailureAnalysis) -> str:
    """The team that people named, else that of the category that they named."""
    if override.team or not override.category:
        return override.team
    first = override.category.partition("/")[0]
    return analysis.routing.get(override.category) or analysis.routing.get(first, "")


def _said(override: Override) -> str:
    why = f": {override.reason}" if override.reason else ""
    return f"people said so on {day(override.since)}{why}"
