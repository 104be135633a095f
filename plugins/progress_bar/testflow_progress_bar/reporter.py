"""The reporter `bar`: a progress bar while tests run, and one line once they have."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from attrs import define, field

from testflow_core.interfaces import Reporter
from testflow_core.model import BatchDone, BatchSubmitted, PhaseStarted, Planned, Progressed, TestEnded
from testflow_core.wording import headline, one_line, total
from testflow_progress_bar.bar import Bar
from testflow_progress_bar.counts import Counts

if TYPE_CHECKING:
    from testflow_core.model import Event, Run

_TESTS = "execute"
# Once one of these has begun the engine tells `clean up` whatever happens, and not before: an interrupted run ends
# without a report, and a bar that stood in another phase could stay for good.
_SHOWN = frozenset({"data", "provision", _TESTS})


@define(kw_only=True)
class BarReporter(Reporter):
    """Draws on `stream`, standard error where there is none, if that is a terminal; elsewhere it is silent."""

    stream: TextIO | None = None
    _counts: Counts = field(init=False, factory=Counts)
    _phase: str = field(init=False, default="")
    _bar: Bar | None = field(init=False, default=None)
    _reported: str | None = field(init=False, default=None)

    def observe(self, event: Event) -> None:
        """Show how far the run has come."""
        match event:
            case PhaseStarted(name=name):
                self._enter(name)
            case Planned(plan=plan):
                self._counts.plan(plan)
            case Progressed(text=text):
                self._say(one_line(text))
            case BatchSubmitted():
                self._counts.submitted(event)
                self._count(at_once=True)
            case TestEnded(outcome=outcome):
                self._counts.test(outcome)
                self._count(at_once=False)
            case BatchDone(batch=batch):
                self._counts.done(batch)
                self._count(at_once=True)

    def report(self, run: Run) -> None:
        """Take the bar away, and say in one line how the run ended."""
        self._close()
        if run.run_id == self._reported:
            return
        self._reported = run.run_id
        stream = _terminal(self.stream)
        if stream is not None:
            stream.write(f"{one_line(run.workflow)}: {headline(run)} in {total(run)}\n")
            stream.flush()

    def _enter(self, phase: str) -> None:
        self._phase = phase
        if phase == "plan":
            self._counts = Counts()
        if phase not in _SHOWN:
            self._close()
            return
        stream = _terminal(self.stream)
        if self._bar is not None:
            self._bar.phase(phase)
        elif stream is not None:
            self._bar = Bar(stream, phase)
        self._count(at_once=True)

    def _say(self, sentence: str) -> None:
        if self._bar is None:
            return
        # What is said while tests run (that they are being stopped, and why) is worth more than a moment.
        if self._phase == _TESTS:
            self._bar.write(sentence)
        else:
            self._bar.say(sentence)

    def _count(self, *, at_once: bool) -> None:
        if self._bar is not None and self._phase == _TESTS:
            self._bar.count(self._counts, at_once=at_once)

    def _close(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()


def _terminal(wanted: TextIO | None) -> TextIO | None:
    """The stream as it is just now, where a line on it can be written over."""
    # A program without a console has no standard error, whatever its type says.
    stream: TextIO | None = wanted or sys.stderr
    live = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    return stream if live else None
