"""What an issue says of what there was around a failure: attempts, the process, services, files."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from testflow_core.tracking.document import Code, Facts, Items, Paragraph
from testflow_core.tracking.masking import masked
from testflow_core.wording import duration, one_line, plain, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Attempt, Cluster, FailureContext, Run, TestResult

ATTEMPTS, SERVICES, LINES, LOG, FRAMES, FILES, FACT = 5, 3, 15, 2_000, 12, 10, 300
"""Limits: attempts, services, lines and characters of each log, frames, files, characters of a fact."""


def result_of(run: Run, cluster: Cluster) -> TestResult | None:
    """The result of the test that the diagnosis of a cluster is of, else of its first that is known."""
    wanted = cluster.diagnosis.test.label
    known = {each.label: each for each in run.results if each.label in {wanted, *cluster.tests}}
    return known.get(wanted) or next(iter(known.values()), None)


def around(result: TestResult | None, *, several: bool) -> Iterator[Facts | Code | Items | Paragraph]:
    """The parts of a document; none where nothing is known. Of several tests it is said which one."""
    if result is None:
        return
    pairs = tuple(_pairs(result))
    if pairs:
        if several:
            yield Paragraph(f"Around {_line(result.label)}:")
        yield Facts(pairs)
    if result.context is not None:
        yield from _texts(result.context)
        yield from _files(result.context)


def facts_of(result: TestResult | None) -> list[str]:
    """The same in short, a sentence each."""
    return [f"{name}: {said}" for name, said in _pairs(result)] if result is not None else []


def files_of(result: TestResult | None) -> list[str]:
    """The files that the test left, by name, with kind and size."""
    return [_line(str(each)) for each in result.context.artifacts[:FILES]] if result and result.context else []


def _pairs(result: TestResult) -> Iterator[tuple[str, str]]:
    yield from _attempts(result.tried)
    if result.context is not None:
        yield from _context(result.context)


def _attempts(tried: tuple[Attempt, ...]) -> Iterator[tuple[str, str]]:
    if len(tried) > 1:
        told = [f"{word(each.status)} after {duration(each.duration)}" for each in tried[:ATTEMPTS]]
        more = f", and {len(tried) - ATTEMPTS} more" if len(tried) > ATTEMPTS else ""
        yield "attempts", f"{', '.join(told)}{more}"


def _context(context: FailureContext) -> Iterator[tuple[str, str]]:
    if context.exit is not None:
        yield "process", _ending(context.exit)
    yield from (("around it", _line(fact)) for fact in context.facts)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"ended by {name}"


def _texts(context: FailureContext) -> Iterator[Code]:
    if context.backtrace:
        lines = plain(context.backtrace[: 4 * LOG]).splitlines()[:FRAMES]
        yield Code(masked("\n".join(lines))[:LOG])
    said = [each for each in context.services if each.log.strip()]
    for each in said[:SERVICES]:
        # The end is nearest to the failure.
        lines = masked(plain(each.log[-4 * LOG :])).strip("\n").splitlines()[-LINES:]
        yield Code("\n".join([f"--- {_line(each.service)} wrote meanwhile ---", *lines])[-LOG:])


def _files(context: FailureContext) -> Iterator[Items]:
    if context.artifacts:
        more = len(context.artifacts) - FILES
        title = "Left by the test, kept beside the reports of the run" + (f", and {more:,} more" if more > 0 else "")
        yield Items(title, tuple(_line(str(each)) for each in context.artifacts[:FILES]))


def _line(text: str) -> str:
    line = masked(one_line(text[: 4 * FACT]))
    return line if len(line) <= FACT else f"{line[: FACT - 1].rstrip()}…"
