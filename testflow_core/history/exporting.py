"""The history as text that other programs read."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from attrs import asdict, fields, frozen

from testflow_core.errors import HistoryError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_LINES = """
select run_id, workflow, runs.started, source, tree, application, file, name, variant, status, duration,
    coalesce((select max(attempt) from attempts where attempts.run = results.run and attempts.test = results.test), 1),
    reasons.text, category, team
from results join runs on runs.id = results.run join tests on tests.id = results.test
    join reasons on reasons.id = results.reason
    left join trees using (run, application)
    left join diagnoses on diagnoses.run = results.run and diagnoses.test = results.test
    left join routes on routes.run = results.run and routes.test = results.test
order by runs.started, run_id, test_id
"""


@frozen
class Line:
    """How a test ended in a run; times are in seconds, `started` since the epoch."""

    run_id: str
    workflow: str
    started: float
    source: str
    tree: str | None
    application: str
    file: str
    name: str | None
    variant: str
    status: str
    duration: float
    attempts: int
    reason: str
    category: str | None
    assigned_to: str | None


def lines(connection: sqlite3.Connection) -> Iterator[Line]:
    """A line for each test of each run, the earliest run first."""
    for row in connection.execute(_LINES):
        yield Line(*row)


def format_of(path: Path) -> Callable[[Path, Iterable[Line]], int]:
    """What writes lines to a file of this suffix and counts them; HistoryError where nothing does."""
    known = {".jsonl": _write_json_lines, ".csv": _write_csv}
    if path.suffix not in known:
        raise HistoryError(
            f"a history cannot be exported to {path}: the suffix tells the format (known: {', '.join(known)})"
        )
    write = known[path.suffix]

    def written(path: Path, told: Iterable[Line]) -> int:
        try:
            return write(path, told)
        except OSError as error:
            raise HistoryError(
                f"the history cannot be exported to {path} ({error.strerror}); name a file in a folder that is there,"
                " that you may write, and that has room"
            ) from error

    return written


def _write_json_lines(path: Path, told: Iterable[Line]) -> int:
    number = 0
    with path.open("w", encoding="utf-8") as stream:
        for number, line in enumerate(told, start=1):  # noqa: B007 - how many there were
            stream.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")
    return number


def _write_csv(path: Path, told: Iterable[Line]) -> int:
    number = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([each.name for each in fields(Line)])
        for number, line in enumerate(told, start=1):  # noqa: B007 - how many there were
            writer.writerow(asdict(line).values())
    return number
