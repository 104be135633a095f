"""A run as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.history import attempts
from testflow_core.history.values import excerpt, key_of_test, seconds, storable
from testflow_core.model import Status, TestCase

if TYPE_CHECKING:
    import sqlite3

    from testflow_core.model import Run

_ADD_RUN = """
insert into runs (run_id, workflow, started, ok, provisioner, state) values (?, ?, ?, ?, ?, ?) returning id
"""

_END_RUN = "update runs set ok = ?, provisioner = ?, state = ? where id = ?"

_LEARNT = ("results", "diagnoses", "routes", "phases", "plugin_failures", "warnings")
"""Tables of what is known of a run once it has come to a stop; one that goes on after it learns them anew."""

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

_ADD_TIMING = """
insert into timings (test, run, median) values ((select id from tests where test_id = ?), ?, ?)
on conflict do update set median = excluded.median
"""

_ADD_PHASE = "insert into phases (run, position, name, seconds) values (?, ?, ?, ?)"

_ADD_PLUGIN_FAILURE = "insert into plugin_failures (run, position, kind, name, traceback) values (?, ?, ?, ?, ?)"

_ADD_WARNING = "insert into warnings (run, position, text) values (?, ?, ?)"


def add_run(connection: sqlite3.Connection, run: Run) -> frozenset[str] | None:
    """
    Write everything that was learnt; None where a run of this id has already come to its end.

    Else the tests that were counted when it had been stopped before.
    """
    known = connection.execute("select id, state from runs where run_id = ?", (storable(run.run_id),)).fetchone()
    if known is not None and known[1] == attempts.ENDED:
        return None
    state = attempts.STOPPED if known is not None and run.interrupted_tests else attempts.ENDED
    key, counted = _begun(connection, run, state) if known is None else _resumed(connection, known[0], run, state)
    if not _is_written(connection, key, run):
        # No journal has.
        attempts.add_choices(connection, key, run.choices)
        attempts.add(connection, key, run.outcomes)
    _add_names(connection, run)
    _add_results(connection, key, run)
    _add_explanations(connection, key, run)
    _add_circumstances(connection, key, run)
    _add_timings(connection, key, run)
    if state == attempts.ENDED:
        attempts.forget(connection, key)
    return counted


def _begun(connection: sqlite3.Connection, run: Run, state: str) -> tuple[int, frozenset[str]]:
    values = (storable(run.run_id), storable(run.workflow), seconds(run.started), run.ok, storable(run.provisioner))
    ((key,),) = connection.execute(_ADD_RUN, (*values, state)).fetchall()
    return key, frozenset()


def _resumed(connection: sqlite3.Connection, key: int, run: Run, state: str) -> tuple[int, frozenset[str]]:
    verdicts = [status.value for status in Status if status is Status.PASSED or status.failing]
    marks = ", ".join("?" * len(verdicts))
    found = connection.execute(
        f"select test_id from results join tests on tests.id = results.test where run = ? and status in ({marks})",  # noqa: S608 - placeholders
        (key, *verdicts),
    )
    counted = frozenset(test for (test,) in found)
    for table in _LEARNT:
        connection.execute(f"delete from {table} where run = ?", (key,))  # noqa: S608 - names of ours
    connection.execute(_END_RUN, (run.ok, storable(run.provisioner), state, key))
    return key, counted


def _add_names(connection: sqlite3.Connection, run: Run) -> None:
    known = {choice.test.id for choice in run.choices} | {outcome.test.id for outcome in run.outcomes}
    # Whoever ran in a variant has an outcome.
    others = (result.test_id for result in run.results if result.test_id not in known)
    attempts.add_tests(connection, (TestCase.from_id(test_id) for test_id in others))
    attempts.add_reasons(connection, (result.reason for result in run.results))


def _is_written(connection: sqlite3.Connection, key: int, run: Run) -> bool:
    """Whether the journal has all choices and attempts."""
    counted = "select (select count(*) from choices where run = ?), (select count(*) from attempts where run = ?)"
    distinct = {(outcome.test, outcome.flow, outcome.attempt) for outcome in run.outcomes}
    chosen = {choice.test for choice in run.choices}
    return tuple(connection.execute(counted, (key, key)).fetchone()) == (len(chosen), len(distinct))


def _add_timings(connection: sqlite3.Connection, key: int, run: Run) -> None:
    connection.executemany(
        _ADD_TIMING,
        [
            (key_of_test(result.test_id, result.variant), key, seconds(result.timing.median))
            for result in run.results
            if result.timing is not None and result.status is Status.PASSED
        ],
    )


def _add_results(connection: sqlite3.Connection, key: int, run: Run) -> None:
    # That a test was left out stands among the choices, with its reason.
    left_out = {choice.test.id for choice in run.choices if not choice.selected}
    connection.executemany(
        _ADD_RESULT,
        [
            (
                key,
                key_of_test(result.test_id, result.variant),
                result.status.value,
                seconds(result.duration),
                excerpt(result.reason),
            )
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
                key_of_test(result.test_id, result.variant),
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
            (key, key_of_test(result.test_id, result.variant), storable(route.team), excerpt(route.reason))
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
