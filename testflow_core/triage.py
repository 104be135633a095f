"""From outcomes to failures, diagnoses, routes, and one result per test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.interfaces import ANALYZER, ROUTER
from testflow_core.model import (
    UNKNOWN,
    Context,
    Diagnosis,
    Evidence,
    Failure,
    Outcome,
    Route,
    Status,
    Terms,
    TestCase,
    TestResult,
    Timing,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import FailureAnalysis, Past, Plan
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins

# A test that ended in several ways is what the first of these says.
_WORST_FIRST = (
    Status.ERROR,
    Status.FAILED,
    Status.TIMED_OUT,
    Status.INTERRUPTED,
    Status.UNAVAILABLE,
    Status.PASSED,
    Status.SKIPPED,
)
_NO_TERMS = Terms()
_EVIDENCE = ("message", "text", "stderr", "stdout")


@frozen(kw_only=True)
class Triage:
    """What is known of every test that failed, if only in an attempt that was not its last, by test."""

    failures: Mapping[TestCase, Failure]
    diagnoses: Mapping[TestCase, Diagnosis]
    routes: Mapping[TestCase, Route]


def explain(
    outcomes: Sequence[Outcome], analysis: FailureAnalysis, past: Past, plugins: Plugins, calls: PluginCalls
) -> Triage:
    """A diagnosis and a route for every test that failed, if only in an attempt that was not its last."""
    worst = _worst(outcomes)
    failing = {test: outcome for test, outcome in worst.items() if outcome.status.failing}
    flaky = {test: outcome for test, outcome in _failed_before(outcomes).items() if test not in failing}
    failures = {test: failure_of(outcome) for test, outcome in {**failing, **flaky}.items()}
    context = Context(analysis=analysis, past=past)
    diagnoses = {test: _unknown(failure) for test, failure in failures.items()}
    if failures:
        analyzer = plugins.load(ANALYZER, analysis.analyzer, **analysis.options)
        found = calls.answer(
            ANALYZER, analysis.analyzer, lambda: tuple(analyzer.analyze(tuple(failures.values()), context)), ()
        )
        diagnoses |= {each.test: each for each in found if each.test in failures}
    routes = {test: Route(test=test, team=analysis.default_team, reason="no router said more") for test in failures}
    if failures:
        router = plugins.load(ROUTER, analysis.router)
        answers = calls.answer(
            ROUTER, analysis.router, lambda: tuple(router.route(tuple(diagnoses.values()), context)), ()
        )
        routes |= {each.test: each for each in answers if each.test in failures}
    return Triage(failures=failures, diagnoses=diagnoses, routes=routes)


def failure_of(outcome: Outcome) -> Failure:
    """The failure that an outcome is, its evidence ranked: the message, the framework's account, what it printed."""
    texts = ((kind, getattr(outcome, kind)) for kind in _EVIDENCE)
    said: dict[str, str] = {}
    for kind, text in texts:
        if text.strip() and text not in said.values():
            said[kind] = text
    evidence = tuple(
        Evidence(kind=kind, text=said[kind], rank=rank) for rank, kind in enumerate(_EVIDENCE) if kind in said
    )
    return Failure(test=outcome.test, status=outcome.status, evidence=evidence)


def results(plan: Plan, outcomes: Sequence[Outcome], triage: Triage) -> tuple[TestResult, ...]:
    """Every test once: those that ran, and those that did not with the reason they did not."""
    attempts: dict[TestCase, list[Outcome]] = {}
    for outcome in outcomes:
        attempts.setdefault(outcome.test, []).append(outcome)
    reasons = {_key(choice.test): choice.reason for choice in plan.choices}
    terms = {batch.id: batch.terms for batch in plan.batches}
    found = {
        test: _result(outcome, _reason(test, reasons), attempts[test], terms.get(outcome.batch, _NO_TERMS), triage)
        for test, outcome in _worst(outcomes).items()
    }
    ran = {(test.application, test.file) for test in found}
    for choice in plan.choices:
        test = choice.test
        if test in found or (choice.selected and (test.name is not None or (test.application, test.file) in ran)):
            continue
        if test in plan.unavailable:
            found[test] = TestResult(test_id=test.id, status=Status.UNAVAILABLE, reason=plan.unavailable[test])
        else:
            found[test] = TestResult(test_id=test.id, status=Status.SKIPPED, reason=choice.reason)
    return tuple(found.values())


def _worst(outcomes: Iterable[Outcome]) -> dict[TestCase, Outcome]:
    """The outcome that counts for each test: its last attempt in each flow, the worst of them."""
    last: dict[tuple[TestCase, str | None], Outcome] = {}
    for outcome in outcomes:
        key = (outcome.test, outcome.flow)
        if key not in last or outcome.attempt >= last[key].attempt:
            last[key] = outcome
    worst: dict[TestCase, Outcome] = {}
    for (test, _), outcome in last.items():
        known = worst.setdefault(test, outcome)
        if _WORST_FIRST.index(outcome.status) < _WORST_FIRST.index(known.status):
            worst[test] = outcome
    return worst


def _failed_before(outcomes: Iterable[Outcome]) -> dict[TestCase, Outcome]:
    """The last attempt of each test that failed."""
    return {outcome.test: outcome for outcome in outcomes if outcome.status.failing}


def _key(test: TestCase) -> tuple[str, str, str | None]:
    return test.application, test.file, test.name


def _reason(test: TestCase, reasons: Mapping[tuple[str, str, str | None], str]) -> str:
    """Why a test was chosen: itself, the test whose parameters it is one of, or its whole file."""
    unparametrized = (test.name or "").split("[", 1)[0]
    for name in (test.name, unparametrized, None):
        reason = reasons.get((test.application, test.file, name))
        if reason is not None:
            return reason
    return ""


def _result(outcome: Outcome, reason: str, attempts: Sequence[Outcome], terms: Terms, triage: Triage) -> TestResult:
    test = outcome.test
    durations = [each.duration for each in attempts]
    passed = [each.duration for each in attempts if each.status is Status.PASSED]
    result = TestResult(
        test_id=test.id,
        variant=test.variant,
        status=outcome.status,
        reason=outcome.reason or reason,
        duration=sum(durations),
        kind=terms.kind,
        attempts=max(each.attempt for each in attempts),
        timing=Timing.of(passed) if terms.repetitions > 1 and passed else None,
    )
    if test not in triage.failures:
        return result
    diagnosis, route = triage.diagnoses[test], triage.routes[test]
    failure = triage.failures[test]
    return evolve(
        result,
        category=diagnosis.category,
        assigned_to=route.team,
        logs=failure.logs,
        message=failure.message,
        diagnosis=diagnosis,
        route=route,
        flaky=outcome.status is Status.PASSED,
    )


def _unknown(failure: Failure) -> Diagnosis:
    return Diagnosis(test=failure.test, category=UNKNOWN, reason="no analyzer said more")
