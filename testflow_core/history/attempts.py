"""What a run is to do and what its tests gave, as rows that are written while it goes on."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, cast

from attrs import frozen

from testflow_core.history.contexts import read_context, written_context
from testflow_core.history.values import excerpt, key_of_test, seconds, storable
from testflow_core.model import Choice, Outcome, Status, TestCase

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Json


@frozen(kw_only=True)
class Manifest:
    """What is needed to go on with a run, dropped once it has ended; and `terms`, to do it again. Both are JSON."""

    run_id: str
    content: str
    terms: str


RUNNING, STOPPED, ENDED = "running", "stopped", "ended"

_BEGIN = """
insert into runs (run_id, workflow, started, ok, provisioner, state, manifest, terms)
values (?, ?, ?, 0, '', 'running', ?, ?)
"""

_ADD_TEST = (
    "insert into tests (test_id, application, file, name, variant) values (?, ?, ?, ?, ?) on conflict do nothing"
)

_ADD_REASON = "insert into reasons (text) values (?) on conflict do nothing"

_ADD_CHOICE = """
insert into choices (run, test, selected, priority, reason, left_out_by)
values (?, (select id from tests where test_id = ?), ?, ?, (select id from reasons where text = ?), ?)
on conflict do nothing
"""

# What is told late of an attempt is what holds: its test had passed, and then its fixtures could not be torn down.
_ADD_ATTEMPT = """
insert into attempts (run, test, flow, attempt, status, started, duration, message, text,
    batch, reason, stdout, stderr, value, context)
values (?, (select id from tests where test_id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do update set status = excluded.status, started = excluded.started, duration = excluded.duration,
    message = excluded.message, text = excluded.text, reason = excluded.reason, stdout = excluded.stdout,
    stderr = excluded.stderr, value = excluded.value, context = excluded.context
"""

_ADD_MARK = "insert into marks (run, batch, mark) values (?, ?, ?) on conflict do nothing"

_ATTEMPTS = """
select application, file, name, variant, flow, attempt, status, started, duration, message, text, batch, reason,
    stdout, stderr, value, context
from attempts join tests on tests.id = attempts.test where run = ? order by started, test
"""

_CHOICES = """
select application, file, name, selected, priority, reasons.text, left_out_by
from choices join tests on tests.id = choices.test join reasons on reasons.id = choices.reason where run = ?
order by selected desc, priority desc, tests.id
"""


def begin(
    connection: sqlite3.Connection, manifest: Manifest, workflow: str, started: float, choices: Sequence[Choice]
) -> None:
    """Write what a run is to do."""
    packed = [zlib.compress(each.encode("utf-8", "surrogatepass")) for each in (manifest.content, manifest.terms)]
    connection.execute(_BEGIN, (storable(manifest.run_id), storable(workflow), seconds(started), *packed))
    add_tests(connection, (choice.test for choice in choices))
    add_choices(connection, key_of(connection, manifest.run_id), choices)


def key_of(connection: sqlite3.Connection, run_id: str) -> int:
    """The key of a run that is there."""
    ((key,),) = connection.execute("select id from runs where run_id = ?", (storable(run_id),)).fetchall()
    return int(key)


def add_choices(connection: sqlite3.Connection, key: int, choices: Sequence[Choice]) -> None:
    """Write which of the tests, whose names are there, run, and why."""
    add_reasons(connection, (choice.reason for choice in choices))
    connection.executemany(
        _ADD_CHOICE,
        (
            (
                key,
                key_of_test(choice.test.id, choice.test.variant),
                choice.selected,
                seconds(choice.priority),
                excerpt(choice.reason),
                storable(choice.left_out_by),
            )
            for choice in choices
        ),
    )


def add_tests(connection: sqlite3.Connection, tests: Iterable[TestCase]) -> None:
    """Write the names of tests that are not known yet."""
    connection.executemany(
        _ADD_TEST,
        (
            (
                key_of_test(test.id, test.variant),
                storable(test.application),
                storable(test.file),
                None if test.name is None else storable(test.name),
                storable(test.variant),
            )
            for test in dict.fromkeys(tests)
        ),
    )


def add_reasons(connection: sqlite3.Connection, reasons: Iterable[str]) -> None:
    """Write reasons that are not known yet."""
    connection.executemany(_ADD_REASON, [(reason,) for reason in sorted({excerpt(each) for each in reasons})])


def add(connection: sqlite3.Connection, key: int, outcomes: Sequence[Outcome]) -> None:
    """Write how attempts ended, with what they printed and returned as long as the run can be resumed."""
    connection.executemany(
        _ADD_ATTEMPT,
        (
            (
                key,
                key_of_test(outcome.test.id, outcome.test.variant),
                storable(outcome.flow or ""),
                outcome.attempt,
                outcome.status.value,
                seconds(outcome.started),
                seconds(outcome.duration),
                excerpt(outcome.message or outcome.reason),
                excerpt(outcome.text) if outcome.status.failing else "",
                storable(outcome.batch),
                excerpt(outcome.reason),
                excerpt(outcome.stdout),
                excerpt(outcome.stderr),
                None if outcome.values is None else storable(json.dumps(outcome.values)),
                written_context(outcome.context),
            )
            for outcome in outcomes
        ),
    )


def add_marks(connection: sqlite3.Connection, key: int, marks: Sequence[tuple[str, str]]) -> None:
    """Write of batches, by their ids, that they have begun, or that nothing of them is left."""
    connection.executemany(_ADD_MARK, [(key, storable(batch), mark) for batch, mark in marks])


def forget(connection: sqlite3.Connection, key: int) -> None:
    """Drop what only a run that can be resumed needs."""
    connection.execute("update runs set manifest = null where id = ?", (key,))
    connection.execute(
        "update attempts set stdout = '', stderr = '', value = null"
        " where run = ? and (value is not null or stdout != '' or stderr != '')",
        (key,),
    )
    connection.execute("delete from marks where run = ?", (key,))


def outcomes(connection: sqlite3.Connection, key: int) -> list[Outcome]:
    """The attempts that were written."""
    return [
        Outcome(
            test=TestCase(application=application, file=file, name=name, variant=variant),
            status=Status(status),
            duration=duration,
            started=started,
            attempt=attempt,
            flow=flow or None,
            batch=batch,
            reason=reason,
            message=message,
            text=text,
            stdout=stdout,
            stderr=stderr,
            values=cast("Json", json.loads(value)) if value is not None else None,
            context=read_context(context),
        )
        for (
            application,
            file,
            name,
            variant,
            flow,
            attempt,
            status,
            started,
            duration,
            message,
            text,
            batch,
            reason,
            stdout,
            stderr,
            value,
            context,
        ) in connection.execute(_ATTEMPTS, (key,))
    ]


def choices(connection: sqlite3.Connection, key: int) -> tuple[Choice, ...]:
    """The choices that were written, those that run first."""
    return tuple(
        Choice(
            test=TestCase(application=application, file=file, name=name),
            selected=bool(selected),
            priority=priority,
            reason=reason,
            left_out_by=left_out_by,
        )
        for application, file, name, selected, priority, reason, left_out_by in connection.execute(_CHOICES, (key,))
    )


def marks(connection: sqlite3.Connection, key: int, mark: str) -> frozenset[str]:
    """The batches that bear a mark."""
    found = connection.execute("select batch from marks where run = ? and mark = ?", (key, mark))
    return frozenset(batch for (batch,) in found)
