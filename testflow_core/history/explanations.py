"""What was found out of failures, as rows: diagnoses with all that they say, verdicts, teams, standings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from testflow_core.history.values import excerpt, key_of_test, storable
from testflow_core.history.verdicts import read, written
from testflow_core.model import Diagnosis, Evidence

if TYPE_CHECKING:
    import sqlite3

    from testflow_core.model import Run, TestCase, Verdict

_ADD_DIAGNOSIS = """
insert into diagnoses (run, test, category, reason, evidence_kind, evidence, details, verdict)
values (?, (select id from tests where test_id = ?), ?, ?, ?, ?, ?, ?)
on conflict do nothing
"""

_ADD_ROUTE = """
insert into routes (run, test, team, reason)
values (?, (select id from tests where test_id = ?), ?, ?)
on conflict do nothing
"""

_ADD_STANDING = """
insert into standings (run, test, quarantined, regression) values (?, (select id from tests where test_id = ?), ?, ?)
on conflict do nothing
"""

_TEXTS = ("runner_up", "fingerprint", "title", "masked", "advice", "owner", "tracker", "file")
_AS_THEY_ARE = ("confidence", "verification", "frames", "lines")


def add_explanations(connection: sqlite3.Connection, key: int, run: Run) -> None:
    """Write what was found out of the failures of a run, by its key."""
    explained = [(key_of_test(each.test_id, each.variant), each) for each in run.results]
    connection.executemany(
        _ADD_DIAGNOSIS,
        [
            (key, test, *_diagnosis_row(result.diagnosis), _storable_verdict(result.verdict))
            for test, result in explained
            if result.diagnosis is not None
        ],
    )
    connection.executemany(
        _ADD_ROUTE,
        [
            (key, test, storable(route.team), excerpt(route.reason))
            for test, result in explained
            if (route := result.route) is not None
        ],
    )
    connection.executemany(
        _ADD_STANDING,
        [
            (key, test, excerpt(result.quarantined), excerpt(result.regression))
            for test, result in explained
            if result.quarantined or result.regression
        ],
    )


def read_diagnosis(
    test: TestCase, category: str, reason: str, kind: str | None, evidence: str | None, details: str
) -> Diagnosis:
    """The diagnosis of a row; of one that an earlier version wrote only what that knew."""
    told: dict[str, Any] = json.loads(details) if details else {}
    rank = told.pop("rank", 0)
    told |= {name: tuple(told[name]) for name in ("frames", "lines") if name in told}
    shown = Evidence(kind=kind, text=evidence or "", rank=rank) if kind is not None else None
    return Diagnosis(test=test, category=category, reason=reason, evidence=shown, **told)


def read_verdict(text: str | None) -> Verdict | None:
    """The verdict of a row; None where there was none."""
    return read(text or "")


def _diagnosis_row(diagnosis: Diagnosis) -> tuple[str, str, str | None, str | None, str]:
    evidence = diagnosis.evidence
    told: dict[str, object] = {name: excerpt(text) for name in _TEXTS if (text := getattr(diagnosis, name))}
    told |= {name: value for name in _AS_THEY_ARE if (value := getattr(diagnosis, name)) not in {None, ()}}
    if evidence is not None and evidence.rank:
        told["rank"] = evidence.rank
    return (
        storable(diagnosis.category),
        excerpt(diagnosis.reason),
        storable(evidence.kind) if evidence else None,
        excerpt(evidence.text) if evidence else None,
        storable(json.dumps(told)) if told else "",
    )


def _storable_verdict(verdict: Verdict | None) -> str:
    return storable(written(verdict))
