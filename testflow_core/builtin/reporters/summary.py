"""What a terminal shows once a run is over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.builtin.reporters.causes import Cause, causes
from testflow_core.builtin.reporters.screen import BOLD, BOLD_RED, DIM, GREEN, RED, YELLOW, Screen
from testflow_core.builtin.reporters.tally import columns, phases, tallies, tried
from testflow_core.model import Run, Status, TestCase
from testflow_core.wording import (
    amount,
    audited,
    caused,
    delivered,
    duration,
    ended,
    headline,
    one_line,
    provided,
    total,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testflow_core.model import Cluster, TestResult

_ALIKE = 10
_COLOURS = {
    Status.PASSED: GREEN,
    Status.FAILED: RED,
    Status.ERROR: RED,
    Status.TIMED_OUT: RED,
    Status.UNAVAILABLE: YELLOW,
    Status.INTERRUPTED: YELLOW,
}


def summary(run: Run, screen: Screen, *, failures: int, lines: int) -> Iterator[str]:
    """The lines of the summary: at most `failures` causes, each with at most `lines` of evidence."""
    yield ""
    yield from _table(run, screen)
    yield from _causes(run.clusters, failures, screen)
    yield from _failures(causes(run.failed_tests, run.clusters, lines), failures, screen)
    yield from _quarantined(run.quarantined_tests, failures, screen)
    yield from _flaky(run.flaky_tests, failures, screen)
    yield from _missing("unavailable", run.unavailable_tests, screen)
    yield from _missing("interrupted", run.interrupted_tests, screen)
    yield from _audits(run, screen)
    yield from _untested(run, failures, screen)
    yield from _deliveries(run, screen)
    for leak in run.leaks:
        yield f"  {screen.paint('leak', RED)}  {one_line(leak)}"
    for warning in run.warnings:
        yield f"  {screen.paint('warning', YELLOW)}  {one_line(warning)}"
    for failure in run.plugin_failures:
        yield f"  {screen.paint('plugin failed', YELLOW)}  {one_line(str(failure))}"
    for sentence in run.kept:
        yield f"  {screen.paint('kept', YELLOW)}  {one_line(sentence)}"
    if run.kept or run.leaks or run.warnings or run.plugin_failures:
        yield ""
    yield from _closing(run, screen)


def _table(run: Run, screen: Screen) -> Iterator[str]:
    found = tallies(run.results)
    if not found:
        return
    shown = columns(run)
    first = max(len("application"), *(len(tally.application) for tally in found))
    widths = [max(len(word(status)), 6) + 2 for status in shown]
    head = "".join(f"{word(status):>{width}}" for status, width in zip(shown, widths, strict=True))
    yield screen.paint(f"  {'application':<{first}}{head}{'time':>10}", DIM)
    for tally in found:
        cells = [
            _count(tally.counts.get(status, 0), status, width, screen)
            for status, width in zip(shown, widths, strict=True)
        ]
        yield f"  {tally.application:<{first}}{''.join(cells)}{duration(tally.duration):>10}"
    yield ""


def _count(number: int, status: Status, width: int, screen: Screen) -> str:
    text = f"{number:,}"
    return " " * (width - len(text)) + screen.paint(text, _COLOURS.get(status, DIM) if number else DIM)


def _causes(clusters: Sequence[Cluster], limit: int, screen: Screen) -> Iterator[str]:
    if clusters:
        yield f"  {screen.paint(amount(len(clusters), 'cause'), BOLD)}"
    for cluster in clusters[:limit]:
        yield from _cause(cluster, screen)
    if len(clusters) > limit:
        yield f"    and {len(clusters) - limit:,} more in the reports"
    if clusters:
        yield ""


def _cause(cluster: Cluster, screen: Screen) -> Iterator[str]:
    for number, row in enumerate(screen.wrapped(cluster.title, indent=4)):
        yield f"    {row if number else screen.paint(row, RED if cluster.blocking else YELLOW)}"
    for row in screen.wrapped(caused(cluster), indent=6):
        yield f"      {screen.paint(row, DIM)}"
    for said in cluster.verdict.told if cluster.verdict else ():
        for row in screen.wrapped(one_line(said), indent=6):
            yield f"      {row}"


def _failures(found: Sequence[Cause], limit: int, screen: Screen) -> Iterator[str]:
    for cause in found[:limit]:
        first, *others = cause.results
        yield f"  {screen.mark(cause.status)} {screen.paint(one_line(first.label), BOLD)}"
        for number, line in enumerate(cause.evidence):
            for row in screen.wrapped(line, indent=6):
                yield f"      {row if number else screen.paint(row, RED)}"
        facts = " \N{RIGHTWARDS ARROW} ".join(one_line(each) for each in (cause.category, cause.team) if each)
        yield f"    {screen.paint(facts, BOLD)}  {screen.paint(ended(cause.status, first.duration), DIM)}"
        if first.regression:
            yield f"    likely a regression: {one_line(first.regression)}"
        yield from _alike(others)
        yield ""
    if len(found) > limit:
        yield f"  {amount(len(found) - limit, 'more cause')} of failure in the reports"
        yield ""


def _alike(others: Sequence[TestResult]) -> Iterator[str]:
    if others:
        yield f"    {amount(len(others), 'more test')} failed in the same way:"
    for result in others[:_ALIKE]:
        yield f"      {one_line(result.label)}"
    if len(others) > _ALIKE:
        yield f"      and {len(others) - _ALIKE:,} more in the reports"


def _quarantined(results: Sequence[TestResult], limit: int, screen: Screen) -> Iterator[str]:
    for result in results[:limit]:
        facts = f"{ended(result.status, result.duration)}, in quarantine {one_line(result.quarantined)}"
        yield f"  {screen.paint('quarantined', YELLOW)}  {one_line(result.label)}  {screen.paint(facts, DIM)}"
        yield f"      {screen.paint(screen.cut(result.message, 6), DIM)}"
    if len(results) > limit:
        yield f"  {amount(len(results) - limit, 'more test')} that failed in quarantine in the reports"
    if results:
        yield ""


def _flaky(results: Sequence[TestResult], limit: int, screen: Screen) -> Iterator[str]:
    for result in results[:limit]:
        facts = ", ".join(one_line(each) for each in (tried(result), result.assigned_to) if each)
        yield f"  {screen.paint('flaky', YELLOW)}  {one_line(result.label)}  {screen.paint(facts, DIM)}"
        yield f"      {screen.paint(screen.cut(result.message, 6), DIM)}"
    if len(results) > limit:
        yield f"  {amount(len(results) - limit, 'more flaky test')} in the reports"
    if results:
        yield ""


def _audits(run: Run, screen: Screen) -> Iterator[str]:
    for sentence in audited(run):
        yield f"  {screen.paint('audit', DIM)}  {one_line(sentence)}"
    if run.audits:
        yield ""


def _untested(run: Run, limit: int, screen: Screen) -> Iterator[str]:
    # Of what nobody can say the reports tell.
    sentences = [str(each) for each in run.uncovered if each.known]
    for sentence in sentences[:limit]:
        yield f"  {screen.paint('untested', DIM)}  {one_line(sentence)}"
    if len(sentences) > limit:
        yield f"  {amount(len(sentences) - limit, 'more change')} not known to be tested in the reports"
    if sentences:
        yield ""


def _deliveries(run: Run, screen: Screen) -> Iterator[str]:
    told = delivered(run)
    for what, sentence in told:
        yield f"  {screen.paint(what, YELLOW if what == 'not sent' else DIM)}  {one_line(sentence)}"
    if told:
        yield ""


def _missing(what: str, results: Sequence[TestResult], screen: Screen) -> Iterator[str]:
    """One line for an application and a reason, which many tests share."""
    counts: dict[tuple[str, str], int] = {}
    for result in results:
        key = (TestCase.from_id(result.test_id).application, one_line(result.reason))
        counts[key] = counts.get(key, 0) + 1
    for (application, reason), number in counts.items():
        yield f"  {screen.mark(results[0].status)} {application}: {amount(number, 'test')} {what}"
        if reason:
            yield f"      {reason}"
    if counts:
        yield ""


def _closing(run: Run, screen: Screen) -> Iterator[str]:
    status = Status.PASSED if run.ok else Status.FAILED
    # What failed in quarantine does not fail a run, and is not green.
    colour = (YELLOW if run.quarantined_tests else GREEN) if run.ok else BOLD_RED
    yield f"  {screen.mark(status)} {screen.paint(headline(run), colour)} in {total(run)}"
    if run.phases:
        yield f"    {screen.paint(phases(run), DIM)}"
    if run.provisioner:
        yield f"    environment  {one_line(provided(run))}"
    if run.reports is not None:
        yield f"    reports      {_below_here(run.reports)}"


def _below_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
