"""One verdict on each failure: caused by this change, flaky, of the environment, or red before."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.errors import HistoryError
from testflow_core.model import Blame, Change, Cluster, Diagnosis, Flakiness, FlakyState, Suspect, TestResult, Verdict
from testflow_core.wording import amount, day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.causes.suspects import Suspects
    from testflow_core.history import History

SURE = 2.0
"""The score of a suspect from which on the change is to blame even where other signs speak against it."""

INSIDE = {"crash", "test_definition", "data"}
"""First levels of categories that are none of the application's doing, but whose cause may be in its checkout."""

_PROVED = {FlakyState.FLAKY, FlakyState.QUARANTINED, FlakyState.RECOVERING}


@frozen(kw_only=True)
class _Case:
    """All that is known of one failure."""

    result: TestResult
    diagnosis: Diagnosis
    cluster: Cluster
    suspects: tuple[Suspect, ...]
    change: Change | None
    at_work: tuple[str, ...]
    flakiness: Flakiness | None

    @property
    def suspected(self) -> bool:
        return bool(self.suspects) and self.suspects[0].score >= SURE

    @property
    def led(self) -> bool:
        """Whether anything leads to the change where the cause may be in the checkout, as well as elsewhere."""
        level = self.diagnosis.category.partition("/")[0]
        if level == "data":
            return bool(self.suspects)
        return level in INSIDE and (bool(self.suspects) or self.fresh)

    @property
    def fresh(self) -> bool:
        """Whether it is known not to fail on main, and what changed may make a difference."""
        return self.cluster.also_red_on_main is False and bool(self.at_work)


def judged(
    results: Iterable[TestResult],
    clusters: Sequence[Cluster],
    changes: Mapping[str, Change],
    suspects: Suspects,
    history: History,
) -> tuple[tuple[TestResult, ...], tuple[Cluster, ...]]:
    """The results and the clusters, each with what is to blame; that of a cluster is that of most of its tests."""
    results = tuple(results)
    if not clusters:
        return results, tuple(clusters)
    by_label = {result.label: result for result in results}
    flaky = _flaky(history)
    verdicts: dict[str, Verdict] = {}
    told: list[Cluster] = []
    for cluster in clusters:
        members = [(by_label[label], said) for label in cluster.tests if (said := by_label[label].diagnosis)]
        found = suspects.of(cluster.diagnosis, [said.test for _, said in members], _said(members[0][0]))
        for result, said in members:
            case = _Case(
                result=result,
                diagnosis=said,
                cluster=cluster,
                suspects=found,
                change=changes.get(said.test.application),
                at_work=() if found else suspects.at_work(said.test.application),
                flakiness=flaky.get(result.label),
            )
            verdicts[result.label] = _verdict(case)
        blame, _ = Counter(verdicts[label].blame for label in cluster.tests).most_common(1)[0]
        first = next(verdicts[label] for label in cluster.tests if verdicts[label].blame is blame)
        told.append(evolve(cluster, verdict=first))
    return tuple(evolve(each, verdict=verdicts.get(each.label)) for each in results), tuple(told)


def _said(result: TestResult) -> str:
    """The message, and the lines that pytest marks as what went wrong."""
    evidence = result.diagnosis.evidence if result.diagnosis else None
    marked = [line for line in result.logs.splitlines() if line.startswith("E  ")]
    return "\n".join([result.message, evidence.text if evidence else "", *marked])


def _flaky(history: History) -> Mapping[str, Flakiness]:
    """The tests that are known to pass and fail with the same sources, by label."""
    with suppress(HistoryError):
        return {each.test.label: each for each in history.flaky() if each.state in _PROVED and each.proofs}
    return {}


def _verdict(case: _Case) -> Verdict:
    blame, reasons = _blame(case)
    kept = case.suspects if blame in {Blame.CHANGE, Blame.UNKNOWN} else ()
    return Verdict(blame=blame, reasons=reasons, suspects=kept, suggestions=tuple(_suggestions(blame, case)))


def _blame(case: _Case) -> tuple[Blame, tuple[str, ...]]:
    """The first sign that decides, what proves before what is likely."""
    result, cluster = case.result, case.cluster
    if result.flaky:
        return Blame.FLAKY, (f"it passed in attempt {result.attempts}, with the same sources",)
    if cluster.also_red_on_main:
        return Blame.BEFORE, ("the latest run of the main branch that had its tests failed of the same cause",)
    if case.flakiness is not None and not (cluster.new and case.suspected):
        known = case.flakiness
        chance = f"it fails in {known.probability:.0%} of the runs with sources with which it passes, too"
        return Blame.FLAKY, (chance, *_seen(cluster))
    if case.diagnosis.verification is False and not case.suspected and not case.led:
        many = (f"{amount(cluster.count, 'test')} failed of it",) if cluster.count > 1 else ()
        return Blame.ENVIRONMENT, (f"{case.diagnosis.category} is none of the application", *many, *_seen(cluster))
    return _by_change(case)


def _by_change(case: _Case) -> tuple[Blame, tuple[str, ...]]:
    """Of what the application or the test does: whether the change is to blame."""
    cluster, change = case.cluster, case.change
    recent = (case.result.regression,) if case.result.regression else ()
    fresh = ("it is not red on main",) if cluster.also_red_on_main is False else ()
    if case.suspects:
        top = case.suspects[0]
        return Blame.CHANGE, (f"{top.file} changed: {top.reasons[0]}", *fresh, *recent)
    if not cluster.new and not fresh:
        return Blame.BEFORE, (*_seen(cluster), "nothing of the change is known to concern it")
    if case.at_work and (fresh or recent):
        return Blame.CHANGE, (*fresh, *recent, f"{amount(len(case.at_work), 'file')} changed")
    if change is not None and change.files and not case.at_work:
        return Blame.UNKNOWN, ("only documents and comments changed, and nothing says what it comes from", *recent)
    if change is not None and change.files == ():
        return Blame.UNKNOWN, ("nothing changed, and no earlier run is known that had it", *recent)
    return Blame.UNKNOWN, ("nothing says what it comes from", *recent)


def _seen(cluster: Cluster) -> tuple[str, ...]:
    if cluster.first_seen is None:
        return ()
    return (f"{amount(cluster.times, 'earlier run')} had it, the first on {day(cluster.first_seen)}",)


def _suggestions(blame: Blame, case: _Case) -> Iterable[str]:
    """What to look at next, the most promising first."""
    if blame in {Blame.CHANGE, Blame.UNKNOWN}:
        for suspect in case.suspects[:2]:
            yield f"look at {suspect.lines[0] if suspect.lines else suspect.file}"
    if case.diagnosis.advice:
        yield case.diagnosis.advice
    if blame is Blame.FLAKY:
        yield "run it several times with the same sources; until it is mended, quarantine it"
    if blame is Blame.ENVIRONMENT and not case.diagnosis.advice:
        yield "look at what the services said while it ran, and at their health"
    if blame is Blame.BEFORE and case.cluster.tracker:
        yield f"see {case.cluster.tracker}"
    if blame is Blame.UNKNOWN and not case.suspects:
        yield "run it again with the same sources: if it passes, it is flaky"
