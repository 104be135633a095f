"""A run as rows."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING

from testflow_core.history import attempts
from testflow_core.history.audits import add_audits
from testflow_core.history.causes import add_causes
from testflow_core.history.explanations import add_explanations
from testflow_core.history.plans import add_changes
from testflow_core.history.values import excerpt, key_of_test, seconds, storable
from testflow_core.model import Status, TestCase

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from testflow_core.model import Run

_ADD_RUN = """
insert into runs (run_id, workflow, started, ok, provisioner, isolation, origin, stopped, source, state)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id
"""

_END_RUN = """
update runs set ok = ?, provisioner = ?, isolation = ?, origin = ?, stopped = ?, state = ? where id = ?
"""

_LEARNT = (
    "results",
    "diagnoses",
    "routes",
    "phases",
    "plugin_failures",
    "warnings",
    "trees",
    "conditions",
    "standings",
    "environments",
    "data_sets",
    "changes",
    "uncovered",
)
"""Tables of what is known of a run once it has come to a stop; one that goes on after it learns them anew."""

_ADD_RESULT = """
insert into results (run, test, status, duration, reason)
values (?, (select id from tests where test_id = ?), ?, ?, ?)
on conflict do nothing
"""

_ADD_TIMING = """
insert into timings (test, run, median) values ((select id from tests where test_id = ?), ?, ?)
on conflict do update set median = excluded.median
"""

_ADD_PHASE = "insert into phases (run, position, name, seconds) values (?, ?, ?, ?)"

_ADD_PLUGIN_FAILURE = "insert into plugin_failures (run, position, kind, name, traceback) values (?, ?, ?, ?, ?)"

_ADD_WARNING = "insert into warnings (run, position, text) values (?, ?, ?)"


def add_run(connection: sqlite3.Connection, run: Run) -> tuple[int, bool] | None:
    """
    Write everything that was learnt; None where a run of this id has already come to its end, or was dropped since.

    Else the key of the run, and whether some of it was written when it had been stopped before.
    """
    known = connection.execute("select id, state from runs where run_id = ?", (storable(run.run_id),)).fetchone()
    dropped = connection.execute("select exists (select 1 from dropped where run_id = ?)", (storable(run.run_id),))
    if (known is not None and known[1] == attempts.ENDED) or dropped.fetchone()[0]:
        return None
    state = attempts.STOPPED if known is not None and run.interrupted_tests else attempts.ENDED
    key, resumed = _begun(connection, run, state) if known is None else _resumed(connection, known[0], run, state)
    if not _is_written(connection, key, run):
        # No journal has.
        told = chain((choice.test for choice in run.choices), (outcome.test for outcome in run.outcomes))
        attempts.add_tests(connection, told)
        attempts.add_choices(connection, key, run.choices)
        attempts.add(connection, key, run.outcomes)
    _add_names(connection, run)
    _add_results(connection, key, run)
    add_explanations(connection, key, run)
    add_causes(connection, key, run)
    _add_circumstances(connection, key, run)
    add_changes(connection, key, run)
    add_audits(connection, key, run.audits)
    _add_timings(connection, key, run)
    if state == attempts.ENDED:
        attempts.forget(connection, key)
    return key, resumed


def _begun(connection: sqlite3.Connection, run: Run, state: str) -> tuple[int, bool]:
    values = (storable(run.run_id), storable(run.workflow), seconds(run.started), *_ending(run), storable(run.source))
    ((key,),) = connection.execute(_ADD_RUN, (*values, state)).fetchall()
    return key, False


def _resumed(connection: sqlite3.Connection, key: int, run: Run, state: str) -> tuple[int, bool]:
    resumed = connection.execute("select exists (select 1 from results where run = ?)", (key,)).fetchone()[0]
    for table in _LEARNT:
        connection.execute(f"delete from {table} where run = ?", (key,))  # noqa: S608 - names of ours
    connection.execute(_END_RUN, (*_ending(run), state, key))
    return key, bool(resumed)


def _ending(run: Run) -> tuple[bool, str, str, str, str]:
    """What a run tells at its end: whether all is well, who brought its environments up and how, why it stopped."""
    said = map(excerpt, (run.provisioner, run.isolation, run.origin, run.stopped))
    provisioner, isolation, origin, stopped = said
    return run.ok, provisioner, isolation, origin, stopped


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
    # Many results have few reasons.
    reasons = {
        reason: connection.execute("select id from reasons where text = ?", (excerpt(reason),)).fetchone()[0]
        for reason in {result.reason for result in run.results}
    }
    skipped = Status.SKIPPED
    connection.executemany(
        _ADD_RESULT,
        (
            (
                key,
                key_of_test(result.test_id, result.variant),
                result.status.value,
                seconds(result.duration),
                reasons[result.reason],
            )
            for result in run.results
            if result.status is not skipped or result.test_id not in left_out
        ),
    )


def _names(kinds: Mapping[str, tuple[str, ...]]) -> str:
    return json.dumps({kind: list(names) for kind, names in kinds.items()})


def _add_circumstances(connection: sqlite3.Connection, key: int, run: Run) -> None:
    connection.executemany(
        "insert or ignore into trees (run, application, tree) values (?, ?, ?)",
        [(key, storable(application), storable(tree)) for application, tree in run.trees.items()],
    )
    connection.executemany(
        "insert or ignore into conditions (run, name) values (?, ?)",
        [(key, storable(name)) for name in run.conditions],
    )
    connection.executemany(
        "insert or ignore into data_sets (run, name, version) values (?, ?, ?)",
        [(key, storable(name), storable(version)) for name, version in run.data.items()],
    )
    connection.executemany(
        "insert into environments (run, position, environment, held, remained, seconds) values (?, ?, ?, ?, ?, ?)",
        [
            (key, place, storable(each.environment), _names(each.held), _names(each.left), seconds(each.seconds))
            for place, each in enumerate(run.certificates)
        ],
    )
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
