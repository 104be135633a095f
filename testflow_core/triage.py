"""From outcomes to failures, diagnoses, routes, and one result per test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.interfaces import ANALYZER, ROUTER
from testflow_core.model import (
    UNKNOWN,
    Attempt,
    Audit,
    Choice,
    Context,
    Diagnosis,
    Evidence,
    Failure,
    FailureContext,
    Outcome,
    Route,
    Status,
    Terms,
    TestCase,
    TestResult,
    Timing,
)
from testflow_core.ownership import code_owners, failing_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import CodeOwners, Past, Plan
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
_NOTHING = FailureContext()


@frozen(kw_only=True)
class Triage:
    """
    What is known of every test that failed, if only in an attempt that was not its last, by test.

    `warnings` are sentences on what routes could not go by.
    """

    failures: Mapping[TestCase, Failure]
    diagnoses: Mapping[TestCase, Diagnosis]
    routes: Mapping[TestCase, Route]
    warnings: tuple[str, ...] = ()


def explain(plan: Plan, outcomes: Sequence[Outcome], past: Past, plugins: Plugins, calls: PluginCalls) -> Triage:
    """A diagnosis and a route for every test that failed, if only in an attempt that was not its last."""
    failed_before = _failed_before(outcomes)
    if not failed_before:
        return Triage(failures={}, diagnoses={}, routes={})
    tried = {test: attempts for test, attempts in _attempts(outcomes).items() if test in failed_before}
    worst = {test: _worst(attempts) for test, attempts in tried.items()}
    failing = {test: outcome for test, outcome in worst.items() if outcome.status.failing}
    flaky = {test: outcome for test, outcome in failed_before.items() if test not in failing}
    counted = {**failing, **flaky}
    failures = {test: failure_of(outcome, tried[test]) for test, outcome in counted.items()}
    context = Context(analysis=plan.workflow.analysis, past=past)
    diagnoses = _located(_diagnosed(failures, context, plugins, calls), plan)
    owners, warnings = _code_owners({test.application for test in failures}, plan)
    context = evolve(context, code_owners=owners, test_owners=_test_owners(counted.values(), plan))
    routes = _routed(diagnoses, context, plugins, calls)
    return Triage(failures=failures, diagnoses=diagnoses, routes=routes, warnings=warnings)


def _diagnosed(
    failures: Mapping[TestCase, Failure], context: Context, plugins: Plugins, calls: PluginCalls
) -> dict[TestCase, Diagnosis]:
    analysis = context.analysis
    analyzer = plugins.load(ANALYZER, analysis.analyzer, **analysis.options)
    found = calls.answer(
        ANALYZER, analysis.analyzer, lambda: tuple(analyzer.analyze(tuple(failures.values()), context)), ()
    )
    unknown = {test: _unknown(failure) for test, failure in failures.items()}
    return unknown | {each.test: each for each in found if each.test in failures}


def _located(diagnoses: Mapping[TestCase, Diagnosis], plan: Plan) -> dict[TestCase, Diagnosis]:
    """The diagnoses with the file that failed; many tests fail in the same frames."""
    known: dict[tuple[tuple[str, ...], str, str], str] = {}
    located: dict[TestCase, Diagnosis] = {}
    for test, diagnosis in diagnoses.items():
        key = diagnosis.frames, test.application, test.file
        if key not in known:
            application = plan.applications.get(test.application)
            path = application and application.path
            known[key] = failing_file(diagnosis.frames, path, test.file) if path else ""
        located[test] = evolve(diagnosis, file=known[key])
    return located


def _code_owners(names: Iterable[str], plan: Plan) -> tuple[dict[str, CodeOwners], tuple[str, ...]]:
    """Whom the code of each application belongs to, and what is wrong in the files that say it."""
    found: dict[str, CodeOwners] = {}
    warnings: list[str] = []
    for name in sorted(names):
        application = plan.applications.get(name)
        if application is None or application.path is None:
            continue
        owners, problems = code_owners(application.path)
        warnings += [f"{name}: {problem}" for problem in problems]
        if owners is not None:
            found[name] = owners
    return found, tuple(warnings)


def _test_owners(outcomes: Iterable[Outcome], plan: Plan) -> dict[TestCase, str]:
    """The owners that selections and flows declare for tests that failed."""
    owners = {batch.id: batch.terms.owner for batch in plan.batches if batch.terms.owner}
    return {each.test: owners[each.batch] for each in outcomes if each.batch in owners}


def _routed(
    diagnoses: Mapping[TestCase, Diagnosis], context: Context, plugins: Plugins, calls: PluginCalls
) -> dict[TestCase, Route]:
    analysis = context.analysis
    router = plugins.load(ROUTER, analysis.router)
    answers = calls.answer(ROUTER, analysis.router, lambda: tuple(router.route(tuple(diagnoses.values()), context)), ())
    routes = {test: Route(test=test, team=analysis.default_team, reason="no router said more") for test in diagnoses}
    return routes | {each.test: each for each in answers if each.test in diagnoses}


def failure_of(outcome: Outcome, attempts: Iterable[Outcome] = ()) -> Failure:
    """
    The failure that an outcome is, one of these attempts, its evidence ranked.

    The message, the framework's account, what it printed and logged; then what was wrong around it, and what services
    wrote meanwhile.
    """
    context = outcome.context or _NOTHING
    texts = {
        "message": outcome.message,
        "text": outcome.text,
        "stderr": outcome.stderr,
        "log": context.log,
        "stdout": outcome.stdout,
        "facts": "\n".join(context.facts),
        "services": context.service_logs,
    }
    said: dict[str, str] = {}
    for kind, text in texts.items():
        if text.strip() and text not in said.values():
            said[kind] = text
    evidence = tuple(Evidence(kind=kind, text=said[kind], rank=rank) for rank, kind in enumerate(texts) if kind in said)
    return Failure(
        test=outcome.test,
        status=outcome.status,
        evidence=evidence,
        context=context,
        attempts=tuple(map(Attempt.of, attempts)),
    )


def results(plan: Plan, outcomes: Sequence[Outcome], triage: Triage) -> tuple[TestResult, ...]:
    """Every test once: those that ran, and those that did not with the reason they did not."""
    reasons = {_key(choice.test): choice.reason for choice in plan.choices}
    terms = {batch.id: batch.terms for batch in plan.batches}
    found = {
        test: _result(attempts, _reason(test, reasons), terms, triage) for test, attempts in _attempts(outcomes).items()
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


def audits(choices: Iterable[Choice], found: Iterable[TestResult]) -> tuple[Audit, ...]:
    """What became of the tests that ran although a strategy had left them out, of those that came to a verdict."""
    left_out = {_key(choice.test): choice.left_out_by for choice in choices if choice.left_out_by}
    if not left_out:
        return ()
    audited = (
        (result, _reason(TestCase.from_id(result.test_id), left_out))
        for result in found
        if result.status is Status.PASSED or result.status.failing
    )
    return tuple(
        Audit(test_id=result.test_id, variant=result.variant, strategy=strategy, missed=result.status.failing)
        for result, strategy in audited
        if strategy
    )


def _attempts(outcomes: Iterable[Outcome]) -> dict[TestCase, list[Outcome]]:
    """All attempts at each test."""
    found: dict[TestCase, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.test, []).append(outcome)
    return found


def _worst(attempts: Sequence[Outcome]) -> Outcome:
    """The outcome that counts of the attempts at a test: the last in each flow, the worst of them."""
    if len(attempts) == 1:
        return attempts[0]
    last: dict[str | None, Outcome] = {}
    for outcome in attempts:
        if outcome.flow not in last or outcome.attempt >= last[outcome.flow].attempt:
            last[outcome.flow] = outcome
    return min(last.values(), key=lambda outcome: _WORST_FIRST.index(outcome.status))


def _failed_before(outcomes: Iterable[Outcome]) -> dict[TestCase, Outcome]:
    """The last attempt of each test that failed."""
    return {outcome.test: outcome for outcome in outcomes if outcome.status.failing}


def _key(test: TestCase) -> tuple[str, str, str | None]:
    return test.application, test.file, test.name


def _reason(test: TestCase, reasons: Mapping[tuple[str, str, str | None], str]) -> str:
    """What is said of a test: of itself, of the test whose parameters it is one of, or of its whole file."""
    unparametrized = (test.name or "").split("[", 1)[0]
    for name in (test.name, unparametrized, None):
        reason = reasons.get((test.application, test.file, name))
        if reason is not None:
            return reason
    return ""


def _result(attempts: Sequence[Outcome], reason: str, terms: Mapping[str, Terms], triage: Triage) -> TestResult:
    outcome = _worst(attempts)
    test = outcome.test
    known = terms.get(outcome.batch, _NO_TERMS)
    result = TestResult(
        test_id=test.id,
        variant=test.variant,
        status=outcome.status,
        reason=outcome.reason or reason,
        duration=outcome.duration if len(attempts) == 1 else sum([each.duration for each in attempts]),
        kind=known.kind,
        attempts=outcome.attempt if len(attempts) == 1 else max([each.attempt for each in attempts]),
        timing=_timing(attempts, known),
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
        context=failure.context,
        tried=failure.attempts,
    )


def _timing(attempts: Sequence[Outcome], terms: Terms) -> Timing | None:
    """What the repetitions of a test took; None where there are none."""
    if terms.repetitions == 1:
        return None
    passed = [each.duration for each in attempts if each.status is Status.PASSED]
    return Timing.of(passed) if passed else None


def _unknown(failure: Failure) -> Diagnosis:
    return Diagnosis(test=failure.test, category=UNKNOWN, reason="no analyzer said more")
