"""What people ask a history: each answer is read whole, as values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import evolve

from testflow_core.errors import HistoryError
from testflow_core.history import attempts
from testflow_core.history.audits import audits_of
from testflow_core.history.causes import applications_on_main, clusters_of
from testflow_core.history.deliveries import deliveries_of
from testflow_core.history.explanations import read_diagnosis, read_verdict
from testflow_core.history.past import as_track
from testflow_core.history.plans import changes_of, uncovered_of
from testflow_core.history.values import key_of_test, storable
from testflow_core.model import (
    Attempt,
    Certificate,
    FailureContext,
    Outcome,
    PluginFailure,
    Route,
    Run,
    RunSummary,
    Status,
    TestCase,
    TestResult,
    Track,
    Trial,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

SHOWN = 5

_RUNS = """
select id, run_id, workflow, started, ok, state, source,
    (select coalesce(sum(seconds), 0) from phases where run = runs.id)
from runs {where} order by started desc, run_id limit ?
"""

_COUNTS = "select status, count(*) from results where run = ? group by status"

_TREES = "select application, tree from trees where run = ? order by application"

_CONDITIONS = "select name from conditions where run = ? order by name"

_DATA_SETS = "select name, version from data_sets where run = ? order by name"

_RESULTS = """
select test_id, variant, status, duration, reasons.text, category, diagnoses.reason, evidence_kind, evidence,
    details, diagnoses.verdict, team, routes.reason, standings.quarantined, standings.regression
from results join tests on tests.id = results.test join reasons on reasons.id = results.reason
    left join diagnoses on diagnoses.run = results.run and diagnoses.test = results.test
    left join routes on routes.run = results.run and routes.test = results.test
    left join standings on standings.run = results.run and standings.test = results.test
where results.run = ? order by results.test
"""

_TRACKS = """
select application, file, name, variant, runs, failures, last_status, mean_duration, verdicts, failed_in, causes
from tests join tracks on tracks.test = tests.id
"""

# Every run is looked into by the key of its results, which costs less than another index on all of them would.
_TREND = """
select runs.run_id, runs.started, status, duration,
    (select max(attempt) from attempts where attempts.run = runs.id and attempts.test = results.test)
