"""From the rules that matched to one diagnosis: category, confidence, runner-up, evidence, advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.errors import TestflowError
from testflow_core.model import UNKNOWN, Diagnosis, Evidence
from testflow_core.templates import render
from testflow_regex_analyzer.categories import CATEGORIES
from testflow_regex_analyzer.fingerprint import title, traits
from testflow_regex_analyzer.relating import comparable
from testflow_regex_analyzer.rule import Strength
from testflow_regex_analyzer.shipped import VERIFICATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import Failure
    from testflow_regex_analyzer.account import Account
    from testflow_regex_analyzer.declared import Found
    from testflow_regex_analyzer.rulebook import Hit

EVIDENCE_LIMIT = 2_000
"""Characters of the matching lines that a diagnosis carries at most."""

CONFIDENCE = {Strength.CAUSE: 0.95, Strength.SYMPTOM: 0.85, Strength.KIND: 0.6}
"""By what the rule knows; a rule of thumb, with nothing fitted."""
_DOUBT = 0.15
"""Taken off where only a log says so, and where another category was named as plainly."""

_OF_THE_ACCOUNT = {"cause", "context"}


def diagnosis(failure: Failure, account: Account, hits: Sequence[Hit], found: Found, searched: str) -> Diagnosis:
    """The diagnosis that the first of the hits gives; `unknown` with the first evidence where there is none."""
    stays = traits(account)
    frames, lines = zip(*account.places, strict=True) if account.places else ((), ())
    told = f"; {found.remark}" if found.remark else ""
    if not hits:
        evidence = failure.evidence[0] if failure.evidence else None
        return Diagnosis(
            test=failure.test,
            category=UNKNOWN,
            reason=found.remark if found.stopped else f"{searched}{told}",
            evidence=evidence,
            fingerprint=stays.fingerprint,
            masked=comparable(stays.what, stays.where),
            title=title(evidence.text) if evidence else "",
            confidence=0.0,
            frames=frames,
            lines=lines,
        )
    best = hits[0]
    runner_up = next((hit for hit in hits if _first(hit) != _first(best)), None)
    first = _first(best)
    evidence = Evidence(kind=_kind(best), text=matching_lines(best), rank=_rank(best))
    return Diagnosis(
        test=failure.test,
        category=best.rule.category,
        reason=f"{_reason(best)}{told}",
        evidence=evidence,
        fingerprint=stays.fingerprint,
        masked=comparable(stays.what, stays.where),
        title=title(evidence.text),
        confidence=_confidence(best, runner_up),
        runner_up=runner_up.rule.category if runner_up else None,
        advice=_advice(best),
        owner=best.rule.owner,
        tracker=best.rule.tracker,
        verification=first in VERIFICATION if first in CATEGORIES else None,
        frames=frames,
        lines=lines,
    )


def matching_lines(hit: Hit) -> str:
    """The lines of the match, cut around it where they are very long."""
    text = hit.text
    start = text.rfind("\n", 0, hit.start) + 1
    end = text.find("\n", max(hit.start, hit.end - 1))
    lines = text[start : end if end >= 0 else len(text)]
    if len(lines) <= EVIDENCE_LIMIT:
        return lines.strip("\r")
    before = max(0, hit.start - start - EVIDENCE_LIMIT // 4)
    return f"…{lines[before : before + EVIDENCE_LIMIT - 2]}…"


def _first(hit: Hit) -> str:
    return hit.rule.category.partition("/")[0]


def _rank(hit: Hit) -> int:
    return hit.rank if hit.piece_rank is None else hit.piece_rank


def _kind(hit: Hit) -> str:
    return "text" if hit.kind in _OF_THE_ACCOUNT else hit.kind


def _reason(hit: Hit) -> str:
    if not hit.rule.shipped:
        return hit.by
    where = {"cause": "what the message was caused by", "context": "what came before the message"}
    return f"{hit.by} in {where.get(hit.kind, f'the {hit.kind}')}: rule {hit.rule.id}"


def _confidence(best: Hit, runner_up: Hit | None) -> float:
    sure = CONFIDENCE[best.rule.strength]
    if best.rule.shipped and best.kind in {"stderr", "stdout", "log", "services"}:
        sure -= _DOUBT
    if runner_up is not None and runner_up.order[:2] == best.order[:2] and best.rule.shipped:
        sure -= _DOUBT
    return round(sure, 2)


def _advice(hit: Hit) -> str:
    advice = hit.rule.advice
    if "{" not in advice:
        return advice
    try:
        return render(advice, dict(hit.groups))
    except TestflowError as error:
        return f"{advice} ({error})"
