"""The reporter `markdown`: a summary for pull requests, job pages and chats."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.reporters.causes import Cause, causes
from testflow_core.builtin.reporters.publication import publish
from testflow_core.builtin.reporters.tally import columns, phases, tallies, tried
from testflow_core.interfaces import Reporter
from testflow_core.wording import amount, duration, ended, headline, one_line, plain, provided, total, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.model import PluginFailure, Run, TestResult

_ACTIVE = re.compile(r"([\\`*\[\]|~$]|(?<!\w)_|_(?!\w)|^[-+#>]|(?<=^\d)[.)])")
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
        found = causes(run.failed_tests, self.lines)
        blocks = [
            *_opening(run),
            *_failures(found, self.failures, self.tests),
            *_flaky(run.flaky_tests, self.tests),
            *_listed("unavailable", run.unavailable_tests, self.tests),
            *_listed("interrupted", run.interrupted_tests, self.tests),
            *_sentences("Leaks", run.leaks, self.tests),
            *_sentences("Warnings", run.warnings, self.tests),
            *_sentences("Kept", run.kept, self.tests),
            *_plugin_failures(run.plugin_failures),
            *_listed("skipped", run.skipped_tests, self.tests),
            *_closing(run),
        ]
        publish(run, "summary.md", "\n\n".join(blocks) + "\n")


def _opening(run: Run) -> Iterator[str]:
    verdict = "passed" if run.ok else "did not pass"
    yield f"# {_text(run.workflow)} {verdict}"
    yield f"**{headline(run)}** in {total(run)}"
    shown = columns(run)
    rows = [
        (
            _cell(_code(tally.application)),
            *(f"{tally.counts[status]:,}" if status in tally.counts else "0" for status in shown),
            duration(tally.duration),
        )
        for tally in tallies(run.results)
    ]
    if rows:
        yield _table(("application", *(word(status) for status in shown), "time"), rows, numbers=True)


def _failures(found: Sequence[Cause], limit: int, tests: int) -> Iterator[str]:
    if not found:
        return
    yield "## Failures"
    for cause in found[:limit]:
        first, *others = cause.results
        yield f"### {_code(first.label)}"
        yield _fenced("\n".join(line[:_LINE_LIMIT] for line in cause.evidence))
        yield "\n".join(_facts(cause, first))
        if others:
            ids = [f"- {_code(result.label)}" for result in others[:tests]]
            yield _details(
                f"{amount(len(others), 'other test')} failed in the same way", "\n".join(ids), len(others) - len(ids)
            )
    if len(found) > limit:
        yield f"{amount(len(found) - limit, 'more cause')} of failure: see `junit.xml`."


def _facts(cause: Cause, first: TestResult) -> Iterator[str]:
    if cause.category:
        why = f": {_text(first.diagnosis.reason)}" if first.diagnosis and first.diagnosis.reason else ""
        yield f"- category **{_text(cause.category)}**{why}"
    if cause.team:
        why = f": {_text(first.route.reason)}" if first.route and first.route.reason else ""
        yield f"- team **{_text(cause.team)}**{why}"
    yield f"- {ended(cause.status, first.duration)}"


def _flaky(results: Sequence[TestResult], limit: int) -> Iterator[str]:
    if not results:
        return
    yield "## Flaky"
    rows = [
        (_cell(_code(result.label)), tried(result), _text(result.message)[:_LINE_LIMIT], _text(result.assigned_to))
        for result in results[:limit]
    ]
    yield _table(("test", "at last", "before", "team"), rows)
    if len(results) > limit:
        yield f"{amount(len(results) - limit, 'more flaky test')}: see `junit.xml`."


def _listed(what: str, results: Sequence[TestResult], limit: int) -> Iterator[str]:
    if not results:
        return
    rows = [(_cell(_code(result.label)), _text(result.reason)) for result in results[:limit]]
    yield _details(f"{amount(len(results), 'test')} {what}", _table(("test", "reason"), rows), len(results) - len(rows))


def _sentences(title: str, sentences: Sequence[str], limit: int) -> Iterator[str]:
    if sentences:
        yield f"## {title}"
        yield "\n".join(f"- {_text(sentence)}" for sentence in sentences[:limit])
    if len(sentences) > limit:
        yield f"{len(sentences) - limit:,} more."


def _plugin_failures(failures: Sequence[PluginFailure]) -> Iterator[str]:
    if failures:
        yield "## Plugins that failed"
    for failure in failures:
        yield _details(_html(str(failure)), _fenced(plain(failure.traceback).strip("\n")), 0)


def _closing(run: Run) -> Iterator[str]:
    started = datetime.fromtimestamp(run.started, tz=UTC)
    yield "---"
    facts = [f"run {_code(run.run_id)}, started {started:%Y-%m-%d %H:%M:%S} UTC"]
    if run.provisioner:
        facts.append(f"environment by {_text(provided(run))}")
    if run.phases:
        facts.append(phases(run))
    yield "\n".join(f"- {fact}" for fact in facts if fact)


def _details(title: str, body: str, missing: int) -> str:
    more = f"\n\n{missing:,} more: see `junit.xml`." if missing > 0 else ""
    return f"<details>\n<summary>{title}</summary>\n\n{body}{more}\n\n</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False) -> str:
    rule = ["---", *("---:" if numbers else "---" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _html(text: str) -> str:
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;")


def _text(text: str) -> str:
    """Text that is only text: neither Markdown nor HTML nor a table's next cell."""
    return _ACTIVE.sub(r"\\\1", _html(text))


def _code(text: str) -> str:
    """A code span that survives backticks."""
    line = one_line(text)
    fence = _backticks(line, 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}"


def _cell(code: str) -> str:
    """A code span within a table, where a bar would end the cell."""
    return code.replace("|", "\\|")


def _fenced(text: str) -> str:
    fence = _backticks(text, 3)
    return f"{fence}text\n{text}\n{fence}"


def _backticks(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)
