"""Builds the documents of a TAP stream, and the subtests in them, line by line."""

from __future__ import annotations

import re

from attrs import define, evolve, field

from testflow_core.builtin.runners import tap_lines
from testflow_core.builtin.runners.tap_lines import Plan, Point

DEPTH_LIMIT = 200
RESULT_LIMIT = 1_000_000
INDENT = 4
_BLOCK = re.compile(r"---(\s|$)")


@define
class Result:
    """A test that was reported: what was said of it in a YAML `block`, else in `comments`, and its subtest if any."""

    point: Point
    comments: list[str] = field(factory=list[str])
    block: list[str] = field(factory=list[str])
    subtest: Document | None = None


@define
class Document:
    """
    A whole report, or the subtest of one; `numbers` are those of its tests, `twice` those that came again.

    `numbered` tells that one had its number with it, `announced` is the name that a comment gave to what comes next,
    `promised` tells that the document was announced itself, `attached` that its test came before it.
    """

    results: list[Result] = field(factory=list[Result])
    plan: Plan | None = None
    second_plan: Plan | None = None
    numbers: set[int] = field(factory=set[int])
    twice: set[int] = field(factory=set[int])
    last: int = 0
    numbered: bool = False
    announced: str | None = None
    promised: bool = False
    attached: bool = False

    def add(self, result: Result) -> None:
        """Take a test in; it gets the next number, and the announced name, where it has none."""
        point = result.point
        self.numbered = self.numbered or point.number is not None
        self.last = self.last + 1 if point.number is None else point.number
        (self.twice if self.last in self.numbers else self.numbers).add(self.last)
        result.point = evolve(point, number=self.last, name=point.name or self.announced or f"test {self.last}")
        self.announced = None
        self.results.append(result)

    @property
    def is_subtest(self) -> bool:
        """Whether indented lines are a subtest, and no output that looks like one."""
        return bool(self.results) and (self.plan is not None or self.promised)


class TapReader:
    """Takes the lines of a stream; `documents` are what it has read, `bailed_out` is why the program gave up."""

    def __init__(self) -> None:
        self.documents = [Document()]
        self.bailed_out: str | None = None
        self._open = [self.documents[0]]
        self._count = 0
        # The test that lines may belong to which say more of it, how far it is indented, and how far its block.
        self._told: Result | None = None
        self._indent = 0
        self._block: int | None = None

    @property
    def planned(self) -> bool:
        """Whether there is a plan, outside of subtests."""
        return any(document.plan is not None for document in self.documents)

    def take(self, line: str) -> None:
        """
        Read the next line; one that is not of TAP means nothing.

        Raises ValueError where subtests are nested more than 200 deep, or there are more than a million tests.
        """
        text = line.strip()
        indent = len(line) - len(line.lstrip(" "))
        if not text or self._in_block(line, text, indent):
            return
        if self._told is not None and indent > self._indent and _BLOCK.match(text):
            self._block = indent
        elif text.startswith("#"):
            self._comment(text, indent // INDENT)
        elif (reason := tap_lines.bail_out(text)) is not None:
            self.bailed_out = reason
        elif indent % INDENT == 0:
            self._take(text, indent)

    def end(self) -> None:
        """There are no more lines: subtests whose own result is missing stay with the tests around them."""
        self._close(0)

    def _take(self, text: str, indent: int) -> None:
        depth = indent // INDENT
        if (point := tap_lines.point(text)) is not None:
            self._point(point, depth, indent)
        elif (plan := tap_lines.plan(text)) is not None:
            document = self._at(depth)
            if document.plan is None:
                document.plan = plan
            else:
                document.second_plan = plan
            self._told = None
        elif text == "}":
            self._close(depth)
        elif depth == 0 and tap_lines.VERSION.match(text) and (self._open[0].results or self._open[0].plan):
            self._close(0)
            self.documents.append(Document())
            self._open = [self.documents[-1]]

    def _point(self, point: Point, depth: int, indent: int) -> None:
        document = self._at(depth)
        if point == Point(ok=True) and document.numbered:
            # What `prove -v` says of a file, below all that the file has said with numbers.
            return
        self._count += 1
        if self._count > RESULT_LIMIT:
            raise ValueError(f"it has more than {RESULT_LIMIT} tests")
        result = Result(point)
        self._close(depth, result)
        document.add(result)
        self._told, self._indent = result, indent
        if point.opens:
            result.subtest = Document(promised=True, attached=True)
            self._open.append(result.subtest)

    def _comment(self, text: str, depth: int) -> None:
        name = tap_lines.subtest(text)
        if name is not None:
            document = self._at(depth)
            self._close(depth)
            document.announced = name
            self._told = None
        elif self._told is not None and not self._told.block:
            self._told.comments.append(text)

    def _in_block(self, line: str, text: str, indent: int) -> bool:
        if self._block is None or self._told is None:
            return False
        if text == "..." or indent < self._block:
            self._block = None
            return text == "..."
        self._told.block.append(line[self._block :])
        return True

    def _at(self, depth: int) -> Document:
        """The document whose lines are indented so far."""
        if depth > DEPTH_LIMIT:
            raise ValueError(f"its subtests are nested more than {DEPTH_LIMIT} deep")
        while len(self._open) <= depth:
            self._open.append(Document(promised=self._open[-1].announced is not None))
        return self._open[depth]

    def _close(self, depth: int, result: Result | None = None) -> None:
        """Whatever is deeper has ended: as the subtest of this result, else without one."""
        while len(self._open) > depth + 1:
            document = self._open.pop()
            around = self._open[-1]
            if document.attached or not document.is_subtest:
                continue
            if result is not None and len(self._open) == depth + 1:
                result.subtest = document
            else:
                around.results.append(Result(Point(ok=True, name=around.announced or ""), subtest=document))
                around.announced = None
