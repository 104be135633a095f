"""What ran although a strategy had left it out, and what that tells of each strategy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testflow_core.history.values import key_of_test, storable
from testflow_core.model import Audit, MissRate

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

_ADD = """
insert into audits (run, test, strategy, missed) values (?, (select id from tests where test_id = ?), ?, ?)
on conflict do update set strategy = excluded.strategy, missed = excluded.missed
"""

_OF_RUN = (
    "select test_id, variant, strategy, missed from audits join tests on tests.id = test where run = ? order by test"
)

_DROP = """
insert or replace into dropped_audits (run_id, strategy, audited, missed)
select run_id, strategy, count(*), sum(missed) from audits join runs on runs.id = run
where run in (select value from json_each(?)) group by run_id, strategy
"""

# Of a run that is there its own tests tell.
_RATES = """
select strategy, count(*), sum(audited), sum(missed) from (
    select run, strategy, count(*) as audited, sum(missed) as missed from audits group by run, strategy
    union all
    select run_id, strategy, audited, missed from dropped_audits where run_id not in (select run_id from runs)
) group by strategy order by strategy
"""

MERGE_DROPPED = """
insert or ignore into main.dropped_audits (run_id, strategy, audited, missed)
select run_id, strategy, audited, missed from other.dropped_audits
"""


def add_audits(connection: sqlite3.Connection, run: int, audits: Sequence[Audit]) -> None:
    """Write what a run, by its key, has audited."""
    rows = [(run, key_of_test(each.test_id, each.variant), storable(each.strategy), each.missed) for each in audits]
    connection.executemany(_ADD, rows)


def audits_of(connection: sqlite3.Connection, run: int) -> tuple[Audit, ...]:
    """What a run, by its key, has audited."""
    return tuple(
        Audit(test_id=test_id, variant=variant, strategy=strategy, missed=bool(missed))
        for test_id, variant, strategy, missed in connection.execute(_OF_RUN, (run,))
    )


def count_dropped_audits(connection: sqlite3.Connection, runs: Iterable[int]) -> None:
    """Keep the counts of runs, by their keys, that are to go."""
    connection.execute(_DROP, (json.dumps(list(runs)),))


def miss_rates(connection: sqlite3.Connection) -> tuple[MissRate, ...]:
    """What is known of each strategy, over all runs."""
    return tuple(
        MissRate(strategy=strategy, runs=runs, audited=audited, missed=missed)
        for strategy, runs, audited, missed in connection.execute(_RATES)
    )
