"""What planning reads of the past: aggregates alone, from tables of any version."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from testflow_core.history.quarantines import active
from testflow_core.history.statistics import NO_CAUSE
from testflow_core.history.values import storable
from testflow_core.model import Past, Status, TestCase, Track

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

_STATUSES = {status.value: status for status in Status}

_READ = """
select application, file, name, {variant}, runs, failures, last_status, mean_duration, {verdicts}, {failed_in}, {causes}
from tests join tracks on tracks.test = tests.id where application = ? order by tests.id
"""

# By key, that is by the order in which runs were recorded.
_TIMINGS = """
select file, name, {variant}, median from timings join tests on tests.id = timings.test where application = ?
order by timings.run desc
"""

_WITH_TIMINGS = 2
_WITH_VARIANTS = 3
_WITH_VERDICTS = 4
_WITH_QUARANTINES = 6
_WITH_CAUSES = 11
_TIMINGS_KEPT = 20
"""Past runs of a performance test that the next one is compared with."""


def read_past(connection: sqlite3.Connection, applications: Iterable[str], version: int) -> Past:
    """The tracks of these applications' tests, from tables of this version."""
    tracks: dict[tuple[str, str], list[Track]] = {}
    timings: dict[TestCase, tuple[float, ...]] = {}
    variants: set[str] = set()
    named = "variant" if version >= _WITH_VARIANTS else "''"
    for name in dict.fromkeys(applications):
        for track in _tracks(connection, name, version):
            tracks.setdefault((track.test.application, track.test.file), []).append(track)
            if track.test.variant:
                variants.add(track.test.variant)
        if version >= _WITH_TIMINGS:
            timings |= _read_timings(connection, name, named)
    return Past(
        tracks={key: tuple(found) for key, found in tracks.items()},
        timings=timings,
        variants=frozenset(variants),
        quarantines=active(connection, 0.0) if version >= _WITH_QUARANTINES else (),
    )


def _tracks(connection: sqlite3.Connection, application: str, version: int) -> Iterator[Track]:
    kept = version >= _WITH_VERDICTS
    query = _READ.format(
        variant="variant" if version >= _WITH_VARIANTS else "''",
        verdicts="verdicts" if kept else "''",
        failed_in="failed_in" if kept else "''",
        causes="causes" if version >= _WITH_CAUSES else "''",
    )
    for row in connection.execute(query, (storable(application),)):
        yield as_track(*row)


def as_test(application: str, file: str, name: str | None, variant: str) -> TestCase:
    """The test of a row; what many rows have in common is kept once."""
    name = name if name is None else sys.intern(name)
    return TestCase(application=sys.intern(application), file=sys.intern(file), name=name, variant=sys.intern(variant))


def as_track(  # noqa: PLR0913, PLR0917 - the columns of a row
    application: str,
    file: str,
    name: str | None,
    variant: str,
    runs: int,
    failures: int,
    status: str,
    duration: float,
    verdicts: str,
    failed_in: str,
    causes: str,
) -> Track:
    """The track that a row tells of."""
    return Track(
        test=as_test(application, file, name, variant),
        runs=runs,
        failures=failures,
        last_status=_STATUSES[status],
        mean_duration=duration,
        verdicts=sys.intern(verdicts),
        failed_in=tuple(map(int, failed_in.split())) if failed_in else (),
        causes=tuple(each.strip(NO_CAUSE) for each in causes.split()) if causes else (),
    )


def _read_timings(connection: sqlite3.Connection, application: str, named: str) -> dict[TestCase, tuple[float, ...]]:
    found: dict[TestCase, list[float]] = {}
    rows = connection.execute(_TIMINGS.format(variant=named), (storable(application),))
    for file, name, variant, median in rows:
        medians = found.setdefault(TestCase(application=application, file=file, name=name, variant=variant), [])
        if len(medians) < _TIMINGS_KEPT:
            medians.append(median)
    return {test: tuple(medians) for test, medians in found.items()}
