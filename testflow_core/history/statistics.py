"""What is kept of each test over all runs, so that planning never scans attempts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import define

from testflow_core.history.values import key_of_test, seconds, storable
from testflow_core.model import Status
from testflow_core.model.causes import cause_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from testflow_core.model import Run

VERDICTS_KEPT = 64
FAILURES_KEPT = 32
NO_CAUSE = "-"

_LETTERS = {status.value: status.letter for status in Status if status.letter}
_COUNTED = ", ".join(f"'{status}'" for status in _LETTERS)

_COLUMNS = "test, runs, failures, last_status, mean_duration, last_run, last_started, verdicts, failed_in, causes"

# What the run that started last adds: no row of a test that is counted already is read.
_ADD = f"""
insert into tracks ({_COLUMNS})
{{source}}
on conflict (test) do update set
    runs = runs + 1,
    failures = failures + excluded.failures,
    mean_duration = mean_duration + (excluded.mean_duration - mean_duration) / (runs + 1),
    last_status = excluded.last_status,
    last_run = excluded.last_run,
    last_started = excluded.last_started,
    verdicts = substr(excluded.verdicts || verdicts, 1, {VERDICTS_KEPT}),
    failed_in = iif(excluded.failures, excluded.failed_in, failed_in),
    causes = iif(excluded.failures, excluded.causes, causes)
