"""Failures that are new: of tests that are not known to fail, whose application is likely to be broken."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from testflow_core.history.evidence import gather
from testflow_core.history.values import key_of_test

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from testflow_core.model import TestCase

ENOUGH = 5
"""Passed runs without which nobody knows whether a test fails now and then."""

_KEYS = "select test_id, id from tests where test_id in (select value from json_each(?))"

_PASSES = """
select results.test, count(*) from json_each(?) as tests cross join runs
    cross join results on results.run = runs.id and results.test = tests.value
where runs.started >= ? and runs.started < ? and results.status = 'passed' group by results.test
"""


def new_failures(
    connection: sqlite3.Connection, failed: Collection[TestCase], now: float, window: timedelta
) -> Mapping[TestCase, str]:
    """
    Of tests that have failed at a moment those that failed in no run within the window before it, with the reason.

    Runs that an outage befell do not count. A test that passed less than five times in the window is not known
    well enough, and one with sources with which it failed is flaky.
    """
    asked = {key_of_test(test.id, test.variant): test for test in failed}
    known = {key: asked[name] for name, key in connection.execute(_KEYS, (json.dumps(list(asked)),))}
    if not known:
        return {}
    evidence = gather(connection)
    since = now - window.total_seconds()
    recent = {run.key for run in evidence.runs if since <= run.started < now}
    failing = Counter(test for run, test in evidence.failed.keys() - evidence.excused if run in recent)
    wanted = [key for key in known if key not in failing and key not in evidence.proofs]
    days = window.total_seconds() / 86_400
    return {
        known[key]: f"it passed in all {passed} runs of the last {days:g} days"
        for key, passed in connection.execute(_PASSES, (json.dumps(wanted), since, now))
        if passed >= ENOUGH
    }
