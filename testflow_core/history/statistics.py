"""What is kept of each test over all runs, so that planning never scans attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.history.values import key_of_test, seconds, storable
from testflow_core.model import Past, Status, TestCase, Track

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Container, Iterable

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
select application, file, name, {variant}, runs, failures, last_status, mean_duration
from tests join tracks on tracks.test = tests.id where application = ? order by tests.id
"""


# By key, that is by the order in which runs were recorded.
_TIMINGS = """
select file, name, {variant}, median from timings join tests on tests.id = timings.test where application = ?
order by timings.run desc
"""

_WITH_TIMINGS = 2
_WITH_VARIANTS = 3
_TIMINGS_KEPT = 20
"""Past runs of a performance test that the next one is compared with."""


def add_to_tracks(connection: sqlite3.Connection, run: Run, counted: Container[str]) -> None:
    """
    Count the run; a test that did not come to a verdict (skipped, unavailable, interrupted) did not run.

    `counted` are tests that were counted before the run was resumed.
    """
    connection.executemany(
        _UPDATE,
        [
            {
                "test": key_of_test(result.test_id, result.variant),
                "failing": int(result.status.failing),
                "status": result.status.value,
                "duration": seconds(result.duration),
                "run": storable(run.run_id),
                "started": seconds(run.started),
            }
            for result in run.results
            if (result.status is Status.PASSED or result.status.failing)
            and key_of_test(result.test_id, result.variant) not in counted
        ],
    )


def read_past(connection: sqlite3.Connection, applications: Iterable[str], version: int) -> Past:
    """The tracks of these applications' tests, from tables of this version."""
    tracks: dict[tuple[str, str], list[Track]] = {}
    timings: dict[TestCase, tuple[float, ...]] = {}
    variants: set[str] = set()
    named = "variant" if version >= _WITH_VARIANTS else "''"
    for name in dict.fromkeys(applications):
        for application, file, test, variant, runs, failures, status, duration in connection.execute(
            _READ.format(variant=named), (storable(name),)
        ):
            track = Track(
                test=TestCase(application=application, file=file, name=test, variant=variant),
                runs=runs,
                failures=failures,
                last_status=Status(status),
                mean_duration=duration,
            )
            tracks.setdefault((application, file), []).append(track)
            if variant:
                variants.add(variant)
        if version >= _WITH_TIMINGS:
            timings |= _read_timings(connection, name, named)
    return Past(
        tracks={key: tuple(found) for key, found in tracks.items()}, timings=timings, variants=frozenset(variants)
    )


def _read_timings(connection: sqlite3.Connection, application: str, named: str) -> dict[TestCase, tuple[float, ...]]:
    found: dict[TestCase, list[float]] = {}
    rows = connection.execute(_TIMINGS.format(variant=named), (storable(application),))
    for file, name, variant, median in rows:
        medians = found.setdefault(TestCase(application=application, file=file, name=name, variant=variant), [])
        if len(medians) < _TIMINGS_KEPT:
            medians.append(median)
    return {test: tuple(medians) for test, medians in found.items()}
