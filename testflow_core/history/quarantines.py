"""Quarantines that people have put tests in: kept until they expire, the latest word of each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.history.values import excerpt, storable
from testflow_core.model import Flakiness, FlakyState, Quarantine, TestCase

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_PUT = """
insert into quarantines (test_id, since, until, reason) values (?, ?, ?, ?)
on conflict do update set since = excluded.since, until = excluded.until, reason = excluded.reason
"""

_READ = "select test_id, since, until, reason from quarantines where until > max(?, since) order by test_id"

TAKEN_OVER = """
insert into main.quarantines (test_id, since, until, reason)
select test_id, since, until, reason from other.quarantines where true
on conflict do update set since = excluded.since, until = excluded.until, reason = excluded.reason
where (excluded.since, excluded.until, excluded.reason) > (since, until, reason)
"""
"""What a merge does: the later word holds, so that a release is not undone by an older history."""


def put(connection: sqlite3.Connection, quarantine: Quarantine) -> None:
    """Remember a quarantine in the place of what was said of its test before."""
    row = (storable(quarantine.test), quarantine.since, quarantine.until, excerpt(quarantine.reason))
    connection.execute(_PUT, row)


def active(connection: sqlite3.Connection, now: float) -> tuple[Quarantine, ...]:
    """Those that last beyond a moment, in seconds since the epoch, and were not ended by hand."""
    return tuple(
        Quarantine(test=test, since=since, until=until, reason=reason)
        for test, since, until, reason in connection.execute(_READ, (now,))
    )


def with_quarantines(found: Iterable[Flakiness], quarantines: Sequence[Quarantine]) -> tuple[Flakiness, ...]:
    """What is known of tests, with the quarantines that they are in, and those of which nothing else is known."""
    listed = [_quarantined(each, quarantines) for each in found]
    known = {quarantine.test for quarantine in quarantines for each in listed if quarantine.covers(each.test.id)}
    return (*listed, *(_alone(each) for each in quarantines if each.test not in known))


def _quarantined(flakiness: Flakiness, quarantines: Sequence[Quarantine]) -> Flakiness:
    covering = [each for each in quarantines if each.covers(flakiness.test.id)]
    if not covering:
        return flakiness
    last = max(covering, key=lambda each: each.until)
    if flakiness.state is FlakyState.RECOVERING:
        return evolve(flakiness, until=last.until)
    reason = f"{last.reason or 'somebody put it there'}; {flakiness.reason}"
    return evolve(flakiness, state=FlakyState.QUARANTINED, until=last.until, reason=reason)


def _alone(quarantine: Quarantine) -> Flakiness:
    return Flakiness(
        test=TestCase.from_id(quarantine.test),
        state=FlakyState.QUARANTINED,
        probability=0.0,
        low=0.0,
        high=1.0,
        trials=0,
        failures=0,
        proofs=0,
        passed_since=0,
        last_failure=0.0,
        until=quarantine.until,
        reason=f"{quarantine.reason or 'somebody put it there'}; that it is flaky is not known",
    )
