"""Hears what comes of a schedule, and stops it where it has come far enough."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from testflow_core.execution.schedule import Schedule
    from testflow_core.interfaces import Crew
    from testflow_core.model import Limits, Outcome

ASKED = "by Ctrl-C"


class Following:
    """
    Follows one schedule within limits; `asked` is when the run was asked for, as `time.monotonic` counts.

    `hear` is given every outcome as it comes, `tell` a sentence where somebody waits, and `counts` says whether it
    is a failure that counts.
    """

    def __init__(
        self,
        schedule: Schedule,
        limits: Limits,
        asked: float,
        hear: Callable[[Outcome], None],
        tell: Callable[[str], None],
        counts: Callable[[Outcome], bool],
    ) -> None:
        self._schedule = schedule
        self._limits = limits
        self._asked = asked
        self._hear = hear
        self._tell = tell
        self._counts = counts
        self._failures = 0

    def follow(self, crew: Crew, finish: Callable[[], Iterable[Outcome]]) -> None:
        """Until all is done or has been stopped; `finish` answers what only the end of all batches tells."""
        with self._time_limit(crew):
            self._listen(self._schedule.run(crew), crew)
        self._listen(self._schedule.redacted(finish), crew)

    def stop(self, crew: Crew) -> None:
        """After a KeyboardInterrupt: the tests that run are awaited, or ended by another one."""
        try:
            self._schedule.stop(crew, ASKED)
            self._tell("stopping: awaiting the tests that run; Ctrl-C again ends them")
            self._listen(self._schedule.run(crew), crew)
        except KeyboardInterrupt:
            with suppress(KeyboardInterrupt):
                self._listen(self._schedule.stopped(crew), crew)

    def _listen(self, told: Iterable[Outcome], crew: Crew) -> None:
        limit = self._limits.max_failures
        for outcome in told:
            self._hear(outcome)
            self._failures += self._counts(outcome) and self._schedule.is_final(outcome)
            if limit is not None and self._failures >= limit:
                self._schedule.stop(crew, f"{self._failures} failed, and no more than that was to be seen")

    @contextmanager
    def _time_limit(self, crew: Crew) -> Generator[None]:
        limit = self._limits.max_duration
        if limit is None:
            yield
            return
        left = limit.total_seconds() - (time.monotonic() - self._asked)
        reason = f"it had {limit.total_seconds():g} s"
        timer = threading.Timer(max(0.0, left), self._schedule.stop, (crew, reason))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
