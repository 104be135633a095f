"""Accounts of Python, JavaScript and Java read line by line, in whatever order a log mixes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field

from testflow_regex_analyzer.account import Frame, Raised
from testflow_regex_analyzer.codes import codes_of
from testflow_regex_analyzer.headers import header

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAME_LIMIT = 24
"""Frames that are kept of one exception."""
MESSAGE_LIMIT = 4_000
"""Characters of one message that are kept: half from each end."""
_BUFFER_LIMIT = 60

_LOCATION = re.compile(r"(?P<file>[^\s:][^\n:]*|[A-Za-z]:[^\n:]+):(?P<line>\d+): ?(?:in (?P<function>\S+)|[\w.]*)$")
_FILE = re.compile(r'\s*(?:\|\s*)?File "(?P<file>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_AT = re.compile(
    r"\s+at (?:async )?(?:(?P<function>[^()\n]+?) ?\()?(?P<file>[^()\n]*?)(?::(?P<line>\d+))?(?::\d+)?\)?$"
)
_CAUSED = re.compile(r"\s*(?:Caused by:|\[(?:cause|errors)\]:|Cause:)\s*(?P<header>.*)$")
_LINKS = {
    "The above exception was the direct cause of the following exception:": "cause",
    "During handling of the above exception, another exception occurred:": "context",
}
_CAPTURED = re.compile(r"-{3,} ?Captured (?P<stream>stdout|stderr|log) (?:setup|call|teardown) ?-{3,}$")
_PYTEST_HINTS = ("available fixtures:", "use 'pytest")


@define
class _Open:
    """An exception whose account is still being read; `link` says how it hangs together with its neighbour."""

    link: str = ""
    name: str = ""
    lines: list[str] = field(factory=list[str])
    frames: list[Frame] = field(factory=list[Frame])
    inner_last: bool = True
    placed: bool = False

    @property
    def said(self) -> bool:
        return bool(self.name or self.lines)

    def closed(self) -> Raised:
        message = shortened("\n".join(self.lines).strip(), MESSAGE_LIMIT)
        frames = self.frames[::-1] if self.inner_last else self.frames
        name = self.name
        if not name and message.startswith('File "'):  # an error of syntax: the place and the source come first
            name = next((found[0] for line in reversed(self.lines) if (found := header(line.strip()))), "")
        return Raised(name=name, message=message, frames=tuple(frames), codes=codes_of(f"{name}: {message}"))


@define
class Trace:
    """What was read: the exceptions from the last raised one to its root, how each was come by, and captured output."""

    raised: list[tuple[str, Raised]] = field(factory=list[tuple[str, Raised]])
    captured: dict[str, str] = field(factory=dict[str, str])


def shortened(text: str, limit: int) -> str:
    """The text, or where it is longer its beginning and its end."""
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]}\n…\n{text[-limit // 2 :]}"


def read(text: str) -> Trace:
    """The exceptions of a framework's account or of a log."""
    reader = _Reader()
    for line in text.split("\n"):
        reader.line(line.rstrip("\r"))
    return reader.finished()