"""

_OF_RUN = """
values ((select id from tests where test_id = ?), 1, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_PASSES = f"""
select test, 1, 0, '{Status.PASSED}', duration, run_id, started, '{Status.PASSED.letter}', '', ''
from ({{passes}}) where true order by started, run_id
"""  # noqa: S608 - values of ours

_FAILED_IN = """
select test_id, failed_in, causes from tests join tracks on tracks.test = tests.id
where test_id in (select value from json_each(?))
"""

_NOT_THE_LATEST = f"""
select exists (select 1 from results join tracks on tracks.test = results.test
    where run = ? and last_started >= ? and status in ({_COUNTED}))
"""  # noqa: S608 - names of ours

_PRUNED = f"select {_COLUMNS} from pruned where test in (select value from json_each(?))"  # noqa: S608 - as above

_REPLACE = f"insert or replace into {{}} ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - as above

# What the last failed attempt of a test said in a run, in the words of the index.
_SAID = """
(select message from attempts where run = {run} and test = {test} and status in ('failed', 'error', 'timed_out')
    order by flow, attempt desc limit 1)
"""
_VERDICT = f"""
select results.test, status, duration, runs.run_id, runs.started, runs.id,
    iif(status = 'passed', '', {_SAID.format(run="runs.id", test="results.test")})
"""
_IN_ORDER = f"and status in ({_COUNTED}) order by results.test, runs.started, runs.run_id"

# The results of a test are looked up in each run by their key: an index on tests would be as large as the results.
_OF_TESTS = f"""
{_VERDICT} from runs cross join json_each(?) as wanted
    cross join results on results.run = runs.id and results.test = wanted.value where true {_IN_ORDER}
"""

_OF_RUNS = f"""
{_VERDICT} from results join runs on runs.id = results.run
where results.run in (select value from json_each(?)) {_IN_ORDER}
"""  # noqa: S608 - names of ours

_SAID_IN = f"""
select test_id, {_SAID.format(run="?", test="tests.id")} from tests
where test_id in (select value from json_each(?))
"""  # noqa: S608 - names of ours


def add_to_tracks(connection: sqlite3.Connection, key: int, run: Run, *, resumed: bool) -> None:
    """
    Count the run; a test that did not come to a verdict (skipped, unavailable, interrupted) did not run.

    Where the run is not the latest of all its tests, or some of it was counted before, they are counted anew.
    """
    started, run_id = seconds(run.started), storable(run.run_id)
    ((late,),) = connection.execute(_NOT_THE_LATEST, (key, started)).fetchall()
    if resumed or late:
        found = connection.execute(f"select test from results where run = ? and status in ({_COUNTED})", (key,))  # noqa: S608 - letters of ours
        count_anew(connection, [test for (test,) in found])
        return
    counted = {key_of_test(result.test_id, result.variant): result for result in run.results if result.status.letter}
    failing = [test for test, result in counted.items() if result.status.failing]
    before = {name: kept for name, *kept in connection.execute(_FAILED_IN, (json.dumps(failing),))}
    said: dict[str, str | None] = dict(connection.execute(_SAID_IN, (key, json.dumps(failing))).fetchall())
    connection.executemany(
        _ADD.format(source=_OF_RUN),
        # One row after the other: all at once would be ten thousand more objects for the garbage collector to look at.
        (
            (
                test,
                int(result.status.failing),
                result.status.value,
                seconds(result.duration),
                run_id,
                started,
                result.status.letter,
                _with(str(key), before.get(test, ["", ""])[0]) if result.status.failing else "",
                _with(_cause(said.get(test)), before.get(test, ["", ""])[1]) if result.status.failing else "",
            )
            for test, result in counted.items()
        ),
    )


def add_passes(connection: sqlite3.Connection, passes: str) -> None:
    """
    Count passes, each of a run that started after all that is counted of its test.

    `passes` is the query of their `test` by its key, `duration`, `run_id` and `started`.
    """
    connection.execute(_ADD.format(source=_PASSES.format(passes=passes)))


def count_anew(connection: sqlite3.Connection, tests: Iterable[int]) -> None:
    """Work the tracks of these tests, by their keys, out of all results, and of what is known of runs that went."""
    wanted = json.dumps(list(tests))
    tallies = _before(connection, wanted)
    _count(tallies, connection.execute(_OF_TESTS, (wanted,)))
    connection.execute("delete from tracks where test in (select value from json_each(?))", (wanted,))
    connection.executemany(_REPLACE.format("tracks"), [tally.row for tally in tallies.values()])


def count_dropped(connection: sqlite3.Connection, runs: Iterable[int]) -> None:
    """Add what these runs, by their keys, tell of their tests to what is known of runs that went; they are to go."""
    keys = json.dumps(list(runs))
    tests = connection.execute("select test from results where run in (select value from json_each(?))", (keys,))
    tallies = _before(connection, json.dumps([test for (test,) in tests]))
    _count(tallies, connection.execute(_OF_RUNS, (keys,)))
    connection.executemany(_REPLACE.format("pruned"), [tally.row for tally in tallies.values()])


def _before(connection: sqlite3.Connection, tests: str) -> dict[int, _Tally]:
    return {row[0]: _Tally(*row) for row in connection.execute(_PRUNED, (tests,))}


def _count(tallies: dict[int, _Tally], results: Iterable[tuple[Any, ...]]) -> None:
    for test, *result in results:
        if test not in tallies:
            tallies[test] = _Tally(test)
        tallies[test].add(*result)


@define
class _Tally:
    """A row of the tracks while it is counted."""

    test: int
    runs: int = 0
    failures: int = 0
    last_status: str = ""
    mean_duration: float = 0.0
    last_run: str = ""
    last_started: float = 0.0
    verdicts: str = ""
    failed_in: str = ""
    causes: str = ""

    @property
    def row(self) -> tuple[int, int, int, str, float, str, float, str, str, str]:
        """The values of the columns."""
        return (
            self.test,
            self.runs,
            self.failures,
            self.last_status,
            self.mean_duration,
            self.last_run,
            self.last_started,
            self.verdicts,
            self.failed_in,
            self.causes,
        )

    def add(self, status: str, duration: float, run_id: str, started: float, key: int, said: str | None) -> None:
        """Count a result; they come in the order in which their runs started."""
        self.runs += 1
        self.last_status, self.last_run, self.last_started = status, run_id, started
        self.mean_duration += (duration - self.mean_duration) / self.runs
        self.verdicts = _LETTERS[status] + self.verdicts[: VERDICTS_KEPT - 1]
        if status != Status.PASSED:
            self.failures += 1
            self.failed_in = _with(str(key), self.failed_in)
            self.causes = _with(_cause(said), self.causes)


def _with(word: str, words: str) -> str:
    return " ".join([word, *words.split(" ", FAILURES_KEPT - 1)[: FAILURES_KEPT - 1]]).rstrip()


def _cause(said: str | None) -> str:
    return cause_of(said or "") or NO_CAUSE
