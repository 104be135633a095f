"""What to say of tests whose child cannot say it any more."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from typing import TYPE_CHECKING, cast

from . import resources
from .texts import first_lines, limited

if TYPE_CHECKING:
    from typing import Callable, Mapping

    from .ledger import Ledger, Piece
    from .watch import Watch
    from .wire import Event

PYTEST_REFUSED = (3, 4)
LITTLE = 1 << 16
"""Bytes; a process that finds less of a disk free may have ended for that."""


def parse_order(line: bytes) -> Event:
    """An order as it came in."""
    return cast("Event", json.loads(line))


def ended(file: str, name: str | None, status: str, message: str, text: str = "", duration: float = 0.0) -> Event:
    """The end of a test that did not end by itself."""
    now = time.time()
    return {
        "event": "ended",
        "file": file,
        "name": name,
        "status": status,
        "duration": duration,
        "started": now - duration,
        "reason": "" if status == "error" else first_lines(message),
        "message": first_lines(message),
        "text": limited(text),
        "over": now,
        "left": 0,
    }


def give_up(ledger: Ledger, message: str, tell: Callable[[Event], None], status: str = "error", text: str = "") -> None:
    """The same for everything that is left."""
    for file, names in ledger.left():
        for name in names if names is not None else [None]:
            if ledger.end(file, name):
                tell(ended(file, name, status, message, text))


def conclude(ledger: Ledger, watch: Watch, tell: Callable[[Event], None]) -> list[Piece]:
    """Tell of what the child's end did to its tests; the pieces that a fresh child shall run."""
    if watch.rested:
        return []
    if watch.expired:
        return _expired(ledger, watch, tell)
    if ledger.finished is None:
        return _died(ledger, watch, tell)
    return _finished(ledger, watch, tell)


def _expired(ledger: Ledger, watch: Watch, tell: Callable[[Event], None]) -> list[Piece]:
    spent = time.monotonic() - ledger.since
    places = ledger.at()
    what = "it" if ledger.running else "collecting the file"
    message = f"{what} took longer than {ledger.limit:g} s and was ended"
    status = "timed_out"
    if not places and ledger.last is not None and not ledger.left():
        places = [(ledger.last, None)]
        message = f"the test process did not end within {ledger.exit_limit:g} s of its last test"
        status = "error"
    for file, name in places:
        if ledger.end(file, name):
            tell(ended(file, name, status, message, watch.traceback() + watch.printed(ledger.mark), spent))
    return [ledger.left()]


def _died(ledger: Ledger, watch: Watch, tell: Callable[[Event], None]) -> list[Piece]:
    places = ledger.at()
    while_ = "while it ran" if ledger.running else "while the file was collected"
    if not places:
        left = ledger.left()
        places = [(ledger.last or left[0][0], None)]
        while_ = "between its tests" if left else "after its last test"
    lack = _lacking(watch)
    why = "".join(f"; {fact}" for fact in resources.kills(lack[0]))
    message = f"the test process {fate(watch.status or 0)} {while_}{why}{shortage(watch.disks)}"
    spent = time.monotonic() - ledger.since
    for file, name in places:
        if ledger.end(file, name):
            event = ended(file, name, "error", message, watch.printed(ledger.mark), spent)
            tell({**event, "exit": exit_code(watch.status or 0), "resources": lack[1]})
    return [ledger.left()]


def _finished(ledger: Ledger, watch: Watch, tell: Callable[[Event], None]) -> list[Piece]:
    finished = cast("Event", ledger.finished)
    code = finished["code"]
    if code in PYTEST_REFUSED and ledger.left():
        left = ledger.left()
        if len(left) > 1:
            # One file that pytest refuses must not take the others with it.
            return [[each] for each in left]
        printed = watch.printed(ledger.mark)
        said = [line for line in printed.splitlines() if line.startswith(("ERROR:", "INTERNALERROR> ", "E  "))]
        reason = said[-1].replace("INTERNALERROR> ", "") if said else "see its text"
        give_up(ledger, f"pytest gave up with exit code {code}: {reason.strip()}", tell, text=printed)
        return []
    why = finished["stopped"] or "pytest ended without running it"
    give_up(ledger, f"not run: {why}", tell, status="interrupted")
    if watch.status != code << 8 and ledger.last is not None and ledger.end(ledger.last, None):
        message = f"the test process {fate(watch.status or 0)} after its last test"
        tell(ended(ledger.last, None, "error", message, watch.printed(ledger.mark)))
    return []


def _lacking(watch: Watch) -> tuple[int, list[str]]:
    """How many processes the kernel has killed while a child lived, and what had run out when it died."""
    killed = watch.kernel.killed()
    found = list(resources.kills(killed))
    if exit_code(watch.status or 0) == -signal.SIGKILL:
        found.append(resources.memory(watch.peak, watch.kernel.memory_limit()))
    folders = (str(folder) for folder in watch.disks.values())
    return killed, found + list(resources.disks(folders, full_only=True))


def exit_code(status: int) -> int:
    """The exit code of a process, or the negative number of the signal that ended it, by what waitpid says."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def shortage(disks: Mapping[int | str, str]) -> str:
    """Which disk is full, of those that open files or paths are on: what tests print, and what becomes of them."""
    for place, folder in disks.items():
        with contextlib.suppress(OSError):
            disk = os.statvfs(place)
            if disk.f_bavail * disk.f_frsize < LITTLE:
                return f"; the disk of {folder} is full"
    return ""


def fate(status: int) -> str:
    """How a process ended, by what waitpid says of it."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = "unnamed"
        return f"was killed by signal {number} ({name})"
    return f"exited with code {os.WEXITSTATUS(status)}"
