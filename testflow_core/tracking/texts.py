"""What an issue says: its title, its body, and what is said when it is closed or opened again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from testflow_core.tracking.around import around, result_of
from testflow_core.tracking.document import Code, Document, Facts, Items, Paragraph
from testflow_core.tracking.masking import masked
from testflow_core.wording import amount, one_line, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from testflow_core.model import Cluster, Run
    from testflow_core.tracking.issue import Issue, Memory

TITLE, LINES, EVIDENCE, ADVICE, FACT, TESTS, SUGGESTIONS = 180, 60, 8_000, 2_000, 300, 20, 5
"""Limits, in characters but for lines of evidence, tests and suggestions: all of it fits into any tracker."""

KEPT = "testflow keeps what stands above up to date; what you write below stays."


def title(cluster: Cluster) -> str:
    """One line that names the cause."""
    return _line(cluster.title, TITLE) or f"failures of the category {_line(cluster.category, TITLE)}"


def body(run: Run, cluster: Cluster, memory: Memory, quiet: timedelta) -> Document:
    """What is to blame and the evidence, what to do, what there was around one of its tests, and all of them."""
    return tuple(_parts(run, cluster, memory, quiet))


def _parts(run: Run, cluster: Cluster, memory: Memory, quiet: timedelta) -> Iterator[Paragraph | Facts | Code | Items]:
    diagnosis = cluster.diagnosis
    seen = f"{amount(memory.failures, 'failure')} in {amount(memory.runs, 'run')}"
    facts = {
        "verdict": str(cluster.verdict or ""),
        "category": cluster.category,
        "team": cluster.owner or "",
        "why": diagnosis.reason,
        "seen": f"{seen}, first {moment(memory.first)}, last {moment(memory.last)}",
        "last run": f"{run.run_id} of {run.workflow}",
        "also red on main": _yes_or_no(cluster.also_red_on_main),
    }
    yield Facts(tuple((name, shown) for name, said in facts.items() if (shown := _line(said, FACT))))
    evidence = _excerpt(diagnosis.evidence.text if diagnosis.evidence else "", EVIDENCE, LINES)
    if evidence:
        yield Code(evidence)
    if diagnosis.advice:
        yield Paragraph(_line(diagnosis.advice, ADVICE))
    # The advice is one of them, and was said.
    suggested = [each for each in (cluster.verdict.suggestions if cluster.verdict else ()) if each != diagnosis.advice]
    if suggested:
        yield Paragraph(f"To look at next: {_line('; '.join(suggested[:SUGGESTIONS]), ADVICE)}")
    yield from around(result_of(run, cluster), several=cluster.count > 1)
    yield Items(
        f"{amount(cluster.count, 'test')} in the last run", tuple(_line(each, FACT) for each in cluster.tests[:TESTS])
    )
    if cluster.count > TESTS:
        yield Paragraph(f"and {cluster.count - TESTS:,} more")
    yield Paragraph(f"Closes by itself once it was not seen for {_days(quiet)} and one of its tests passes. {KEPT}")


def reopened(run: Run, cluster: Cluster) -> str:
    """The comment under an issue that is opened again."""
    return f"Seen again in run {_line(run.run_id, FACT)}: {amount(cluster.count, 'test')} failed of it."


def closing(run: Run, memory: Memory, witnesses: Sequence[str]) -> str:
    """The comment under an issue that is closed as quiet."""
    passed = f"{amount(len(witnesses), 'of its test')}".replace("1 of its test", "one of its tests")
    return (
        f"Not seen since {moment(memory.last)}, and {passed} passed in run {_line(run.run_id, FACT)}."
        " It is opened again when it comes back."
    )


def duplicate(first: Issue) -> str:
    """The comment under an issue that is closed because there are two."""
    return f"The same cause as {first.key}, where it goes on."


def moment(seconds: float) -> str:
    """A moment as people write it, in UTC: `2026-11-22 20:34 UTC`."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M} UTC"


def _yes_or_no(known: bool | None) -> str:
    return "" if known is None else "yes" if known else "no"


def _days(quiet: timedelta) -> str:
    return amount(quiet.days, "day") if quiet.days else f"{quiet.total_seconds():g} seconds"


def _line(text: str, limit: int) -> str:
    # More than is shown is looked at, so that no secret is cut in two; and no more, as it may be a megabyte.
    line = masked(one_line(text[: 4 * limit]))
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _excerpt(text: str, characters: int, lines: int) -> str:
    shown = masked(plain(text[: 2 * characters]))[:characters].strip("\n").splitlines()[:lines]
    return "\n".join(line.rstrip() for line in shown).strip("\n")