@define
class _Reader:
    open: _Open = field(factory=_Open)
    closed: list[_Open] = field(factory=list[_Open])
    captured: dict[str, list[str]] = field(factory=dict[str, list[str]])
    stream: list[str] | None = None
    buffer: list[str] = field(factory=list[str])
    source: str = ""
    in_e_block: bool = False
    margin: int = 0
    in_traceback: bool = False
    in_message: bool = False
    wants_source: bool = False

    def line(self, line: str) -> None:
        first = line[:1]
        if first == "E" and (line[1:4] == "   " or line == "E"):
            self._explained(line)
            return
        self.in_e_block = False
        if first == ">" and line[1:2] in {" ", ""}:
            self._source(line[1:].strip())
        elif first in {" ", "\t", ""}:
            self._indented(line)
        else:
            self._plain(line)

    def finished(self) -> Trace:
        if not self.open.said:
            self._close_buffer()
        self.closed.append(self.open)
        trace = Trace(captured={name: "\n".join(lines) for name, lines in self.captured.items()})
        trace.raised = _chain([each for each in self.closed if each.said])
        return trace

    def _explained(self, line: str) -> None:
        """A line that pytest marks as saying what went wrong."""
        self.stream = None
        if self.in_e_block:
            self.open.lines.append(line[1 + self.margin :])
            return
        body = line[1:].lstrip(" ")
        self.in_e_block, self.margin = True, len(line) - len(body) - 1
        self._say(body.rstrip())

    def _say(self, first: str) -> None:
        found = header(first)
        self.open.name, message = found or ("AssertionError" if first.startswith("assert ") else "", first)
        self.open.lines = [message]

    def _source(self, source: str) -> None:
        if not source.startswith(_PYTEST_HINTS):
            self.source = source

    def _indented(self, line: str) -> None:
        if self.wants_source and line.strip() and self._is_source(line):
            return
        if line.lstrip()[:3] == "at " and (self.open.placed or self._is_frame(line)):
            return
        if 'File "' in line and (found := _FILE.match(line)):
            self._frame(found)
            self.wants_source = True
        elif "ause" in line and (caused := _CAUSED.match(line)) and self.open.said:
            self._caused(caused["header"])
        elif self.stream is not None:
            self.stream.append(line)
        elif self.in_message and line:
            self.open.lines.append(line)
        else:
            self.in_message = False
            self._keep(line)

    def _is_source(self, line: str) -> bool:
        """The line of code that follows the place that it stands in."""
        self.wants_source = False
        if not self.open.frames or _FILE.match(line):
            return False
        last = self.open.frames[-1]
        self.open.frames[-1] = Frame(file=last.file, line=last.line, function=last.function, source=line.strip())
        return True

    def _is_frame(self, line: str) -> bool:
        found = _AT.match(line)
        if found:
            self._at(found)
        return found is not None

    def _plain(self, line: str) -> None:
        self.wants_source = False
        if self._divides(line):
            return
        if self.stream is not None and not line.startswith("____"):
            self.stream.append(line)
        elif line[-1] in _LOCATION_ENDS and (found := _LOCATION.match(line)):
            self._frame(found)
            self.wants_source = not self.source
            self.source = ""
        else:
            self._said(line)

    def _divides(self, line: str) -> bool:
        """A line that begins another exception, a traceback, or captured output."""
        first = line[0]
        if first in "TD" and (link := _LINKS.get(line.strip())):
            self._linked(link)
        elif first in "C[" and (caused := _CAUSED.match(line)):
            self._close_buffer()
            self._caused(caused["header"])
        elif first == "T" and line.startswith("Traceback (most recent call last)"):
            self._close_buffer()
            if self.open.said:
                self._linked("context" if self.in_traceback else "")
            self.in_traceback, self.in_message = True, False
        elif first == "-" and (captured := _CAPTURED.match(line)):
            self.stream = self.captured.setdefault(captured["stream"], [])
        else:
            return False
        return True

    def _said(self, line: str) -> None:
        if self.in_traceback and self.open.frames and not self.open.said:
            self._say(line)
            self.in_message, self.in_traceback = True, False
        elif self.in_message:
            self.open.lines.append(line)
        elif not line.startswith(("_ _", "____")):
            self._keep(line)

    def _keep(self, line: str) -> None:
        """Lines that may turn out to be the message above the frames of Java or JavaScript."""
        if len(self.buffer) < _BUFFER_LIMIT:
            self.buffer.append(line)

    def _at(self, found: re.Match[str]) -> None:
        if self.buffer:
            self._close_buffer()
        self.in_message = False
        self.open.inner_last = False
        if len(self.open.frames) < FRAME_LIMIT:
            frame = _java_or_javascript(found)
            self.open.frames.append(frame)
            # Frames further out than the application's own tell nothing more.
            self.open.placed = not frame.third_party

    def _frame(self, found: re.Match[str]) -> None:
        frame = Frame(file=found["file"], line=int(found["line"]), function=found["function"] or "", source=self.source)
        self.open.frames.append(frame)
        del self.open.frames[:-FRAME_LIMIT]

    def _close_buffer(self) -> None:
        """What was kept begins an exception, if any line of it does or frames follow."""
        lines, self.buffer = self.buffer, []
        start = next((at for at, line in enumerate(lines) if line.strip() and header(line.strip())), None)
        if start is None:
            if not self.open.said and self.open.inner_last and not self.open.frames:
                self.open.lines = [line for line in lines if line.strip()] and lines
            return
        if self.open.said and (self.open.frames or self.in_traceback):
            return
        self._say(lines[start].strip())
        self.open.lines += lines[start + 1 :]

    def _caused(self, line: str) -> None:
        self._next("caused by")
        self._say(line.strip(" {"))
        self.in_message, self.open.inner_last = True, False

    def _linked(self, link: str) -> None:
        self._next(link)
        self.source, self.in_traceback = "", False

    def _next(self, link: str) -> None:
        self.closed.append(self.open)
        self.open = _Open(link=link)
        self.buffer = []
        self.in_message = False


def _java_or_javascript(found: re.Match[str]) -> Frame:
    """Java prints package, class and method before the file, JavaScript the path in the file's place."""
    file, function = found["file"] or "", found["function"] or ""
    if "/" not in file and ":" not in file and "." in function:
        qualified = function.rpartition("/")[2]
        package, _, function = qualified.rpartition(".")
        file = package
    return Frame(file=file, line=int(found["line"] or 0), function=function)


def _chain(opened: Sequence[_Open]) -> list[tuple[str, Raised]]:
    """The exception that ended the test first, then those that led to it, from the nearest to the root."""
    if not opened:
        return []
    groups: list[list[_Open]] = []
    for each in opened:
        if each.link == "caused by" and groups:
            groups[-1].append(each)
        else:
            groups.append([each])
    # Python prints the last raised exception last, Java and JavaScript first.
    found: list[tuple[str, Raised]] = []
    link = "final"
    for group in reversed(groups):
        found += [(link if at == 0 else "cause", each.closed()) for at, each in enumerate(group)]
        link = group[0].link or "context"
    return found


_LOCATION_ENDS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_: >)")