from runs cross join results on results.run = runs.id and results.test = ?
order by runs.started, runs.run_id
"""


def summaries(connection: sqlite3.Connection, limit: int | None) -> tuple[RunSummary, ...]:
    """The runs, the latest first."""
    found = connection.execute(_RUNS.format(where=""), (-1 if limit is None else limit,)).fetchall()
    return tuple(
        RunSummary(
            run_id=name,
            workflow=workflow,
            started=started,
            ok=bool(ok),
            state=state,
            source=source,
            seconds=seconds,
            tests={Status(status): number for status, number in connection.execute(_COUNTS, (key,))},
            trees=dict(connection.execute(_TREES, (key,)).fetchall()),
        )
        for key, name, workflow, started, ok, state, source, seconds in found
    )


def whole_run(connection: sqlite3.Connection, run_id: str) -> Run:
    """Everything that is remembered of a run; HistoryError where there is none of this id."""
    asked = "select id, workflow, started, provisioner, source, isolation, origin, stopped from runs where run_id = ?"
    found = connection.execute(asked, (storable(run_id),)).fetchall()
    if not found:
        raise HistoryError(f"the history has no run {run_id!r}{_known(connection)}")
    ((key, workflow, started, provisioner, source, isolation, origin, stopped),) = found
    choices = attempts.choices(connection, key)
    outcomes = attempts.outcomes(connection, key)
    results = _results(connection, key, outcomes)
    told = {outcome.test for outcome in outcomes}
    # Of a test that passed at once, a compacted history keeps the result alone.
    outcomes += [each for result in results if (each := _outcome(result, started)).test not in told]
    left_out = [
        TestResult(test_id=choice.test.id, status=Status.SKIPPED, reason=choice.reason)
        for choice in choices
        if not choice.selected
    ]
    named = {result.test_id for result in results}
    run = Run(
        run_id=run_id,
        workflow=workflow,
        started=started,
        provisioner=provisioner,
        source=source,
        isolation=isolation,
        origin=origin,
        stopped=stopped,
        data=dict(connection.execute(_DATA_SETS, (key,)).fetchall()),
        trees=dict(connection.execute(_TREES, (key,)).fetchall()),
        changes=changes_of(connection, key),
        uncovered=uncovered_of(connection, key),
        conditions=tuple(name for (name,) in connection.execute(_CONDITIONS, (key,))),
        choices=choices,
        audits=audits_of(connection, key),
        clusters=clusters_of(connection, key, run_id, started, results),
        on_main=applications_on_main(connection, key),
        deliveries=deliveries_of(connection, key),
        outcomes=tuple(outcomes),
        results=(*results, *(each for each in left_out if each.test_id not in named)),
    )
    return _circumstances(connection, key, run)


def older_than(connection: sqlite3.Connection, moment: float) -> tuple[int, int]:
    """How many ended runs started before a moment, in seconds since the epoch, and how many there are."""
    asked = "select coalesce(sum(started < ?), 0), count(*) from runs where state = 'ended'"
    older, runs = connection.execute(asked, (moment,)).fetchone()
    return int(older), int(runs)


def knows(connection: sqlite3.Connection, run_id: str) -> bool:
    """Whether a run is called so, or was and has been dropped."""
    asked = "select exists (select 1 from runs where run_id = :id) or exists (select 1 from dropped where run_id = :id)"
    return bool(connection.execute(asked, {"id": storable(run_id)}).fetchone()[0])


def track(connection: sqlite3.Connection, test_id: str, variant: str) -> Track | None:
    """What is kept of one test; None where it never came to a verdict."""
    query = f"{_TRACKS} where test_id = ?"
    rows = connection.execute(query, (key_of_test(test_id, variant),)).fetchall()
    return as_track(*rows[0]) if rows else None


def slowest(connection: sqlite3.Connection, limit: int) -> tuple[Track, ...]:
    """The tests that take longest on average, the longest first."""
    query = f"{_TRACKS} order by mean_duration desc, test_id limit ?"
    return tuple(as_track(*row) for row in connection.execute(query, (limit,)))


def trend(connection: sqlite3.Connection, test_id: str, variant: str) -> tuple[Trial, ...]:
    """How a test ended in every run, the earliest first."""
    found = connection.execute(
        "select id, application, file, name from tests where test_id = ?", (key_of_test(test_id, variant),)
    ).fetchall()
    if not found:
        return ()
    ((key, application, file, name),) = found
    test = TestCase(application=application, file=file, name=name, variant=variant)
    return tuple(
        Trial(
            run_id=run_id,
            started=started,
            test=test,
            status=Status(status),
            duration=duration,
            attempts=number or 1,
        )
        for run_id, started, status, duration, number in connection.execute(_TREND, (key,))
    )


def _known(connection: sqlite3.Connection) -> str:
    latest = connection.execute("select run_id from runs order by started desc, run_id limit ?", (SHOWN,))
    names = ", ".join(name for (name,) in latest)
    return f" (the latest: {names})" if names else ", for it is empty"


def _results(connection: sqlite3.Connection, key: int, outcomes: Iterable[Outcome]) -> list[TestResult]:
    told: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        told.setdefault(key_of_test(outcome.test.id, outcome.test.variant), []).append(outcome)
    return [_result(row, told.get(row[0], ())) for row in connection.execute(_RESULTS, (key,))]


def _result(row: tuple[Any, ...], told: Sequence[Outcome]) -> TestResult:
    name, variant, status, duration, reason, category, why, kind, evidence, *rest = row
    details, verdict, team, because, quarantined, regression = rest
    test_id = name.partition("\t")[0]
    test = evolve(TestCase.from_id(test_id), variant=variant)
    failing = [outcome for outcome in told if outcome.status.failing]
    diagnosis = route = None
    if category is not None:
        diagnosis = read_diagnosis(test, category, why, kind, evidence, details)
    if team is not None:
        route = Route(test=test, team=team, reason=because)
    return TestResult(
        test_id=test_id,
        variant=variant,
        status=Status(status),
        duration=float(duration),
        reason=reason,
        category=category or "",
        assigned_to=team or "",
        message=failing[-1].message if failing else "",
        diagnosis=diagnosis,
        route=route,
        attempts=max((outcome.attempt for outcome in told), default=1),
        flaky=status == Status.PASSED and bool(failing),
        quarantined=quarantined or "",
        regression=regression or "",
        verdict=read_verdict(verdict),
        context=(failing[-1].context or FailureContext()) if failing else None,
        tried=tuple(map(Attempt.of, told)) if failing else (),
    )


def _outcome(result: TestResult, started: float) -> Outcome:
    case = TestCase.from_id(result.test_id)
    test = TestCase(application=case.application, file=case.file, name=case.name, variant=result.variant)
    return Outcome(test=test, status=result.status, duration=result.duration, reason=result.reason, started=started)


def _names(text: str) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(names) for kind, names in json.loads(text).items()}


def _circumstances(connection: sqlite3.Connection, key: int, run: Run) -> Run:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(f"{query} where run = ? order by position", (key,)).fetchall()

    return evolve(
        run,
        warnings=tuple(text for (text,) in rows("select text from warnings")),
        phases=dict(rows("select name, seconds from phases")),
        plugin_failures=tuple(
            PluginFailure(kind=kind, name=name, traceback=traceback)
            for kind, name, traceback in rows("select kind, name, traceback from plugin_failures")
        ),
        certificates=tuple(
            Certificate(environment=environment, held=_names(held), left=_names(left), seconds=seconds)
            for environment, held, left, seconds in rows(
                "select environment, held, remained, seconds from environments"
            )
        ),
    )
