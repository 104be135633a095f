"""The causes of failures over all runs: which runs had them, and since when."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attrs import evolve

from testflow_core.history.values import excerpt, key_of_test, seconds, storable
from testflow_core.history.verdicts import read, written
from testflow_core.model import Cluster, Diagnosis, KnownCause, Sightings, TestCase, heaviest_first

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Run, TestResult

LOOKED_AT = 20
"""The latest runs of the main branch among which one is looked for that had a test."""

_CLEAR = (
    "delete from members where run = ?",
    "delete from causes where run = ?",
    "delete from mains where run = ?",
    "delete from sightings where run_id = (select run_id from runs where id = ?)",
)

# What a cause was called first, it stays.
_ADD_CLUSTER = "insert into clusters (id, category, title, masked) values (?, ?, ?, ?) on conflict do nothing"

_ADD_FINGERPRINT = "insert into fingerprints (fingerprint, cluster) values (?, ?) on conflict do nothing"

_ADD_CAUSE = """
insert into causes (run, cluster, category, title, owner, tracker, blocking, also_red, verdict)
values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing
"""

_ADD_MEMBER = """
insert into members (run, test, cluster) values (?, (select id from tests where test_id = ?), ?) on conflict do nothing
"""

_ADD_SIGHTING = "insert into sightings (cluster, run_id, started) values (?, ?, ?) on conflict do nothing"

_SEEN = """
select cluster, min(started), max(started), count(*) from sightings
where cluster in (select value from json_each(?)) and run_id != ? and started <= ? group by cluster
"""

_KNOWN = """
select id, category, title, masked, min(started), max(started), count(*)
from clusters join sightings on sightings.cluster = clusters.id
group by id order by max(started) desc, id limit ?
"""

_MAINS = """
select runs.id from mains join runs on runs.id = mains.run
where application in (select value from json_each(:applications)) and run_id != :run_id and started <= :started
group by runs.id having count(*) = json_array_length(:applications) order by started desc limit :limit
"""

# The tests are few, the results of a run many.
_HAD = """
select exists (select 1 from members where run = :run and cluster = :cluster),
    exists (select 1 from json_each(:tests) as wanted cross join tests on tests.test_id = wanted.value
        cross join results on results.run = :run and results.test = tests.id
        where status in ('passed', 'failed', 'error', 'timed_out'))
