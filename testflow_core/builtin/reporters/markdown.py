"""The reporter `markdown`: a summary for pull requests, job pages and chats."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.reporters.causes import Cause, causes
from testflow_core.builtin.reporters.publication import publish
from testflow_core.builtin.reporters.tally import columns, phases, tallies, tried
from testflow_core.interfaces import Reporter
from testflow_core.markup import cell, code, escaped, fenced, html
from testflow_core.wording import (
    amount,
    audited,
    delivered,
    duration,
    ended,
    headline,
    plain,
    provided,
    seen,
    total,
    untested,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.model import Cluster, PluginFailure, Run, TestResult

_LINE_LIMIT = 1_000


@frozen(kw_only=True)
class MarkdownReporter(Reporter):
    """
    `summary.md` in GitHub's dialect.

    `failures`, `tests` and `lines` limit how many causes of failure, how many tests of a list and how many lines of
    evidence are shown: job pages take 1 MiB. All of them stand in `junit.xml`.
    """

    failures: int = 50
    tests: int = 100
    lines: int = 30

    def report(self, run: Run) -> None:
        """Write `summary.md` to the folder of the run's reports."""
        found = causes(run.failed_tests, run.clusters, self.lines)
        blocks = [
            *_opening(run),
            *_causes(run.clusters, self.failures),
            *_failures(found, self.failures, self.tests),
            *_quarantined(run.quarantined_tests, self.tests),
            *_flaky(run.flaky_tests, self.tests),
            *_listed("unavailable", run.unavailable_tests, self.tests),
            *_listed("interrupted", run.interrupted_tests, self.tests),
            *_sentences("Sent", [f"{what}: {sentence}" for what, sentence in delivered(run)], self.tests),
            *_sentences("Audit", audited(run), self.tests),
            *_sentences("Changed, and not known to be tested", untested(run), self.tests),
            *_sentences("Leaks", run.leaks, self.tests),
            *_sentences("Warnings", run.warnings, self.tests),
            *_sentences("Kept", run.kept, self.tests),
            *_plugin_failures(run.plugin_failures),
            *_listed("skipped", run.skipped_tests, self.tests),
            *_closing(run),
        ]
        publish(run, "summary.md", "\n\n".join(blocks) + "\n")


def _opening(run: Run) -> Iterator[str]:
    held = ", with failures in quarantine" if run.quarantined_tests else ""
    verdict = f"passed{held}" if run.ok else "did not pass"
    yield f"# {escaped(run.workflow)} {verdict}"
    yield f"**{headline(run)}** in {total(run)}"
    shown = columns(run)
    rows = [
        (
            cell(code(tally.application)),
            *(f"{tally.counts[status]:,}" if status in tally.counts else "0" for status in shown),
            duration(tally.duration),
        )
        for tally in tallies(run.results)
    ]
    if rows:
        yield _table(("application", *(word(status) for status in shown), "time"), rows, numbers=True)


def _causes(clusters: Sequence[Cluster], limit: int) -> Iterator[str]:
    if not clusters:
        return
    yield f"## {amount(len(clusters), 'cause')}"
    rows = [
        (
            f"{cluster.count:,}",
            escaped(cluster.title),
            escaped(cluster.category),
            escaped(cluster.owner or ""),
            escaped(", ".join(seen(cluster))),
            escaped(". ".join(cluster.verdict.told)) if cluster.verdict else "",
        )
        for cluster in clusters[:limit]
    ]
    yield _table(("tests", "cause", "category", "team", "seen", "verdict"), rows)
    if len(clusters) > limit:
        yield f"{amount(len(clusters) - limit, 'more cause')}: see `junit.xml`."


def _failures(found: Sequence[Cause], limit: int, tests: int) -> Iterator[str]:
    if not found:
        return
    yield "## Failures"
    for cause in found[:limit]:
        first, *others = cause.results
        yield f"### {code(first.label)}"
        yield fenced("\n".join(line[:_LINE_LIMIT] for line in cause.evidence))
        yield "\n".join(_facts(cause, first))
        if others:
            ids = [f"- {code(result.label)}" for result in others[:tests]]
            yield _details(
                f"{amount(len(others), 'other test')} failed in the same way", "\n".join(ids), len(others) - len(ids)
            )
    if len(found) > limit:
        yield f"{amount(len(found) - limit, 'more cause')} of failure: see `junit.xml`."


def _facts(cause: Cause, first: TestResult) -> Iterator[str]:
    if cause.category:
        why = f": {escaped(first.diagnosis.reason)}" if first.diagnosis and first.diagnosis.reason else ""
        yield f"- category **{escaped(cause.category)}**{why}"
    if cause.team:
        why = f": {escaped(first.route.reason)}" if first.route and first.route.reason else ""
        yield f"- team **{escaped(cause.team)}**{why}"
    if first.regression:
        yield f"- likely a regression: {escaped(first.regression)}"
    yield f"- {ended(cause.status, first.duration)}"


def _flaky(results: Sequence[TestResult], limit: int) -> Iterator[str]:
    if not results:
        return
    yield "## Flaky"
    rows = [
        (cell(code(result.label)), tried(result), escaped(result.message)[:_LINE_LIMIT], escaped(result.assigned_to))
        for result in results[:limit]
    ]
    yield _table(("test", "at last", "before", "team"), rows)
    if len(results) > limit:
        yield f"{amount(len(results) - limit, 'more flaky test')}: see `junit.xml`."


def _quarantined(results: Sequence[TestResult], limit: int) -> Iterator[str]:
    if not results:
        return
    yield "## Failed in quarantine"
    rows = [
        (
            cell(code(result.label)),
            escaped(result.quarantined),
            escaped(result.message)[:_LINE_LIMIT],
            escaped(result.assigned_to),
        )
        for result in results[:limit]
    ]
    yield _table(("test", "quarantine", "failure", "team"), rows)
    if len(results) > limit:
        yield f"{amount(len(results) - limit, 'more test')}: see `junit.xml`."


def _listed(what: str, results: Sequence[TestResult], limit: int) -> Iterator[str]:
    if not results:
        return
    rows = [(cell(code(result.label)), escaped(result.reason)) for result in results[:limit]]
    yield _details(f"{amount(len(results), 'test')} {what}", _table(("test", "reason"), rows), len(results) - len(rows))


def _sentences(title: str, sentences: Sequence[str], limit: int) -> Iterator[str]:
    if sentences:
        yield f"## {title}"
        yield "\n".join(f"- {escaped(sentence)}" for sentence in sentences[:limit])
    if len(sentences) > limit:
        yield f"{len(sentences) - limit:,} more."


def _plugin_failures(failures: Sequence[PluginFailure]) -> Iterator[str]:
    if failures:
        yield "## Plugins that failed"
    for failure in failures:
        yield _details(html(str(failure)), fenced(plain(failure.traceback).strip("\n")), 0)


def _closing(run: Run) -> Iterator[str]:
    started = datetime.fromtimestamp(run.started, tz=UTC)
    yield "---"
    facts = [f"run {code(run.run_id)}, started {started:%Y-%m-%d %H:%M:%S} UTC"]
    if run.provisioner:
        facts.append(f"environment by {escaped(provided(run))}")
    if run.phases:
        facts.append(phases(run))
    yield "\n".join(f"- {fact}" for fact in facts if fact)


def _details(title: str, body: str, missing: int) -> str:
    more = f"\n\n{missing:,} more: see `junit.xml`." if missing > 0 else ""
    return f"<details>\n<summary>{title}</summary>\n\n{body}{more}\n\n</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    rule = ["---", *("---:" if numbers else "---" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
