"""Verdicts as text in the history."""

from __future__ import annotations

import json
from typing import Any

from attrs import asdict

from testflow_core.model import Blame, ChangedLines, Suspect, Verdict


def written(verdict: Verdict | None) -> str:
    """As JSON; empty where there is none."""
    return "" if verdict is None else json.dumps(asdict(verdict))


def read(text: str) -> Verdict | None:
    """What `written` wrote."""
    if not text:
        return None
    told: dict[str, Any] = json.loads(text)
    return Verdict(
        blame=Blame(told["blame"]),
        reasons=tuple(told["reasons"]),
        suspects=tuple(_suspect(each) for each in told["suspects"]),
        suggestions=tuple(told["suggestions"]),
    )


def _suspect(told: dict[str, Any]) -> Suspect:
    return Suspect(
        application=told["application"],
        file=told["file"],
        score=told["score"],
        reasons=tuple(told["reasons"]),
        lines=tuple(ChangedLines(**each) for each in told["lines"]),
    )
