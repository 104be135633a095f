"""A run that was cut off or stopped, as its journal tells of it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core import specs
from testflow_core.errors import HistoryError
from testflow_core.history import attempts
from testflow_core.history.values import storable
from testflow_core.model import Outcome, Plan, Status

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


SHOWN = 5


@frozen(kw_only=True)
class Unfinished:
    """
    What was to be done, and what has come of it.

    `begun` are the batches that were handed to workers, `ended` those of which nothing is left. `files` are hashes of
    the files of tests, as they were. `plan` answers the plan once what must not stand in the history is given:
    HistoryError where that is gone.
    """

    run_id: str
    started: float
    outcomes: tuple[Outcome, ...]
    begun: frozenset[str]
    ended: frozenset[str]
    files: Mapping[str, str]
    plan: Callable[[tuple[str, ...]], Plan]


def resumable(connection: sqlite3.Connection, run_id: str | None, path: Path) -> str:
    """The run of this id, or the latest that has not come to its end; HistoryError where there is none to resume."""
    asked = "select run_id, state from runs where "
    if run_id is None:
        rows = connection.execute(f"{asked} state != 'ended' order by id desc limit 1").fetchall()
    else:
        rows = connection.execute(f"{asked} run_id = ?", (storable(run_id),)).fetchall()
    if not rows:
        which = "none was cut off or stopped" if run_id is None else f"none is called {run_id!r}{_others(connection)}"
        raise HistoryError(f"no run to resume: of those in {path} {which}")
    ((name, state),) = rows
    if state == attempts.ENDED:
        raise HistoryError(f"the run {name} has come to its end: there is nothing to resume")
    return str(name)


def read_unfinished(connection: sqlite3.Connection, run_id: str, path: Path) -> Unfinished:
    """What is known of a run that can be resumed."""
    found = connection.execute("select id, started, manifest from runs where run_id = ?", (run_id,)).fetchall()
    ((key, started, packed),) = found
    manifest = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
    choices = attempts.choices(connection, key)

    def plan(secrets: tuple[str, ...]) -> Plan:
        try:
            return evolve(specs.plan_from_json(manifest["plan"], secrets), choices=choices)
        except LookupError as error:
            raise HistoryError(
                f"the run {run_id} cannot be resumed: its secrets, which stand beside {path}, are gone; run it anew"
            ) from error

    return Unfinished(
        run_id=run_id,
        started=started,
        # That a test was not run is no outcome to keep.
        outcomes=tuple(each for each in attempts.outcomes(connection, key) if each.status is not Status.INTERRUPTED),
        begun=attempts.marks(connection, key, "begun"),
        ended=attempts.marks(connection, key, "ended"),
        files=manifest["files"],
        plan=plan,
    )


def all_resumable(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Every run that has not come to its end, the latest first."""
    found = connection.execute("select run_id from runs where state != 'ended' order by id desc")
    return tuple(name for (name,) in found)


def _others(connection: sqlite3.Connection) -> str:
    names = ", ".join(all_resumable(connection)[:SHOWN])
    return f"; these can be: {names}" if names else ""
