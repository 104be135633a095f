"""Notes what becomes of the tests of unittest, as each starts and ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from .resources import Kernel, lacking, working_folders
from .texts import limited
from .unittest_result import places_of, summary

if TYPE_CHECKING:
    from typing import Iterable

    from .capture import Capture
    from .ledger import Place
    from .spool import Spool
    from .unittest_loading import Found
    from .unittest_result import Problem

FAILING = ("failed", "error")
NOT_RUN = "its suite has not run it"


class Running(NamedTuple):
    """The test that is under way, since when by the clock on the wall, and by the one that only goes on."""

    test: Any
    place: Place
    started: float
    clock: float


class Telling:
    """`planned` are the tests that are still to be told of, by their identity: unittest runs the very same ones."""

    def __init__(self, spool: Spool, capture: Capture) -> None:
        self.planned: dict[int, Found] = {}
        self.running: Running | None = None
        self._spool = spool
        self._capture = capture
        self._last: dict[str, Place] = {}
        self._kernel = Kernel()

    def plan(self, tests: Iterable[Found]) -> None:
        """What will be run of an order."""
        self.planned = {id(each.test): each for each in tests}
        self._last = {}

    def begin(self, test: Any) -> None:
        """A test starts, and with it what must be set up for it."""
        found = self.planned.get(id(test))
        place = (found.file, found.name) if found is not None else ("", str(test))
        self.running = Running(test, place, time.time(), time.monotonic())
        mark = self._capture.begin()
        if found is not None:
            self._spool.send({"event": "started", "file": place[0], "name": place[1], "mark": mark})

    def end(self, problems: list[Problem]) -> None:
        """It has ended; one that a suite has made up by itself, or runs again, was not planned."""
        if self.running is None:
            return
        test, place, started, clock = self.running
        self.running = None
        out, err = self._capture.end()
        if self.planned.pop(id(test), None) is not None:
            for where in places_of(test):
                self._last[where] = place
            self.tell(place, summary(problems), started, time.monotonic() - clock, out, err)

    def pass_over(self, test: Any, problems: list[Problem]) -> None:
        """A test that should have run, and has not."""
        found = self.planned.pop(id(test), None)
        if found is not None:
            self.tell((found.file, found.name), summary(problems), time.time())

    def broke(self, where: str, problem: Problem) -> None:
        """What a class or a module had set up cannot be ended: told of the last of its tests, which has ended."""
        place = self._last.get(where)
        if place is not None:
            self.tell(place, problem, time.time(), kind="late")

    def tell(
        self,
        place: tuple[str, str | None],
        problem: Problem,
        started: float,
        duration: float = 0.0,
        stdout: str = "",
        stderr: str = "",
        kind: str = "ended",
    ) -> None:
        """Note an end."""
        file, name = place
        failing = problem.status in FAILING
        lack = lacking(problem.message + problem.text, self._kernel, working_folders()) if failing else []
        self._spool.send(
            {
                "event": kind,
                "file": file,
                "name": name,
                "status": problem.status,
                "duration": duration,
                "started": started,
                "reason": problem.reason,
                "message": problem.message,
                "text": limited(problem.text),
                "stdout": stdout,
                "stderr": stderr,
                "left": len(self.planned),
                **({"resources": lack} if lack else {}),
                **({"over": time.time()} if failing else {}),
            }
        )
