"""Standard output as it is just now: a terminal or not, with colours or not, with these characters or not."""

from __future__ import annotations

import os
import shutil
import sys
from textwrap import wrap
from typing import TextIO

from attrs import frozen

from testflow_core.model import Status
from testflow_core.wording import plain

BOLD = "1"
DIM = "2"
RED = "31"
GREEN = "32"
YELLOW = "33"
BOLD_RED = "1;31"

_MARKS = {
    Status.PASSED: ("\N{CHECK MARK}", "+", GREEN),
    Status.FAILED: ("\N{BALLOT X}", "x", RED),
    Status.ERROR: ("\N{BALLOT X}", "x", RED),
    Status.TIMED_OUT: ("\N{BALLOT X}", "x", RED),
    Status.SKIPPED: ("-", "-", DIM),
    Status.UNAVAILABLE: ("!", "!", YELLOW),
    Status.INTERRUPTED: ("!", "!", YELLOW),
}
_SPARE = {"\N{MIDDLE DOT}": "-", "\N{RIGHTWARDS ARROW}": "->", "\N{HORIZONTAL ELLIPSIS}": "..."}
_WIDTH_OF_A_FILE = 200
_ROWS = 3
_LINE_BEGIN = "\r\x1b[K"


@frozen(kw_only=True)
class Screen:
    """Where lines are written; `width` is in columns, `live` says whether a line can be written over."""

    stream: TextIO
    width: int
    colour: bool
    live: bool
    unicode: bool

    def line(self, text: str = "") -> None:
        """Write a line, in place of a live one."""
        self.stream.write(f"{self._writable(text)}\n")
        self.stream.flush()

    def update(self, text: str) -> None:
        """Show a line that the next `update` or `clear` takes back."""
        self.stream.write(f"{_LINE_BEGIN}{self._writable(text)}")
        self.stream.flush()

    def clear(self) -> None:
        """Take the live line back."""
        self.stream.write(_LINE_BEGIN)

    def paint(self, text: str, colour: str) -> str:
        """The text in a colour, where there are colours."""
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour and text else text

    def mark(self, status: Status) -> str:
        """One character for how a test ended."""
        sign, spare, colour = _MARKS[status]
        return self.paint(sign if self.unicode else spare, colour)

    def cut(self, text: str, indent: int = 0) -> str:
        """The first line of a text as far as it fits behind an indent."""
        text = plain(text).strip("\n").partition("\n")[0].expandtabs(4)
        room = max(20, self.width - indent - 1)
        return text if len(text) <= room else f"{text[: room - 3]}..."

    def wrapped(self, text: str, indent: int) -> list[str]:
        """A line as rows that fit behind an indent, at most three."""
        room = max(20, self.width - indent - 1)
        if len(text) <= room:
            return [text]
        return wrap(text, room, max_lines=_ROWS, placeholder=" ...", drop_whitespace=True)

    def _writable(self, text: str) -> str:
        if self.unicode:
            return text
        for sign, spare in _SPARE.items():
            text = text.replace(sign, spare)
        encoding = self.stream.encoding or "ascii"
        return text.encode(encoding, "backslashreplace").decode(encoding)


def screen() -> Screen:
    """The present standard output; colours only on a terminal, and where the variable NO_COLOR is not set."""
    stream = sys.stdout
    live = stream.isatty() and os.environ.get("TERM") != "dumb"
    return Screen(
        stream=stream,
        width=shutil.get_terminal_size().columns if live else _WIDTH_OF_A_FILE,
        colour=live and not os.environ.get("NO_COLOR"),
        live=live,
        unicode=(stream.encoding or "ascii").lower().replace("-", "") in {"utf8", "utf16", "utf32"},
    )
