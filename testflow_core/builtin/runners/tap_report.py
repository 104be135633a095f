"""Reads reports in the Test Anything Protocol from what a program has printed, however broken or hostile that is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.runners import tap_lines
from testflow_core.builtin.runners.agent.texts import first_lines, limited
from testflow_core.builtin.runners.junit_report import Case
from testflow_core.builtin.runners.program import ESCAPE
from testflow_core.builtin.runners.tap_diagnosis import duration_of, message_of, said_by_test_more
from testflow_core.builtin.runners.tap_document import TapReader
from testflow_core.model import Status

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from testflow_core.builtin.runners.program import Ending
    from testflow_core.builtin.runners.tap_document import Document, Result

SIZE_LIMIT = 64 << 20
LISTED = 10
DEFAULT_REASONS = {"skip": "skipped", "todo": "todo"}
# What package managers, and `prove -v`, say before the program says anything.
_PREAMBLE = re.compile(r"\s*$|\s*#|> |\$ |yarn run v|\S+ \.\.+ *$")


@frozen(kw_only=True)
class TapReport:
    """What could be read: `trouble` says why that is not the whole truth, `bailed_out` that the program says so."""

    cases: tuple[Case, ...] = ()
    trouble: str = ""
    bailed_out: bool = False


def read_tap(output: Path, ending: Ending) -> TapReport | None:
    """
    The report in a program's standard output; None where that is no TAP.

    It is where a line `TAP version 14` says so, or where it begins with a plan or a test and has a plan. Without one,
    it must begin with test 1, and the program must have failed.
    """
    recognition = _Recognition()
    trouble = ""
    cut_off = ending.timed_out or ending.flooded or ending.code < 0
    try:
        for line in _lines(output, cut_off=cut_off):
            recognition.take(line)
            if recognition.reader.bailed_out is not None:
                break
    except (OSError, ValueError) as error:
        trouble = f"its TAP cannot be read: {error}"
    if not recognition.is_tap(failed=ending.code != 0):
        return None
    reader = recognition.reader
    reader.end()
    if reader.bailed_out is not None:
        trouble = f"it bailed out: {reader.bailed_out or 'it did not say why'}"
    found = [wrong for document in reader.documents for wrong in _mistakes(document)]
    if len(found) > LISTED:
        found[LISTED:] = [f"and {len(found) - LISTED} more"]
    return TapReport(
        cases=_cases(reader.documents, ending),
        trouble=trouble or first_lines("; ".join(found)),
        bailed_out=reader.bailed_out is not None,
    )


def _lines(output: Path, *, cut_off: bool) -> Iterator[str]:
    """The lines; of a program that was cut off, not what may be half of one."""
    size = 0
    with output.open("rb") as stream:
        while raw := stream.readline(SIZE_LIMIT - size + 1):
            if cut_off and not raw.endswith(b"\n"):
                return
            text = raw.decode("utf-8", "replace").rstrip("\r\n").removeprefix("\ufeff" if size == 0 else "")
            size += len(raw)
            if size > SIZE_LIMIT:
                raise ValueError(f"it is larger than {SIZE_LIMIT} bytes")
            yield ESCAPE.sub("", text) if "\x1b" in text else text


class _Recognition:
    """Finds where TAP begins in what a program prints, if it does."""

    def __init__(self) -> None:
        self.reader = TapReader()
        self._versioned = False
        self._begun = False
        self._ordinary = False
        self._first: tap_lines.Point | None = None

    def take(self, line: str) -> None:
        if tap_lines.VERSION.match(line):
            if not self._versioned and not self.reader.planned:
                # What came before is a program's own output.
                self.reader = TapReader()
            self._versioned = self._begun = True
        elif not self._begun and not self._ordinary and not _PREAMBLE.match(line):
            self._first = tap_lines.point(line)
            self._begun = self._first is not None or tap_lines.plan(line) is not None
            self._ordinary = not self._begun
        if self._begun:
            self.reader.take(line)

    def is_tap(self, *, failed: bool) -> bool:
        if self._versioned or self.reader.planned:
            return True
        # A program that writes its plan last has died before.
        return failed and self._first is not None and self._first.number == 1


def _mistakes(document: Document, path: tuple[str, ...] = ()) -> Iterator[str]:
    for result in document.results:
        if result.subtest is not None:
            yield from _mistakes(result.subtest, (*path, result.point.name))
    its = f"the TAP of its subtest {' > '.join(filter(None, path))}" if path else "its TAP"
    if document.twice:
        yield f"{its} reports {_listed(_spans(document.twice))} more than once"
    if document.plan is not None:
        for mistake in _unplanned(document, document.plan.count):
            yield f"{its} {mistake} its plan 1..{document.plan.count}"
    elif not path:
        yield f"{its} has no plan such as 1..{max(1, len(document.numbers))}, so it may have ended early"


def _unplanned(document: Document, count: int) -> Iterator[str]:
    if document.second_plan is not None:
        yield f"has the plan 1..{document.second_plan.count} besides"
    missing = list(_gaps(document.numbers, count))
    if missing:
        yield f"lacks {_listed(missing)} of"
    beyond = [number for number in document.numbers if not 1 <= number <= count]
    if beyond:
        yield f"has {_listed(_spans(beyond))} outside of"


def _gaps(numbers: Iterable[int], count: int) -> Iterator[tuple[int, int]]:
    """What is missing of 1 to count, as first and last of each gap: a plan may claim any number."""
    wanted = 1
    for number in sorted(number for number in numbers if 1 <= number <= count):
        if number > wanted:
            yield wanted, number - 1
        wanted = number + 1
    if wanted <= count:
        yield wanted, count


def _spans(numbers: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _listed(spans: list[tuple[int, int]]) -> str:
    one = len(spans) == 1 and spans[0][0] == spans[0][1]
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:LISTED]]
    more = f" and {len(spans) - LISTED} other gaps" if len(spans) > LISTED else ""
    return f"test{'' if one else 's'} {', '.join(texts)}{more}"


def _cases(documents: list[Document], ending: Ending) -> tuple[Case, ...]:
    teller = _Teller(said_by_test_more(ending.stderr))
    for document in documents:
        teller.tell(document, (), "")
    if teller.cases or any(document.plan is None or document.plan.count for document in documents):
        return tuple(teller.cases)
    why = next((document.plan.reason for document in documents if document.plan and document.plan.reason), "")
    return (Case(path=(), status=Status.SKIPPED, reason=first_lines(why or DEFAULT_REASONS["skip"])),)


class _Teller:
    """Makes cases of results; one with subtests is a case only where it fails, and they do not."""

    def __init__(self, said: dict[str, deque[str]]) -> None:
        self.cases: list[Case] = []
        self._said = said

    def tell(self, document: Document, around: tuple[str, ...], excuse: str) -> None:
        for result in document.results:
            point = result.point
            path = (*around, point.name)
            excused = first_lines(point.reason or DEFAULT_REASONS[point.directive]) if point.directive else excuse
            known = len(self.cases)
            if result.subtest is not None:
                self.tell(result.subtest, path, excused)
            below = self.cases[known:]
            if not below or not (point.ok or excused or any(case.status.failing for case in below)):
                self.cases.append(self._case(result, path, excused))

    def _case(self, result: Result, path: tuple[str, ...], excused: str) -> Case:
        point = result.point
        duration = duration_of(result.block) or point.duration
        if point.ok and not point.directive:
            return Case(path=path, status=Status.PASSED, duration=duration)
        comments = [line.removeprefix("#").removeprefix(" ") for line in result.comments]
        message = "" if point.ok else message_of(result.block) or first_lines("\n".join(comments))
        if not point.ok and not excused:
            said = self._said.get(point.name)
            message = message or (said.popleft() if said else "") or "failed"
        return Case(
            path=path,
            status=Status.SKIPPED if excused else Status.FAILED,
            duration=duration,
            reason=excused,
            message=message,
            text="" if point.ok else limited("\n".join(result.block or comments)),
        )
