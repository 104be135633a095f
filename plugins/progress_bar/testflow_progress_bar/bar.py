"""The bar itself: one line at the bottom of a terminal, drawn by tqdm."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, NoReturn, TextIO

from tqdm import tqdm
from tqdm.utils import disp_len

from testflow_progress_bar.text import cut, listed

if TYPE_CHECKING:
    from testflow_progress_bar.counts import Counts

    _Tqdm = tqdm[NoReturn]
else:
    _Tqdm = tqdm

_SAYING = "{desc} [{elapsed}]"
_COUNTING = "{desc} {n_fmt} ended [{elapsed}]{postfix}"
_OF_A_TOTAL = "{desc} {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]{postfix}"
_GAP = "  "
_UNKNOWN_WIDTH = 80


class _Line(_Tqdm):
    """tqdm's line with as many of the running files behind it as there is room for."""

    # No thread that draws from time to time: workers may be forked while it does.
    monitor_interval = 0
    files: tuple[str, ...] = ()
    sentence: str = ""

    def __str__(self) -> str:
        line = super().__str__()
        room = (self.ncols or 0) - disp_len(line) - len(_GAP)
        tail = cut(self.sentence, room) if self.sentence else listed(self.files, room)
        return f"{line}{_GAP}{tail}" if tail else line


# The lock that tqdm makes itself is also one between processes, and may start one to keep track of it.
_Line.set_lock(RLock())


class Bar:
    """Stands on a terminal from its making until it is closed, and leaves nothing behind."""

    def __init__(self, stream: TextIO, phase: str) -> None:
        self._stream = stream
        # Every test may be drawn: how often is a matter of time alone.
        self._line = _Line(
            file=stream, desc=phase, bar_format=_SAYING, leave=False, dynamic_ncols=True, miniters=1, mininterval=0.1
        )

    def phase(self, name: str) -> None:
        """Show the name of a phase, and nothing of the one before."""
        self._line.sentence = ""
        self._line.bar_format = _SAYING
        self._line.set_description_str(name)

    def say(self, sentence: str) -> None:
        """Show a sentence behind the name of the phase, until the next one."""
        self._line.sentence = sentence
        self._line.refresh()

    def write(self, sentence: str) -> None:
        """Write a line, cut to the terminal's width, that stays above the bar."""
        self._line.write(cut(sentence, self._line.ncols or _UNKNOWN_WIDTH), file=self._stream)

    def count(self, counts: Counts, *, at_once: bool) -> None:
        """Show how far the tests have come; where it is not at once, tqdm decides whether to draw."""
        line = self._line
        line.total = counts.total
        line.bar_format = _COUNTING if counts.total is None else _OF_A_TOTAL
        line.files = counts.files()
        line.set_postfix_str(f"{counts.failed} failed, {counts.flaky} flaky", refresh=False)
        line.update(counts.ended - line.n)
        if at_once:
            line.refresh()

    def close(self) -> None:
        """Take the line away."""
        self._line.close()
