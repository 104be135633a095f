"""What a run was to do, and why, as far as the history alone can say."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

from testflow_core import specs
from testflow_core.errors import HistoryError
from testflow_core.history.values import excerpt, storable
from testflow_core.model import Change, Plan, PlannedBatch, Status, TestCase, TestWorkflow, Uncovered

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from testflow_core.model import Run

_NOT_RUN = (Status.SKIPPED, Status.UNAVAILABLE)

_ADD_CHANGE = "insert or ignore into changes (run, application, files, reason, base, head) values (?, ?, ?, ?, ?, ?)"

_ADD_UNCOVERED = """
insert into uncovered (run, position, application, file, unit, reason, known) values (?, ?, ?, ?, ?, ?, ?)
"""

_CHANGES = "select application, files, reason, base, head from changes where run = ? order by application"

_UNCOVERED = "select application, file, unit, reason, known from uncovered where run = ? order by position"


def add_changes(connection: sqlite3.Connection, key: int, run: Run) -> None:
    """Write what had changed, and what of it nobody is known to test."""
    connection.executemany(
        _ADD_CHANGE,
        [
            (
                key,
                storable(application),
                None if change.files is None else storable(json.dumps(change.files)),
                excerpt(change.reason),
                storable(change.base or ""),
                storable(change.head or ""),
            )
            for application, change in run.changes.items()
        ],
    )
    connection.executemany(
        _ADD_UNCOVERED,
        [
            (
                key,
                place,
                storable(each.application),
                storable(each.file),
                storable(each.unit),
                excerpt(each.reason),
                each.known,
            )
            for place, each in enumerate(run.uncovered)
        ],
    )


def changes_of(connection: sqlite3.Connection, key: int) -> Mapping[str, Change]:
    """What had changed, by application."""
    return {
        application: Change(
            application=application,
            files=None if files is None else tuple(json.loads(files)),
            reason=reason,
            base=base or None,
            head=head or None,
        )
        for application, files, reason, base, head in connection.execute(_CHANGES, (key,))
    }


def uncovered_of(connection: sqlite3.Connection, key: int) -> tuple[Uncovered, ...]:
    """What of the changes nobody was known to test."""
    return tuple(
        Uncovered(application=application, file=file, unit=unit, reason=reason, known=bool(known))
        for application, file, unit, reason, known in connection.execute(_UNCOVERED, (key,))
    )


def replayed(run: Run) -> Plan:
    """
    The plan of a run: its choices with their reasons, the changes, what could not run, and the batches that ran.

    What was declared is not remembered, but for the name of the workflow.
    """
    return Plan(
        workflow=TestWorkflow(name=run.workflow),
        choices=run.choices,
        changes=run.changes,
        uncovered=run.uncovered,
        trees=run.trees,
        warnings=run.warnings,
        unavailable={
            TestCase.from_id(each.test_id): each.reason for each in run.results if each.status is Status.UNAVAILABLE
        },
        batches=tuple(_batches(run)),
    )


def only_terms(plan: Plan) -> Plan:
    """What was declared for a plan, without what was made of it."""
    return Plan(workflow=plan.workflow, environments=plan.environments, data=plan.data, applications=plan.applications)


def terms_of(connection: sqlite3.Connection, run_id: str) -> Plan:
    """What was declared for a run; HistoryError where that is not known, or not all of it may be."""
    remedy = "give the workflow, the environment and the test data again, as in `execute(workflow, replay=...)`"
    rows = connection.execute("select terms from runs where run_id = ?", (storable(run_id),)).fetchall()
    if not rows or rows[0][0] is None:
        raise HistoryError(f"nobody noted what was declared for the run {run_id!r}: {remedy}")
    try:
        return specs.plan_from_json(zlib.decompress(rows[0][0]).decode("utf-8", "surrogatepass"), ())
    except LookupError as error:
        raise HistoryError(f"the history keeps no secrets, and the run {run_id!r} had some: {remedy}") from error


def _batches(run: Run) -> Iterable[PlannedBatch]:
    tests: dict[str, dict[TestCase, None]] = {}
    flows: dict[str, str | None] = {}
    for outcome in run.outcomes:
        if not outcome.batch and outcome.status in _NOT_RUN:
            continue
        # A compacted history keeps no batch of what passed at once.
        batch = outcome.batch or f"{outcome.test.application}::{outcome.test.file}"
        tests.setdefault(batch, {})[outcome.test] = None
        flows[batch] = outcome.flow
    for batch, those in tests.items():
        application = next(iter(those)).application
        yield PlannedBatch(id=batch, application=application, runner="", tests=tuple(those), flow=flows[batch])
