"""Reads JUnit XML reports that programs under test write, however large, broken or hostile they are."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

# The parser itself, as nothing above it lets entities be refused: they are, below, and the size is limited.
from xml.parsers import expat

from attrs import define, field, frozen

from testflow_core.builtin.runners.agent.texts import first_lines, limited
from testflow_core.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE_LIMIT = 64 << 20
DEPTH_LIMIT = 200
CHUNK = 1 << 16
ATTACHMENT = "attachment"
"""What the name of a property begins with whose value is the path of a file of the test."""
COUNTED = {"fail", "cancelled"}
FAILED_BEFORE = {"flakyFailure", "flakyError", "rerunFailure", "rerunError"}
"""What Maven Surefire calls attempts besides the one that counts."""


@frozen(kw_only=True)
class Case:
    """
    One test of a report; `path` are the names of the suites around it, outermost first, and its own.

    `classname` and `file` are what the report calls so, `began` the moment that its suite says, as it is written.
    `failed_before` are the messages of attempts that failed before this one, where the report has them.
    `attachments` are paths of files that properties name, as in https://github.com/testmoapp/junitxml.
    """

    path: tuple[str, ...]
    status: Status
    duration: float = 0.0
    reason: str = ""
    message: str = ""
    text: str = ""
    stdout: str = ""
    stderr: str = ""
    classname: str = ""
    file: str = ""
    began: str = ""
    failed_before: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()


@frozen(kw_only=True)
class JUnitReport:
    """
    What could be read: `trouble` says why the rest could not.

    `unreported` counts tests that Node's own runner says have failed, and no case shows it: those that have subtests.
    """

    cases: tuple[Case, ...] = ()
    trouble: str = ""
    unreported: int = 0


class _RefusedError(Exception):
    pass


@define
class _Element:
    tag: str
    attributes: dict[str, str]
    text: list[str] = field(factory=list[str])
    children: list[_Element] = field(factory=list["_Element"])

    def child(self, tag: str) -> _Element | None:
        return next((each for each in self.children if each.tag == tag), None)

    def said(self, tag: str) -> str:
        return limited("\n".join("".join(each.text).strip("\n") for each in self.children if each.tag == tag))


class _Reader:
    """Collects cases as their elements end, so that a report that breaks off keeps those before."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.counts: Counter[str] = Counter()
        self.failing_suites: set[tuple[str, ...]] = set()
        self._open: list[_Element] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.CommentHandler = self._comment
        self.parser.EntityDeclHandler = self._entity

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEPTH_LIMIT:
            raise _RefusedError(f"its elements are nested more than {DEPTH_LIMIT} deep")
        self._open.append(_Element(tag, attributes))

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)

    def _end(self, tag: str) -> None:
        element = self._open.pop()
        if tag == "testcase":
            suites = tuple(each.attributes.get("name", "") for each in self._open if each.tag == "testsuite")
            case = _case(element, suites, self._of_suite("timestamp"), self._of_suite("file"))
            self.cases.append(case)
            if case.status.failing:
                self.failing_suites.update(suites[: end + 1] for end in range(len(suites)))
        elif self._open and (self._open[-1].tag == "testcase" or tag == "property"):
            self._open[-1].children.append(element)

    def _of_suite(self, name: str) -> str:
        """What the innermost suite that has this attribute says."""
        return next((each.attributes[name] for each in reversed(self._open) if each.attributes.get(name)), "")

    def _comment(self, text: str) -> None:
        # Node's runner ends its report with its own counts: `<!-- fail 2 -->`.
        word, _, number = text.strip().partition(" ")
        if word in COUNTED and number.isdecimal():
            self.counts[word] += int(number)

    def _entity(self, *declared: object) -> NoReturn:
        raise _RefusedError(f"it declares the entity {declared[0]!r}, which no report needs")

    def read(self, path: Path) -> None:
        """Take in the whole report, or raise."""
        size = path.stat().st_size
        if size > SIZE_LIMIT:
            raise _RefusedError(f"it is larger than {SIZE_LIMIT} bytes")
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                self.parser.Parse(chunk, False)  # noqa: FBT003 - the parser's own signature
        self.parser.Parse(b"", True)  # noqa: FBT003 - as above

    @property
    def unreported(self) -> int:
        """A test fails with its subtests, which is no news; one that fails by itself is not in the report."""
        shown = sum(case.status.failing for case in self.cases) + len(self.failing_suites)
        return max(0, self.counts.total() - shown)


def read_junit(path: Path) -> JUnitReport | None:
    """The report; None where there is none. Entity declarations, and more than 64 MiB, are refused."""
    reader = _Reader()
    trouble = ""
    try:
        if path.stat().st_size == 0:
            return None
        reader.read(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, expat.ExpatError, _RefusedError) as error:
        trouble = f"its JUnit report cannot be read: {error}"
    return JUnitReport(cases=tuple(reader.cases), trouble=trouble, unreported=reader.unreported)


def _case(element: _Element, suites: tuple[str, ...], began: str, file: str) -> Case:
    status, reason, message, text = _verdict(element)
    duration = 0.0
    with suppress(ValueError):
        duration = float(element.attributes.get("time", "0").replace(",", ""))
    return Case(
        path=(*suites, element.attributes.get("name", "")),
        status=status,
        duration=duration,
        reason=reason,
        message=message,
        text=text,
        stdout=element.said("system-out"),
        stderr=element.said("system-err"),
        classname=element.attributes.get("classname", ""),
        file=element.attributes.get("file", file),
        began=began,
        failed_before=tuple(
            first_lines(each.attributes.get("message") or "".join(each.text)) or each.tag
            for each in element.children
            if each.tag in FAILED_BEFORE
        ),
        attachments=tuple(_attachments(element)),
    )


def _attachments(element: _Element) -> Iterator[str]:
    properties = element.child("properties")
    for each in properties.children if properties is not None else ():
        if each.attributes.get("name", "").startswith(ATTACHMENT):
            path = each.attributes.get("value") or "".join(each.text).strip()
            if path:
                yield path


def _verdict(element: _Element) -> tuple[Status, str, str, str]:
    # Before a failure: that of a test marked as still to do does not count.
    if (skipped := element.child("skipped")) is not None:
        why = skipped.attributes.get("message", "")
        kind = skipped.attributes.get("type", "")
        said = why if why not in {"", "true"} else kind if kind in {"skipped", "todo"} else ""
        return Status.SKIPPED, first_lines(said or "skipped"), "", ""
    for tag, status in (("failure", Status.FAILED), ("error", Status.ERROR)):
        if (found := element.child(tag)) is not None:
            text = "".join(found.text).strip("\n")
            message = found.attributes.get("message") or next(iter(text.strip().splitlines()), "") or tag
            return status, "", first_lines(message), limited(text)
    return Status.PASSED, "", "", ""
