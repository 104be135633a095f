"""What one child still owes: which tests were asked for, what it is at, and what it has told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import List, Optional, Tuple

    from .wire import Event

    Piece = List[Tuple[str, Optional[List[str]]]]
    """Files to run, each whole (None) or only these of its tests."""

    Place = Tuple[str, Optional[str]]
    """A file, and the test in it."""


EXIT_LIMIT = 10.0
"""Seconds that a child has in any case for what is no test: a busy machine takes its time to end a process."""


class Ledger:
    """Follows a child by its events; `deadline` is when it must have got further."""

    def __init__(self, piece: Piece, limit: float, told: set[Place]) -> None:
        self.piece = piece
        self.limit = limit
        self.exit_limit = max(limit, EXIT_LIMIT)
        self.told = told
        self.collected: dict[str, list[str]] = {}
        self.settled: set[str] = set()
        self.collecting: str | None = None
        self.running: Place | None = None
        self.last: str | None = None
        self.since = 0.0
        self.finished: Event | None = None
        self.progress = False
        self.mark = 0
        self.deadline = 0.0
        self.begin()

    def begin(self, at: float | None = None) -> None:
        """A new stretch of work, with a limit of its own."""
        self.since = time.monotonic() if at is None else at
        self.deadline = self.since + self.limit

    def begin_to_end(self) -> None:
        """From here on the session ends, which is no test."""
        self.since = time.monotonic()
        self.deadline = self.since + self.exit_limit

    def note(self, event: Event) -> None:
        """Take note of an event of the worker."""
        kind = event["event"]
        self.begin(event.get("at"))
        if kind == "collecting":
            self.collecting = event["file"]
        elif kind == "collected-file":
            self.collecting = None
        elif kind == "collected":
            self.collected = event["tests"]
        elif kind == "started":
            self.running = (event["file"], event["name"])
            self.mark = event["mark"]
        elif kind == "finished":
            self.finished = event
        elif kind == "ended":
            self.end(event["file"], event["name"])

    def end(self, file: str, name: str | None) -> bool:
        """Write down that a test, or what stands for its whole file, has ended; False where that was told before."""
        self.running = None
        self.progress = True
        self.last = file
        if file not in self.collected or name is None:
            self._settle(file, name)
        if (file, name) in self.told:
            return False
        self.told.add((file, name))
        # A test's limit says nothing of what comes between tests, nor of the end of their process.
        self.deadline = self.since + self.exit_limit
        return True

    def _settle(self, file: str, name: str | None) -> None:
        names = dict(self.piece).get(file)
        # One class of a whole file that cannot be collected leaves the rest of the file to run.
        if name is None or (names and all((file, each) in self.told or each == name for each in names)):
            self.settled.add(file)

    def targets(self, file: str) -> list[Place]:
        """Whom to tell of something that befell a file before its tests were known."""
        names = dict(self.piece).get(file)
        return [(file, None)] if names is None else [(file, name) for name in names if (file, name) not in self.told]

    def left(self) -> Piece:
        """What has not ended, in order."""
        rest: Piece = []
        for file, names in self.piece:
            if file in self.collected:
                owed = [name for name in self.collected[file] if (file, name) not in self.told]
                if owed:
                    rest.append((file, owed))
            elif file not in self.settled:
                still = None if names is None else [name for name in names if (file, name) not in self.told]
                if still is None or still:
                    rest.append((file, still))
        return rest

    def at(self) -> list[Place]:
        """What the child was at: its running test, else the file it was collecting or was about to."""
        if self.running is not None:
            return [self.running]
        if self.collecting is not None:
            return self.targets(self.collecting)
        left = self.left()
        if left and not self.progress:
            file, names = left[0]
            return [(file, None)] if names is None else [(file, name) for name in names]
        return []