"""

_CAUSES = """
select cluster, category, title, owner, tracker, blocking, also_red, verdict from causes where run = ?
order by cluster
"""

_MEMBERS = "select test_id, cluster from members join tests on tests.id = test where run = ? order by test"

MERGE = (
    """insert into main.clusters (id, category, title, masked)
    select id, category, title, masked from other.clusters where true
    on conflict do update set (category, title, masked) = (excluded.category, excluded.title, excluded.masked)
    where (excluded.category, excluded.title, excluded.masked) > (category, title, masked)""",
    """insert into main.fingerprints (fingerprint, cluster)
    select fingerprint, cluster from other.fingerprints where true
    on conflict do update set cluster = min(cluster, excluded.cluster)""",
    """insert into main.causes (run, cluster, category, title, owner, tracker, blocking, also_red, verdict)
    select ours, cluster, category, title, owner, tracker, blocking, also_red, verdict
    from other.causes join temp.run_keys on theirs = run where true
    on conflict do update set
        category = max(category, excluded.category),
        title = max(title, excluded.title),
        owner = max(owner, excluded.owner),
        tracker = max(tracker, excluded.tracker),
        blocking = max(blocking, excluded.blocking),
        verdict = max(verdict, excluded.verdict),
        also_red = nullif(max(ifnull(also_red, -1), ifnull(excluded.also_red, -1)), -1)""",
    """insert or ignore into main.mains (run, application)
    select ours, application from other.mains join temp.run_keys on theirs = run""",
    """insert into main.sightings (cluster, run_id, started) select cluster, run_id, started from other.sightings
    where run_id in (select run_id from temp.run_keys
        union all select run_id from other.dropped)
    on conflict do update set started = min(started, excluded.started)""",
)
"""What a merge does once it has taken over the runs; members come as other tables do."""

UNUSED = (
    """delete from sightings where cluster not in (select cluster from sightings where started >= :before)
        and run_id not in (select run_id from runs)""",
    "delete from clusters where id not in (select cluster from sightings)",
    "delete from fingerprints where cluster not in (select id from clusters)",
)
"""What goes with the runs before a moment: causes that no run had since."""


def add_causes(connection: sqlite3.Connection, key: int, run: Run) -> None:
    """Write the causes of a run, by its key, in the place of what was written when it had been stopped before."""
    for statement in _CLEAR:
        connection.execute(statement, (key,))
    by_label = {result.label: key_of_test(result.test_id, result.variant) for result in run.results}
    for each in run.clusters:
        name, category, title = storable(each.id), storable(each.category), excerpt(each.title)
        connection.execute(_ADD_CLUSTER, (name, category, title, excerpt(each.diagnosis.masked)))
        connection.executemany(_ADD_FINGERPRINT, [(storable(print_), name) for print_ in each.fingerprints])
        told = storable(each.owner or ""), storable(each.tracker or ""), each.blocking, each.also_red_on_main
        verdict = storable(written(each.verdict))
        connection.execute(_ADD_CAUSE, (key, name, category, title, *told, verdict))
        connection.execute(_ADD_SIGHTING, (name, storable(run.run_id), seconds(run.started)))
        connection.executemany(_ADD_MEMBER, [(key, by_label[label], name) for label in each.tests if label in by_label])
    mains = [(key, storable(application)) for application in run.on_main]
    connection.executemany("insert or ignore into mains (run, application) values (?, ?)", mains)


def clusters_by_fingerprint(connection: sqlite3.Connection, fingerprints: Iterable[str]) -> Mapping[str, str]:
    """The clusters that earlier runs had failures with these fingerprints in."""
    asked = "select fingerprint, cluster from fingerprints where fingerprint in (select value from json_each(?))"
    return dict(connection.execute(asked, (_json(fingerprints),)).fetchall())


def known_causes(connection: sqlite3.Connection, limit: int) -> tuple[KnownCause, ...]:
    """The causes that runs had, those of the latest runs first."""
    return tuple(
        KnownCause(
            id=name, category=category, title=title, masked=masked, first_seen=first, last_seen=last, times=times
        )
        for name, category, title, masked, first, last, times in connection.execute(_KNOWN, (limit,))
    )


def sightings(
    connection: sqlite3.Connection, clusters: Mapping[str, Sequence[TestCase]], run_id: str, started: float
) -> Mapping[str, Sightings]:
    """What the runs before a run tell of its clusters, which are given by their ids with their tests."""
    found = _seen(connection, clusters, run_id, started)
    mains: dict[tuple[str, ...], list[int]] = {}
    for name, tests in clusters.items():
        applications = tuple(sorted({test.application for test in tests}))
        if applications not in mains:
            told = {"run_id": storable(run_id), "started": seconds(started), "limit": LOOKED_AT}
            rows = connection.execute(_MAINS, {"applications": _json(applications), **told})
            mains[applications] = [key for (key,) in rows]
        red = _red(connection, mains[applications], name, tests)
        found[name] = evolve(found.get(name, Sightings()), also_red_on_main=red)
    return found


def _seen(connection: sqlite3.Connection, clusters: Iterable[str], run_id: str, started: float) -> dict[str, Sightings]:
    asked = (_json(map(storable, clusters)), storable(run_id), seconds(started))
    return {
        name: Sightings(first=first, last=last, times=times)
        for name, first, last, times in connection.execute(_SEEN, asked)
    }


def _red(connection: sqlite3.Connection, runs: Iterable[int], name: str, tests: Sequence[TestCase]) -> bool | None:
    keys = _json(key_of_test(test.id, test.variant) for test in tests)
    for run in runs:
        asked = {"run": run, "cluster": storable(name), "tests": keys}
        red, ran = connection.execute(_HAD, asked).fetchone()
        if red or ran:
            return bool(red)
    return None


def applications_on_main(connection: sqlite3.Connection, key: int) -> tuple[str, ...]:
    """The applications of which a run, by its key, had a state of the main branch."""
    found = connection.execute("select application from mains where run = ? order by application", (key,))
    return tuple(name for (name,) in found)


def clusters_of(
    connection: sqlite3.Connection, key: int, run_id: str, started: float, results: Iterable[TestResult]
) -> tuple[Cluster, ...]:
    """The clusters of a run, by its key, as it told them; what other runs had before is told as it is known now."""
    by_key = {key_of_test(each.test_id, each.variant): each for each in results}
    members: dict[str, list[TestResult]] = {}
    for test, cluster in connection.execute(_MEMBERS, (key,)):
        if test in by_key:
            members.setdefault(cluster, []).append(by_key[test])
    rows = connection.execute(_CAUSES, (key,)).fetchall()
    seen = _seen(connection, [row[0] for row in rows], run_id, started)
    made = [_cluster(row, members.get(row[0], []), seen.get(row[0], Sightings())) for row in rows]
    return heaviest_first(made)


def _cluster(row: tuple[Any, ...], members: Sequence[TestResult], seen: Sightings) -> Cluster:
    name, category, title, owner, tracker, blocking, also_red, verdict = row
    shown = next((each.diagnosis for each in members if each.diagnosis is not None), None)
    nobody = TestCase(application="", file="", name=None)
    diagnosis = evolve(shown or Diagnosis(test=nobody, category=category, reason=""), fingerprint=name, title=title)
    return Cluster(
        id=name,
        category=category,
        title=title,
        tests=tuple(each.label for each in members),
        diagnosis=diagnosis,
        owner=owner or None,
        tracker=tracker or None,
        blocking=bool(blocking),
        first_seen=seen.first,
        last_seen=seen.last,
        times=seen.times,
        also_red_on_main=None if also_red is None else bool(also_red),
        verdict=read(verdict),
    )


def _json(names: Iterable[str]) -> str:
    return json.dumps(list(names))
