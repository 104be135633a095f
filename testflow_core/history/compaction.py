"""A history made small: what says nothing new is dropped, and old runs, of which only the counts stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testflow_core.history.audits import count_dropped_audits
from testflow_core.history.causes import UNUSED as UNUSED_CAUSES
from testflow_core.history.statistics import count_dropped

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

SHARE = 10
"""One of so many runs, the oldest, is dropped at a time until a history has the size that it may have."""

# That a test passed at its first attempt stands among the results.
_SAYS_NOTHING_NEW = """
delete from attempts where status = 'passed' and attempt = 1 and flow = '' and message = ''
    and run in (select id from runs where state = 'ended')
    and exists (select 1 from results where results.run = attempts.run and results.test = attempts.test
        and results.status = 'passed')
    and not exists (select 1 from attempts as others where others.run = attempts.run and others.test = attempts.test
        and (others.flow != '' or others.attempt != 1))
"""

# Batches are known to who resumes a run.
_BATCHES = "update attempts set batch = '' where batch != '' and run in (select id from runs where state = 'ended')"

_UNUSED = (
    # Of tests that are no longer there nothing can be learnt.
    "delete from tracks where last_started < :before and test not in (select test from results)",
    "delete from pruned where test not in (select test from tracks)",
    """delete from tests where id not in (select test from tracks union select test from results
        union select test from choices union select test from attempts union select test from timings
        union select test from audits)""",
    """delete from reasons where id not in (select reason from results union select reason from choices)""",
)

_OLD = "select id, run_id from runs where state = 'ended' and started < ? order by started, run_id"

_OLDEST = "select id, run_id from runs where state = 'ended' order by started, run_id"


def compact(
    connection: sqlite3.Connection,
    writing: Callable[[], AbstractContextManager[None]],
    moment: float | None,
    max_bytes: int | None,
) -> tuple[str, ...]:
    """The runs that were dropped; each transaction that `writing` opens leaves the history whole."""
    dropped: list[str] = []
    with writing():
        thin(connection)
        if moment is not None:
            dropped += drop_before(connection, moment)
    connection.execute("vacuum")
    while max_bytes is not None and _size(connection) > max_bytes:
        with writing():
            oldest = drop_oldest(connection)
        if not oldest:
            break
        dropped += oldest
        connection.execute("vacuum")
    # Of a history in memory this does nothing.
    connection.execute("pragma wal_checkpoint(truncate)")
    return tuple(dropped)


def thin(connection: sqlite3.Connection) -> None:
    """Drop what says nothing new of runs that have come to their end."""
    connection.execute(_SAYS_NOTHING_NEW)
    connection.execute(_BATCHES)


def drop_before(connection: sqlite3.Connection, moment: float) -> list[str]:
    """Drop the runs that started before a moment, in seconds since the epoch, and tests that did not run since."""
    dropped = _drop(connection, connection.execute(_OLD, (moment,)).fetchall())
    for statement in (*_UNUSED, *UNUSED_CAUSES):
        connection.execute(statement, {"before": moment} if ":before" in statement else {})
    return dropped


def drop_oldest(connection: sqlite3.Connection) -> list[str]:
    """Drop a tenth of the runs, the oldest; none where only one is left."""
    found = connection.execute(_OLDEST).fetchall()
    return _drop(connection, found[: max(len(found) // SHARE, 1)] if len(found) > 1 else [])


def _drop(connection: sqlite3.Connection, runs: Sequence[tuple[int, str]]) -> list[str]:
    keys = [key for key, _ in runs]
    count_dropped(connection, keys)
    count_dropped_audits(connection, keys)
    connection.executemany("insert or ignore into dropped values (?)", [(name,) for _, name in runs])
    connection.execute("delete from runs where id in (select value from json_each(?))", (json.dumps(keys),))
    return [name for _, name in runs]


def _size(connection: sqlite3.Connection) -> int:
    """Bytes of the database."""
    ((pages,),) = connection.execute("pragma page_count").fetchall()
    ((page,),) = connection.execute("pragma page_size").fetchall()
    return int(pages) * int(page)
