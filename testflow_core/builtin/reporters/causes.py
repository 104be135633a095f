"""Failures with the lines that tell most, those that look the same shown as one."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.model import Status, TestResult
from testflow_core.wording import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Artifact, Cluster

_OF_THE_TEST = {"message", "text"}


@frozen(kw_only=True)
class Cause:
    """Failures of one status, cause, category and team; `evidence` is lines, most telling first."""

    status: Status
    category: str
    team: str
    evidence: tuple[str, ...]
    results: tuple[TestResult, ...]


def causes(failed: Iterable[TestResult], clusters: Iterable[Cluster], limit: int) -> tuple[Cause, ...]:
    """
    The causes of these failures in their order, each with at most `limit` lines of evidence.

    What is in no cluster has the cause of what looks the same.
    """
    known = {label: cluster.id for cluster in clusters for label in cluster.tests}
    alike: dict[tuple[Status, str, str, str | tuple[str, ...]], list[TestResult]] = {}
    for result in failed:
        cause = known.get(result.label) or telling_lines(result, limit)
        alike.setdefault((result.status, result.category, result.assigned_to, cause), []).append(result)
    return tuple(
        Cause(
            status=status,
            category=category,
            team=team,
            evidence=telling_lines(results[0], limit),
            results=tuple(results),
        )
        for (status, category, team, _), results in alike.items()
    )


def telling_lines(result: TestResult, limit: int) -> tuple[str, ...]:
    """
    At most `limit` lines: the message, then the evidence that the analyzer went by, then what was wrong around it.

    Without either, the end of the logs, where programs say why they gave up; without those, the reason.
    """
    lines = _lines(result.message)
    evidence = result.diagnosis.evidence if result.diagnosis else None
    if evidence is not None:
        more = [line for line in _lines(evidence.text) if line not in lines]
        if more and lines and evidence.kind not in _OF_THE_TEST:
            # The message keeps its first lines, and the log that explains it is not lost behind it.
            lines = [*lines[: max(1, limit // 2)], f"{evidence.kind}:"]
        lines += more
    lines += [fact for fact in _lines("\n".join(_around(result))) if fact not in lines]
    if not lines:
        lines = _lines(result.logs)[-limit:] or _lines(result.reason)
    return _cut(lines, limit)


def _around(result: TestResult) -> Iterable[str]:
    """What was wrong with resources and services, and what the test left, by path."""
    if result.context is not None:
        yield from result.context.facts
        yield result.context.backtrace
        yield from (f"left: {_shown(each)}" for each in result.context.artifacts)
        yield result.context.left_out


def _shown(artifact: Artifact) -> str:
    """`.testflow/reports/…/cart.png (image, 31.2 KiB)`: where it can be opened."""
    return str(evolve(artifact, name=""))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in dedent(plain(text).expandtabs(4)).splitlines() if line.strip()]


def _cut(lines: Sequence[str], limit: int) -> tuple[str, ...]:
    if len(lines) <= limit:
        return tuple(lines)
    return (*lines[: limit - 1], f"({len(lines) - limit + 1} more lines in the reports)")
