"""The reporter `terminal`: progress while a run goes on, and a summary once it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from testflow_core.builtin.reporters.progress import Progress
from testflow_core.builtin.reporters.screen import screen
from testflow_core.builtin.reporters.summary import summary
from testflow_core.interfaces import Reporter
from testflow_core.model import PhaseStarted

if TYPE_CHECKING:
    from testflow_core.model import Event, Run


@define(kw_only=True)
class TerminalReporter(Reporter):
    """
    Writes to standard output; colours and a line that updates only on a terminal.

    `failures` limits the causes of failure that are shown, `lines` the lines of evidence for each.
    """

    failures: int = 20
    lines: int = 8
    _progress: Progress = field(init=False, factory=Progress)
    _reported: str | None = field(init=False, default=None)

    def observe(self, event: Event) -> None:
        """Show what goes on."""
        if isinstance(event, PhaseStarted) and event.name == "plan":
            self._progress = Progress()
        self._progress.follow(event, screen())

    def report(self, run: Run) -> None:
        """Print the summary of a run."""
        if run.run_id == self._reported:
            return
        self._reported = run.run_id
        out = screen()
        self._progress.rest(out)
        for line in summary(run, out, failures=self.failures, lines=self.lines):
            out.line(line)
