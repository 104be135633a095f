"""What is kept of each test over all runs, so that planning never scans attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.history.values import seconds, storable
from testflow_core.model import Past, Status, TestCase, Track

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from testflow_core.model import Run

# Runs may be recorded in another order than they started: the one that started last tells how a test ended last.
_UPDATE = """
insert into tracks (test, runs, failures, last_status, mean_duration, last_run, last_started)
values ((select id from tests where test_id = :test), 1, :failing, :status, :duration, :run, :started)
on conflict (test) do update set
    runs = runs + 1,
    failures = failures + excluded.failures,
    mean_duration = mean_duration + (excluded.mean_duration - mean_duration) / (runs + 1),
    last_status = iif(excluded.last_started >= last_started, excluded.last_status, last_status),
    last_run = iif(excluded.last_started >= last_started, excluded.last_run, last_run),
    last_started = max(excluded.last_started, last_started)
"""

_READ = """
select application, file, name, runs, failures, last_status, mean_duration
from tests join tracks on tracks.test = tests.id where application = ? order by tests.id
"""


def add_to_tracks(connection: sqlite3.Connection, run: Run) -> None:
    """Count the run; a test that did not come to a verdict (skipped, unavailable, interrupted) did not run."""
    connection.executemany(
        _UPDATE,
        [
            {
                "test": storable(result.test_id),
                "failing": int(result.status.failing),
                "status": result.status.value,
                "duration": seconds(result.duration),
                "run": storable(run.run_id),
                "started": seconds(run.started),
            }
            for result in run.results
            if result.status is Status.PASSED or result.status.failing
        ],
    )


def read_past(connection: sqlite3.Connection, applications: Iterable[str]) -> Past:
    """The tracks of these applications' tests."""
    tracks: dict[tuple[str, str], list[Track]] = {}
    for name in dict.fromkeys(applications):
        for application, file, test, runs, failures, status, duration in connection.execute(_READ, (storable(name),)):
            track = Track(
                test=TestCase(application=application, file=file, name=test),
                runs=runs,
                failures=failures,
                last_status=Status(status),
                mean_duration=duration,
            )
            tracks.setdefault((application, file), []).append(track)
    return Past(tracks={key: tuple(found) for key, found in tracks.items()})
