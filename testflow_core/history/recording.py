"""A run as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.history.values import excerpt, seconds, storable
from testflow_core.model import Status, TestCase

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from testflow_core.model import Run

_ADD_RUN = """
insert into runs (run_id, workflow, started, ok, provisioner) values (?, ?, ?, ?, ?)
on conflict (run_id) do nothing returning id
"""

_ADD_TEST = "insert into tests (test_id, application, file, name) values (?, ?, ?, ?) on conflict do nothing"

_ADD_REASON = "insert into reasons (text) values (?) on conflict do nothing"

_ADD_CHOICE = """
insert into choices (run, test, selected, priority, reason)
values (?, (select id from tests where test_id = ?), ?, ?, (select id from reasons where text = ?))
on conflict do nothing
"""

_ADD_ATTEMPT = """
insert into attempts (run, test, flow, attempt, status, started, duration, message, text)
values (?, (select id from tests where test_id = ?), ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing
"""

_ADD_RESULT = """
insert into results (run, test, status, duration, reason)
values (?, (select id from tests where test_id = ?), ?, ?, (select id from reasons where text = ?))
on conflict do nothing
"""

_ADD_DIAGNOSIS = """
insert into diagnoses (run, test, category, reason, evidence_kind, evidence)
values (?, (select id from tests where test_id = ?), ?, ?, ?, ?)
on conflict do nothing
"""

_ADD_ROUTE = """
insert into routes (run, test, team, reason)
values (?, (select id from tests where test_id = ?), ?, ?)
on conflict do nothing
"""

_ADD_PHASE = "insert into phases (run, position, name, seconds) values (?, ?, ?, ?)"

_ADD_PLUGIN_FAILURE = "insert into plugin_failures (run, position, kind, name, traceback) values (?, ?, ?, ?, ?)"

_ADD_WARNING = "insert into warnings (run, position, text) values (?, ?, ?)"


def add_run(connection: sqlite3.Connection, run: Run) -> bool:
    """Write everything that was learnt; False where a run of this id is already there."""
    added = connection.execute(
        _ADD_RUN,
        (storable(run.run_id), storable(run.workflow), seconds(run.started), run.ok, storable(run.provisioner)),
    ).fetchall()
    if not added:
        return False
    ((key,),) = added
    _add_names(connection, run)
    _add_choices(connection, key, run)
    _add_attempts(connection, key, run)
    _add_results(connection, key, run)
    _add_explanations(connection, key, run)
    _add_circumstances(connection, key, run)
    return True


def _add_names(connection: sqlite3.Connection, run: Run) -> None:
    connection.executemany(
        _ADD_TEST,
        [
            (
                storable(test_id),
                storable(test.application),
                storable(test.file),
                None if test.name is None else storable(test.name),
            )
            for test_id, test in _tests(run).items()
        ],
    )
    reasons = {excerpt(each.reason) for each in (*run.choices, *run.results)}
    connection.executemany(_ADD_REASON, [(reason,) for reason in sorted(reasons)])


def _tests(run: Run) -> dict[str, TestCase]:
    known: Iterable[TestCase] = (
        *(choice.test for choice in run.choices),
        *(outcome.test for outcome in run.outcomes),
    )
    tests = {test.id: test for test in known}
    for result in run.results:
        if result.test_id not in tests:
            tests[result.test_id] = TestCase.from_id(result.test_id)
    return tests


def _add_choices(connection: sqlite3.Connection, key: int, run: Run) -> None:
    connection.executemany(
        _ADD_CHOICE,
        [
            (key, storable(choice.test.id), choice.selected, seconds(choice.priority), excerpt(choice.reason))
            for choice in run.choices
        ],
    )


def _add_attempts(connection: sqlite3.Connection, key: int, run: Run) -> None:
    connection.executemany(
        _ADD_ATTEMPT,
        [
            (
                key,
                storable(outcome.test.id),
                storable(outcome.flow or ""),
                outcome.attempt,
                outcome.status.value,
                seconds(outcome.started),
                seconds(outcome.duration),
                excerpt(outcome.message or outcome.reason),
                excerpt(outcome.text) if outcome.status.failing else "",
            )
            for outcome in run.outcomes
        ],
    )


def _add_results(connection: sqlite3.Connection, key: int, run: Run) -> None:
    # That a test was left out stands among the choices, with its reason.
    left_out = {choice.test.id for choice in run.choices if not choice.selected}
    connection.executemany(
        _ADD_RESULT,
        [
            (key, storable(result.test_id), result.status.value, seconds(result.duration), excerpt(result.reason))
            for result in run.results
            if result.status is not Status.SKIPPED or result.test_id not in left_out
        ],
    )


def _add_explanations(connection: sqlite3.Connection, key: int, run: Run) -> None:
    connection.executemany(
        _ADD_DIAGNOSIS,
        [
            (
                key,
                storable(result.test_id),
                storable(diagnosis.category),
                excerpt(diagnosis.reason),
                storable(diagnosis.evidence.kind) if diagnosis.evidence else None,
                excerpt(diagnosis.evidence.text) if diagnosis.evidence else None,
            )
            for result in run.results
            if (diagnosis := result.diagnosis) is not None
        ],
    )
    connection.executemany(
        _ADD_ROUTE,
        [
            (key, storable(result.test_id), storable(route.team), excerpt(route.reason))
            for result in run.results
            if (route := result.route) is not None
        ],
    )


def _add_circumstances(connection: sqlite3.Connection, key: int, run: Run) -> None:
    connection.executemany(
        _ADD_PHASE,
        [(key, place, storable(name), seconds(taken)) for place, (name, taken) in enumerate(run.phases.items())],
    )
    connection.executemany(
        _ADD_WARNING,
        [(key, place, excerpt(warning)) for place, warning in enumerate(run.warnings)],
    )
    connection.executemany(
        _ADD_PLUGIN_FAILURE,
        [
            (key, place, storable(failure.kind), storable(failure.name), excerpt(failure.traceback))
            for place, failure in enumerate(run.plugin_failures)
        ],
    )
