"""Another history's runs, taken over: the same whatever is merged first, and however often."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.history.audits import MERGE_DROPPED
from testflow_core.history.causes import MERGE as MERGE_CAUSES
from testflow_core.history.deliveries import MERGE as MERGE_DELIVERIES
from testflow_core.history.overrides import MERGE_OVERRIDES
from testflow_core.history.quarantines import TAKEN_OVER
from testflow_core.history.statistics import add_passes, count_anew
from testflow_core.model import Merged, Status

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

# What a run here has not come to the end of is its own affair, and what one there has not can only be resumed there.
# What was dropped here is counted all the same.
_TAKEN = """
from other.runs where state = 'ended'
    and run_id not in (select run_id from main.runs where state != 'ended' union all select run_id from main.dropped)
"""

_NAMES = (
    """insert into main.tests (test_id, application, file, name, variant)
    select test_id, application, file, name, variant from other.tests where true on conflict do nothing""",
    "insert into main.reasons (text) select text from other.reasons where true on conflict do nothing",
)

# Where both have a run of one id, shards of it say, it is one run: it failed if a part of it did.
_RUNS = f"""
insert into main.runs (run_id, workflow, started, ok, provisioner, state, source, isolation, origin, stopped, terms)
select run_id, workflow, started, ok, provisioner, state, source, isolation, origin, stopped, terms {_TAKEN}
on conflict do update set
    workflow = max(workflow, excluded.workflow),
    started = min(started, excluded.started),
    ok = min(ok, excluded.ok),
    provisioner = max(provisioner, excluded.provisioner),
    source = max(source, excluded.source),
    isolation = max(isolation, excluded.isolation),
    origin = max(origin, excluded.origin),
    stopped = max(stopped, excluded.stopped),
    terms = max(coalesce(terms, excluded.terms), coalesce(excluded.terms, terms))
"""

_KEYS = (
    f"""create temp table run_keys as select theirs.id as theirs, ours.id as ours, ours.run_id, ours.started
    from (select * {_TAKEN}) as theirs join main.runs as ours on ours.run_id = theirs.run_id""",  # noqa: S608 - as above
    """create temp table test_keys as select theirs.id as theirs, ours.id as ours
    from other.tests as theirs join main.tests as ours on ours.test_id = theirs.test_id""",
    """create temp table reason_keys as select theirs.id as theirs, ours.id as ours
    from other.reasons as theirs join main.reasons as ours on ours.text = theirs.text""",
    "create temp table heard (test integer primary key, anew integer not null)",
    *(f"create unique index temp.{name}_theirs on {name}_keys (theirs)" for name in ("run", "test", "reason")),
)

_DROP_KEYS = ("drop table temp.heard", *(f"drop table temp.{name}_keys" for name in ("run", "test", "reason")))


@frozen(kw_only=True)
class _Table:
    """
    What is taken over of a table whose rows are of a run and a test.

    Of two rows about the same the one stays that is greater by `rank`, in which `{}` is the row: so it does not matter
    which was there first. `reason` is a column that is the key of a reason.
    """

    name: str
    columns: tuple[str, ...]
    rank: tuple[str, ...]
    reason: bool = False

    @property
    def statement(self) -> str:
        columns = ", ".join((*self.columns, *(("reason",) if self.reason else ())))
        values = ", ".join((*(f"theirs.{each}" for each in self.columns), *(("reasons.ours",) if self.reason else ())))
        rank = (*self.rank, *(("(select text from main.reasons where id = {}.reason)",) if self.reason else ()))
        return f"""
            insert into main.{self.name} (run, test, {columns})
            select runs.ours, tests.ours, {values} from other.{self.name} as theirs
                join temp.run_keys as runs on runs.theirs = theirs.run
                join temp.test_keys as tests on tests.theirs = theirs.test
                {"join temp.reason_keys as reasons on reasons.theirs = theirs.reason" if self.reason else ""}
            where true
            on conflict do update set ({columns}) = ({", ".join(f"excluded.{each}" for each in columns.split(", "))})
            where ({", ".join(each.format("excluded") for each in rank)})
                > ({", ".join(each.format(self.name) for each in rank)})
        """  # noqa: S608 - names of ours


_FAILURES = ", ".join(f"'{status.value}'" for status in Status if status.failing)
# What failed, then what passed, then what did not run.
_FAILING_FIRST = (f"{{}}.status in ({_FAILURES})", f"{{}}.status = '{Status.PASSED.value}'", "{}.status", "{}.duration")

_TABLES = (
    _Table(
        name="choices",
        columns=("selected", "priority", "left_out_by"),
        # What was chosen for a reason is no audit.
        rank=("{}.selected", "{}.left_out_by = ''", "{}.priority", "{}.left_out_by"),
        reason=True,
    ),
    _Table(name="results", columns=("status", "duration"), rank=_FAILING_FIRST, reason=True),
    _Table(
        name="attempts",
        columns=("flow", "attempt", "status", "duration", "started", "message", "text", "batch", "reason", "context"),
        rank=(*_FAILING_FIRST, "{}.started", "{}.message", "{}.text", "{}.batch", "{}.reason", "{}.context"),
    ),
    _Table(
        name="diagnoses",
        columns=("category", "reason", "evidence_kind", "evidence", "details", "verdict"),
        rank=(
            *("{}.category", "{}.reason", "coalesce({}.evidence_kind, '')", "coalesce({}.evidence, '')"),
            *("{}.details", "{}.verdict"),
        ),
    ),
    _Table(name="routes", columns=("team", "reason"), rank=("{}.team", "{}.reason")),
    _Table(name="audits", columns=("strategy", "missed"), rank=("{}.missed", "{}.strategy")),
    _Table(name="standings", columns=("quarantined", "regression"), rank=("{}.quarantined", "{}.regression")),
    _Table(name="members", columns=("cluster",), rank=("{}.cluster",)),
    _Table(name="timings", columns=("median",), rank=("{}.median",)),
)

_TREES = """
insert into main.trees (run, application, tree)
select runs.ours, application, tree from other.trees join temp.run_keys as runs on runs.theirs = run where true
on conflict do update set tree = max(tree, excluded.tree)
"""

_CONDITIONS = """
insert or ignore into main.conditions (run, name)
select runs.ours, name from other.conditions join temp.run_keys as runs on runs.theirs = run
"""

_DATA_SETS = """
insert into main.data_sets (run, name, version)
select runs.ours, name, version from other.data_sets join temp.run_keys as runs on runs.theirs = run where true
on conflict do update set version = max(version, excluded.version)
"""

_CHANGES = """
insert into main.changes (run, application, files, reason, base, head)
select runs.ours, application, files, reason, base, head from other.changes
    join temp.run_keys as runs on runs.theirs = run where true
