"""One worker process: forked, given orders, watched, and ended when it takes too long."""

from __future__ import annotations

import contextlib
import math
import mmap
import os
import signal
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from . import child, family
from .resources import Kernel
from .spool import Reading
from .texts import limited
from .wire import Lines, write

if TYPE_CHECKING:
    from typing import IO, FrozenSet, Generator, Iterable

    from .framework import Framework
    from .ledger import Ledger, Piece
    from .seat import Seat
    from .wire import Event

    Ready = FrozenSet[int]
    """The descriptors that can be read."""

    Steps = Generator["Need", Ready, None]
    """Work that yields whenever it has to wait."""

DUMP_GRACE = 5.0
TAIL = 16 << 10
DUMP_LIMIT = 16 << 20
DUMP_SIGNAL = int(getattr(signal, "SIGRTMAX", signal.SIGUSR2))


class Need(NamedTuple):
    """What a step waits for: that one of these descriptors can be read, a child's death, or this time."""

    descriptors: tuple[int, ...]
    deadline: float = math.inf


class Watch:
    """
    A forked worker; `rested` while it waits for an order, `status` is how it ended, as waitpid tells.

    `peak` are the bytes of memory that it used at most, once it has ended.

    One that is `spoilt` by what its tests did to it can end its session, and serve no other order.
    """

    def __init__(self, order: Event, piece: Piece, framework: Framework, foreign: Iterable[int]) -> None:
        self.suits = framework.suits(order, piece)
        folder = order["directory"]
        self.output: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
        # A batch's folder is gone when the batch is; the file in it stays open.
        self.disks = {self.output.fileno(): folder, order["spool"]: os.path.dirname(order["spool"])}  # noqa: PTH120 - a text
        self.dump: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
        self.status: int | None = None
        self.peak = 0
        self.kernel = Kernel()
        self.expired = False
        self.rested = False
        self.undone = False
        self.spoilt = False
        self._spool = Reading(order["spool"])
        self._flag = mmap.mmap(-1, 1)
        reading, writing = os.pipe()
        inbox, self._orders = os.pipe()
        self.lines = Lines(reading)
        self.pid = os.fork()
        if self.pid == 0:
            for descriptor in (reading, self._orders, *foreign):
                os.close(descriptor)
            ends = child.Ends(inbox, writing, self.output.fileno(), self.dump.fileno(), self._flag)
            child.work(lambda: framework.run(order, piece, ends), ends, DUMP_SIGNAL)
        os.close(writing)
        os.close(inbox)

    def give(self, order: Event, piece: Piece) -> None:
        """Let it go on with another piece; one that has died meanwhile is found dead when it is followed."""
        self.rested = self.undone = False
        self._flag[0] = 0
        self.suits.add(piece)
        self._spool = Reading(order["spool"])
        few = {key: order[key] for key in ("checkout", "exclude", "only", "variables", "spool", "mark")}
        with contextlib.suppress(BrokenPipeError):
            write(self._orders, {**few, "tests": piece})

    def pause(self) -> None:
        """Let it begin no further test of what it has."""
        self._flag[0] = 1

    def let_go(self) -> None:
        """No order comes any more: it ends its session and itself."""
        self.rested = False
        if self._orders >= 0:
            os.close(self._orders)
            self._orders = -1

    def descriptors(self) -> list[int]:
        """What we hold open for it."""
        orders = [self._orders] if self._orders >= 0 else []
        return [*orders, self.lines.descriptor, self.output.fileno(), self.dump.fileno()]

    def follow(self, ledger: Ledger, seat: Seat) -> Steps:
        """Until it rests or is dead; ConnectionError where nobody wants it any more."""
        speaks = True
        while not self._stands():
            lines = (self.lines.descriptor,) if speaks else ()
            ready = yield Need((seat.orders.descriptor, *lines), ledger.deadline)
            seat.look(ready)
            if self.lines.descriptor in ready:
                speaks = self._hear(self.lines.read(), ledger)
            elif time.monotonic() >= ledger.deadline:
                # What it has noted meanwhile moves the limit.
                self._catch_up(ledger)
                if time.monotonic() >= ledger.deadline:
                    self._expire(ledger)
        if not self.rested:
            self._hear(self.lines.drain(), ledger)
            self._catch_up(ledger)

    def await_end(self, seconds: float) -> Steps:
        """Until it has ended by itself, or its time is up."""
        deadline = time.monotonic() + seconds
        while not self.is_dead() and time.monotonic() < deadline:
            yield Need((), deadline)

    def _hear(self, lines: list[bytes] | None, ledger: Ledger) -> bool:
        for line in lines or ():
            event = child.parse(line)
            if event["event"] == "rested":
                self.rested = True
                self.undone = event["undone"]
                self.spoilt = event["spoilt"]
            else:
                ledger.note(event)
        return lines is not None

    def _catch_up(self, ledger: Ledger) -> None:
        for event in self._spool.events():
            ledger.note(event)

    def _stands(self) -> bool:
        return self.rested or self.is_dead()

    def is_dead(self) -> bool:
        """Whether it has ended; `status` tells how."""
        if self.status is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.status = status
                self.peak = used.ru_maxrss * 1024
        return self.status is not None

    def _expire(self, ledger: Ledger) -> None:
        ledger.deadline = time.monotonic() + DUMP_GRACE
        # The dump's handler ends the process once it has written: its death is the sign that the dump is whole.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL if self.expired else DUMP_SIGNAL)
        self.expired = True

    def traceback(self) -> str:
        """What faulthandler wrote when the child's time was up."""
        self.dump.seek(0)
        return limited(self.dump.read(DUMP_LIMIT).decode("utf-8", "replace"))

    def printed(self, mark: int) -> str:
        """The end of what the child printed past the capture of its tests beyond a mark."""
        size = os.fstat(self.output.fileno()).st_size
        self.output.seek(max(mark if mark <= size else 0, size - TAIL))
        return limited(self.output.read(TAIL).decode("utf-8", "replace"))

    def close(self) -> None:
        """End the child, and whatever it started and left behind."""
        if self.status is None:
            family.kill(self.pid)
            self.status = os.waitpid(self.pid, 0)[1]
        else:
            # Its group may outlive it; no other process can have got its number while that lasts.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.let_go()
        os.close(self.lines.descriptor)
        self._flag.close()
        self.output.close()
        self.dump.close()
