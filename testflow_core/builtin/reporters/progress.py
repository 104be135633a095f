"""What a terminal shows while a run goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from testflow_core.builtin.reporters.screen import BOLD, DIM, RED, Screen
from testflow_core.model import PhaseStarted, Planned, Progressed, Status, TestEnded
from testflow_core.wording import amount, duration, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import Choice, Event, Outcome, Plan

_PHASES = {
    "plan": "choosing what to run",
    "data": "making test data",
    "provision": "bringing the environment up",
    "execute": "running tests",
    "clean up": "taking everything down",
    "triage": "explaining failures",
    "report": "writing reports",
}
_COLUMN = max(map(len, _PHASES)) + 2
_LINES = 200
_EVERY = 500
_FRAME = 0.05
_MARGIN = 2


class Progress:
    """
    Follows one run.

    On a terminal a line with the counts is kept up to date, and tests that do not pass stay. Elsewhere every test has
    its line, until they are so many that only the counts are worth one.
    """

    def __init__(self) -> None:
        self._ended: dict[str, Status] = {}
        self._expected: int | None = None
        self._lines = 0
        self._shown_at = 0.0
        self._live = False

    def follow(self, event: Event, screen: Screen) -> None:
        """Show an event."""
        if isinstance(event, PhaseStarted):
            self.rest(screen)
            meaning = screen.paint(_meaning(event.name), DIM)
            screen.line(f"  {event.name:<{_COLUMN}}{meaning}".rstrip())
        elif isinstance(event, Planned):
            self.rest(screen)
            self._plan(event.plan, screen)
        elif isinstance(event, Progressed):
            self._progressed(one_line(event.text), screen)
        elif isinstance(event, TestEnded):
            self._test(event.outcome, screen)

    def rest(self, screen: Screen) -> None:
        """Leave no live line behind."""
        if self._live:
            screen.clear()
            self._live = False

    def _progressed(self, text: str, screen: Screen) -> None:
        margin = " " * (_COLUMN + _MARGIN)
        shown = margin + screen.paint(screen.cut(text, len(margin)), DIM)
        if screen.live:
            screen.update(shown)
            self._live = True
        else:
            screen.line(shown)

    def _plan(self, plan: Plan, screen: Screen) -> None:
        self._expected = plan.expected_tests
        margin = " " * (_COLUMN + _MARGIN)
        screen.line(f"{margin}{screen.paint(one_line(plan.workflow.name), BOLD)}")
        lines = _by_application(plan)
        width = max(map(len, lines), default=0) + 2
        for name, says in lines.items():
            screen.line(f"{margin}{name:<{width}}{screen.cut(says, len(margin) + width)}")

    def _test(self, outcome: Outcome, screen: Screen) -> None:
        self._ended[outcome.test.label] = outcome.status
        quiet = outcome.status in {Status.PASSED, Status.SKIPPED}
        if self._lines < _LINES and not (quiet and screen.live):
            self.rest(screen)
            self._lines += 1
            screen.line(_ended(outcome, screen))
        elif not screen.live and len(self._ended) % _EVERY == 0:
            screen.line(f"  {self._counts()}")
        if screen.live:
            self._update(outcome, screen)

    def _update(self, outcome: Outcome, screen: Screen) -> None:
        now = time.monotonic()
        if self._live and now - self._shown_at < _FRAME:
            return
        self._shown_at = now
        self._live = True
        counts = self._counts()
        latest = screen.cut(one_line(outcome.test.label), len(counts) + 2 * _MARGIN)
        fits = len(counts) + len(latest) + 2 * _MARGIN < screen.width
        screen.update(f"  {counts}  {screen.paint(latest, DIM)}" if fits else f"  {screen.cut(counts, _MARGIN)}")

    def _counts(self) -> str:
        ended = len(self._ended)
        failed = sum(status.failing for status in self._ended.values())
        of = "" if self._expected is None or self._expected < ended else f" of {self._expected:,}"
        return f"{ended:,}{of} ended, {failed:,} failed"


def _meaning(phase: str) -> str:
    """What happens in a phase; those of several environments bear its name before theirs."""
    return _PHASES.get(phase) or _PHASES.get(phase.partition(" ")[0], "")


def _by_application(plan: Plan) -> dict[str, str]:
    choices: dict[str, list[Choice]] = {name: [] for name in plan.applications}
    for choice in plan.choices:
        choices.setdefault(choice.test.application, []).append(choice)
    missing = {test.application: reason for test, reason in plan.unavailable.items()}
    lines = {name: _chosen(found) for name, found in choices.items()}
    for name, reason in missing.items():
        left = f"{lines[name]}; " if choices.get(name) else ""
        lines[name] = f"{left}unavailable: {one_line(reason)}"
    return lines


def _chosen(choices: Sequence[Choice]) -> str:
    if not choices:
        return "no tests"
    selected, number = sum(choice.selected for choice in choices), len(choices)
    files = sum(choice.test.name is None for choice in choices)
    if files == 0:
        return f"{selected:,} of {amount(number, 'test')}"
    if files == number:
        return f"{selected:,} of {amount(number, 'test file')}"
    return f"{selected:,} of {number:,} tests and test files"


def _ended(outcome: Outcome, screen: Screen) -> str:
    again = f", attempt {outcome.attempt}" if outcome.attempt > 1 else ""
    line = f"  {screen.mark(outcome.status)} {one_line(outcome.test.label)}"
    if outcome.status is not Status.SKIPPED:
        line += screen.paint(f"  {duration(outcome.duration)}{again}", DIM)
    why = outcome.message or outcome.reason
    if outcome.status is Status.PASSED or not why:
        return line
    colour = RED if outcome.status.failing else DIM
    return f"{line}\n      {screen.paint(screen.cut(why, 6), colour)}"
