"""Which tests are flaky: they passed and failed with the same sources, when nothing else was broken."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.history.evidence import PastRun, gather
from testflow_core.model import Flakiness, FlakyState
from testflow_core.model.intervals import wilson

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from testflow_core.history.evidence import Evidence

RECOVERING, RECOVERED = 0.2, 0.01
"""
A test that were as flaky as it was would have passed as often as it did since with less than this chance.

As flaky as it was is the lower bound of the interval at its last failure: of few trials nobody knows better.
"""

SPELLS = 2
"""So often a suspect has begun to fail."""

_TRIALS = """
select results.test, results.run, status = 'passed' from json_each(?) as tests cross join json_each(?) as runs
    cross join results on results.run = runs.value and results.test = tests.value
where status in ('passed', 'failed', 'error', 'timed_out') order by results.test
"""


@frozen(kw_only=True)
class _Trial:
    """How a test ended in a run that no outage befell: whether its result is a pass, and its attempts."""

    run: PastRun
    passing: bool
    failures: int
    passes: int


def flakiness(connection: sqlite3.Connection) -> tuple[Flakiness, ...]:
    """What is known of every test that is flaky, or may be, the most probable to fail first."""
    evidence = gather(connection)
    proofs = evidence.proofs
    often = Counter(test for _, test in evidence.failed.keys() - evidence.excused)
    wanted = [test for test, number in often.items() if test in proofs or number >= SPELLS]
    judged = (
        _judged(evidence, test, trials, proofs.get(test, 0))
        for test, trials in _trials(connection, evidence, wanted).items()
    )
    found = [each for each in judged if each is not None]
    return tuple(sorted(found, key=lambda each: (-each.probability, each.test.id, each.test.variant)))


def _trials(connection: sqlite3.Connection, evidence: Evidence, tests: Sequence[int]) -> Mapping[int, Sequence[_Trial]]:
    """How these tests ended in all runs that no outage befell, in the order in which those started."""
    keys = json.dumps([run.key for run in evidence.runs])
    passing: dict[int, dict[int, bool]] = {}
    for test, run, passed in connection.execute(_TRIALS, (json.dumps(tests), keys)):
        passing.setdefault(test, {})[run] = bool(passed)
    return {
        test: [
            _Trial(
                run=run,
                passing=results[run.key],
                failures=evidence.failed.get((run.key, test), int(not results[run.key])),
                passes=max(evidence.passed.get((run.key, test), 0), int(results[run.key])),
            )
            for run in evidence.runs
            if run.key in results and (run.key, test) not in evidence.excused
        ]
        for test, results in passing.items()
    }


def _judged(evidence: Evidence, test: int, trials: Sequence[_Trial], proofs: int) -> Flakiness | None:
    """What follows for a test; None where it is neither flaky nor a suspect, or has recovered."""
    spells = [passing for passing, _ in groupby(trials, key=lambda each: each.passing)].count(False)
    if not proofs and spells < SPELLS:
        return None
    failures, number = _share(trials)
    probability = failures / number if number else 0.0
    last = max(place for place, each in enumerate(trials) if each.failures)
    since = len(trials) - 1 - last
    luck = (1 - wilson(*_share(trials[: last + 1]))[0]) ** since
    if luck < RECOVERED:
        return None
    low, high = wilson(failures, number)
    state, reason = _state(proofs, spells, since, luck)
    return Flakiness(
        test=evidence.tests[test],
        state=state,
        probability=probability,
        low=low,
        high=high,
        trials=number,
        failures=failures,
        proofs=proofs,
        passed_since=since,
        last_failure=trials[last].run.started,
        reason=reason,
    )


def _share(trials: Sequence[_Trial]) -> tuple[int, int]:
    """Failures and attempts with sources with which the test also passed: with others it may have been broken."""
    alike: dict[object, list[_Trial]] = {}
    for each in trials:
        alike.setdefault(each.run.key if each.run.sources is None else each.run.sources, []).append(each)
    usable = [each for same in alike.values() if any(told.passes for told in same) for each in same]
    failures = sum(each.failures for each in usable)
    return failures, failures + sum(each.passes for each in usable)


def _state(proofs: int, spells: int, since: int, luck: float) -> tuple[FlakyState, str]:
    if not proofs:
        return FlakyState.SUSPECT, f"it began to fail {spells} times, but not with sources with which it passes"
    times = "once" if proofs == 1 else f"{proofs} times"
    proven = f"it failed {times} with sources with which it passes, when nothing else was broken"
    if luck < RECOVERING:
        return FlakyState.RECOVERING, f"{proven}; it has passed {since} times in a row since"
    return FlakyState.FLAKY, proven
