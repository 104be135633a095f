"""What the latest runs tell of tests that failed: where they passed with the same sources, and what was an outage."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.history.outages import MANY, WHOLE, Contradiction, outages
from testflow_core.model import TestCase

if TYPE_CHECKING:
    import sqlite3

WINDOW = 500
"""The latest runs, which are looked at."""

# Runs are of the same sources where their trees are the same, for the same purpose, with the same data and provisioner,
# and under the same conditions: jobs of a matrix do not contradict each other.
_RUNS = """
select id, started, iif(tree is null, null,
    workflow || char(31) || provisioner || char(31) || data || char(31) || told || char(31) || tree)
from (select id, started, workflow, provisioner, run_id,
    (select group_concat(application || char(30) || tree, char(31))
        from (select application, tree from trees where run = runs.id order by application)) as tree,
    (select coalesce(group_concat(version, char(30)), '')
        from (select version from data_sets where run = runs.id order by name)) as data,
    (select coalesce(group_concat(name, char(30)), '')
        from (select name from conditions where run = runs.id order by name)) as told
    from runs where state = 'ended' order by started desc, run_id desc limit ?)
"""

# In the words of the index.
_FAILED = """
select run, test, flow, duration, message from attempts where status in ('failed', 'error', 'timed_out')
"""

# Looked at where enough failed that it may be most of them.
_VERDICTS = """
select count(*) from results where run = ? and status in ('passed', 'failed', 'error', 'timed_out')
"""

_TESTS = "select id, application, file, name, variant from tests where id in (select value from json_each(?))"

_OWN_PASSES = """
select attempts.run, attempts.test, flow from json_each(?) as pairs
    cross join attempts on attempts.run = pairs.value ->> 0 and attempts.test = pairs.value ->> 1
where status = 'passed'
"""

_PASSES = """
select results.run, results.test from json_each(?) as pairs
    cross join results on results.run = pairs.value ->> 0 and results.test = pairs.value ->> 1
where status = 'passed'
"""

Pair = tuple[int, int]
"""A run and a test, by their keys."""


@frozen(kw_only=True)
class PastRun:
    """A run by its key: when it started, and what it had, by a text that is the same for the same; None if unknown."""

    key: int
    started: float
    sources: str | None


@frozen(kw_only=True)
class FailedAttempt:
    """A failed attempt; run and test are their keys."""

    run: int
    test: int
    flow: str
    duration: float
    message: str


@frozen(kw_only=True)
class Evidence:
    """
    Runs in the order in which they started, and of tests that failed in them what is known by their keys.

    `failed` and `passed` count the attempts of a test in a run in which it failed once. `contradicted` are the runs and
    tests that failed although they passed with the same sources, `excused` those that an outage befell.
    """

    runs: Sequence[PastRun]
    tests: Mapping[int, TestCase]
    failed: Mapping[Pair, int]
    passed: Mapping[Pair, int]
    contradicted: frozenset[Pair]
    excused: frozenset[Pair]

    @property
    def proofs(self) -> Mapping[int, int]:
        """How often each test failed without an outage although it passed with the same sources."""
        return Counter(test for _, test in self.contradicted - self.excused)


def gather(connection: sqlite3.Connection) -> Evidence:
    """What the latest runs tell."""
    rows = connection.execute(_RUNS, (WINDOW,)).fetchall()[::-1]
    runs = [PastRun(key=key, started=started, sources=sources) for key, started, sources in rows]
    known = {run.key for run in runs}
    failures = [
        FailedAttempt(run=run, test=test, flow=flow, duration=duration, message=message)
        for run, test, flow, duration, message in connection.execute(_FAILED)
        if run in known
    ]
    others = _alike(runs)
    own = Counter(_own_passes(connection, {(each.run, each.test) for each in failures}))
    elsewhere = _passes(connection, failures, others)
    contradicted = [each for each in failures if _is_contradicted(each, others, own, elsewhere)]
    tests = _named(connection, {each.test for each in failures})
    once = {(each.run, each.test): _contradiction(each, tests[each.test]) for each in contradicted}
    struck = outages(once.values(), [run for run, same in others.items() if same])
    struck |= dict.fromkeys(_mostly_failed(connection, failures), frozenset({WHOLE}))
    passed: Counter[Pair] = Counter()
    for (run, test, _), number in own.items():
        passed[run, test] += number
    return Evidence(
        runs=runs,
        tests=tests,
        failed=Counter((each.run, each.test) for each in failures),
        passed=passed,
        contradicted=frozenset(once),
        excused=frozenset(
            (each.run, each.test)
            for each in failures
            if each.run in struck and not struck[each.run].isdisjoint(_contradiction(each, tests[each.test]).groups)
        ),
    )


def _mostly_failed(connection: sqlite3.Connection, failures: Sequence[FailedAttempt]) -> list[int]:
    """Runs in which most tests failed: they prove nothing, whatever other runs say."""
    failed = Counter(run for run, _ in {(each.run, each.test) for each in failures})
    return [
        run
        for run, number in failed.items()
        if number >= MANY and 2 * number > connection.execute(_VERDICTS, (run,)).fetchone()[0]
    ]


def _alike(runs: Sequence[PastRun]) -> Mapping[int, Sequence[int]]:
    """The other runs that had the same sources, for each run of which they are known."""
    alike: dict[str, list[int]] = {}
    for run in runs:
        if run.sources is not None:
            alike.setdefault(run.sources, []).append(run.key)
    return {run: [each for each in same if each != run] for same in alike.values() for run in same}


def _own_passes(connection: sqlite3.Connection, pairs: set[Pair]) -> list[tuple[int, int, str]]:
    return connection.execute(_OWN_PASSES, (json.dumps(sorted(pairs)),)).fetchall()


def _passes(
    connection: sqlite3.Connection, failures: Sequence[FailedAttempt], others: Mapping[int, Sequence[int]]
) -> frozenset[tuple[int, int, str]]:
    """Where tests that failed passed in other runs with the same sources, by run, test and flow."""
    wanted = {(run, each.test) for each in failures if not each.flow for run in others.get(each.run, ())}
    found = connection.execute(_PASSES, (json.dumps(sorted(wanted)),)).fetchall()
    # What a step did within its flow only its attempts tell.
    flowing = {(run, each.test) for each in failures if each.flow for run in others.get(each.run, ())}
    return frozenset([*((run, test, "") for run, test in found), *_own_passes(connection, flowing)])


def _is_contradicted(
    failure: FailedAttempt,
    others: Mapping[int, Sequence[int]],
    own: Mapping[tuple[int, int, str], int],
    elsewhere: frozenset[tuple[int, int, str]],
) -> bool:
    # That a test which passed every time took too long, all in all, is told by an attempt that takes no time.
    if failure.duration and own.get((failure.run, failure.test, failure.flow)):
        return True
    return any((run, failure.test, failure.flow) in elsewhere for run in others.get(failure.run, ()))


def _named(connection: sqlite3.Connection, keys: set[int]) -> Mapping[int, TestCase]:
    return {
        key: TestCase(application=application, file=file, name=name, variant=variant)
        for key, application, file, name, variant in connection.execute(_TESTS, (json.dumps(sorted(keys)),))
    }


def _contradiction(failure: FailedAttempt, test: TestCase) -> Contradiction:
    return Contradiction(
        run=failure.run,
        test=failure.test,
        application=test.application,
        variant=test.variant,
        message=failure.message,
    )