on conflict do update set (files, reason, base, head) = (excluded.files, excluded.reason, excluded.base, excluded.head)
    where (coalesce(excluded.files, ''), excluded.reason, excluded.base, excluded.head)
        > (coalesce(changes.files, ''), changes.reason, changes.base, changes.head)
"""

_OTHERS = (
    _TREES,
    _CONDITIONS,
    MERGE_DROPPED,
    _DATA_SETS,
    TAKEN_OVER,
    _CHANGES,
    MERGE_OVERRIDES,
    *MERGE_CAUSES,
    MERGE_DELIVERIES,
)

_VERDICTS = ", ".join(f"'{status.value}'" for status in Status if status.letter)

# Tests that runs have told of. Most only passed since: that is added to what is known, the others are counted anew.
_HEARD = f"""
insert into temp.heard
select tests.ours as test, max(theirs.status != 'passed'
    or runs.started <= coalesce((select last_started from main.tracks where test = tests.ours), -9e999)) as anew
from other.results as theirs join temp.run_keys as runs on runs.theirs = theirs.run
    join temp.test_keys as tests on tests.theirs = theirs.test
where theirs.status in ({_VERDICTS}) group by tests.ours
"""  # noqa: S608 - values of ours

_MOVED = """
insert into temp.heard select distinct test, 1 from main.results where run in (select value from json_each(?))
on conflict do update set anew = 1
"""

_PASSED_SINCE = """
select tests.ours as test, duration, runs.run_id, runs.started
from other.results as theirs join temp.run_keys as runs on runs.theirs = theirs.run
    join temp.test_keys as tests on tests.theirs = theirs.test
    join temp.heard on heard.test = tests.ours
where status = 'passed' and not anew
"""

_NUMBERED = {
    "phases": ("name", "seconds"),
    "warnings": ("text",),
    "plugin_failures": ("kind", "name", "traceback"),
    "environments": ("environment", "held", "remained", "seconds"),
    "uncovered": ("application", "file", "unit", "reason", "known"),
}


def merge_attached(connection: sqlite3.Connection) -> Merged:
    """
    Take over the ended runs of the database `other` that is attached, within the transaction that is open.

    It writes before it reads, so that a deferred transaction reads nothing that is out of date once it may write.
    """
    for statement in _NAMES:
        connection.execute(statement)
    before: dict[str, float] = dict(connection.execute("select run_id, started from main.runs").fetchall())
    for statement in (_RUNS, *_KEYS):
        connection.execute(statement)
    taken = connection.execute("select run_id, theirs, ours, started from temp.run_keys").fetchall()
    for statement in (*(table.statement for table in _TABLES), *_OTHERS):
        connection.execute(statement)
    for _, theirs, ours, _ in taken:
        for table, columns in _NUMBERED.items():
            _unite(connection, table, columns, theirs, ours)
    # A run that began earlier than was known here is earlier in the past of all its tests.
    earlier = [ours for name, _, ours, started in taken if before.get(name, started) != started]
    _count(connection, earlier)
    for statement in _DROP_KEYS:
        connection.execute(statement)
    names = sorted(name for name, *_ in taken)
    return Merged(
        added=tuple(name for name in names if name not in before), known=tuple(name for name in names if name in before)
    )


def _count(connection: sqlite3.Connection, earlier: Sequence[int]) -> None:
    """Bring the tracks up to date with what was taken over; `earlier` began before they were known to have."""
    connection.execute(_HEARD)
    connection.execute(_MOVED, (json.dumps(earlier),))
    add_passes(connection, _PASSED_SINCE)
    count_anew(connection, [test for (test,) in connection.execute("select test from temp.heard where anew")])


def _unite(connection: sqlite3.Connection, table: str, columns: tuple[str, ...], theirs: int, ours: int) -> None:
    """What has an order within a run: theirs where we have none, else both, in an order that does not tell whose."""
    named = ", ".join(columns)
    query = f"select {named} from {{}}.{table} where run = ? order by position"  # noqa: S608 - names of ours
    here = connection.execute(query.format("main"), (ours,)).fetchall()
    there = connection.execute(query.format("other"), (theirs,)).fetchall()
    if not there or here == there:
        return
    united = sorted({*here, *there}) if here else there
    connection.execute(f"delete from main.{table} where run = ?", (ours,))  # noqa: S608 - as above
    marks = ", ".join("?" * (len(columns) + 2))
    connection.executemany(
        f"insert into main.{table} (run, position, {named}) values ({marks})",  # noqa: S608 - as above
        [(ours, position, *row) for position, row in enumerate(united)],
    )
