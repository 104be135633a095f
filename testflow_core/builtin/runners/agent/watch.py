"""One worker process: forked, given orders, watched, and ended when it takes too long."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from . import child
from .spool import Reading
from .suits import Suits
from .texts import limited
from .wire import Lines, write

if TYPE_CHECKING:
    from typing import IO, Container

    from .ledger import Ledger, Piece
    from .server import Server
    from .wire import Event

DUMP_GRACE = 5.0
TAIL = 16 << 10
DUMP_LIMIT = 16 << 20
DUMP_SIGNAL = int(getattr(signal, "SIGRTMAX", signal.SIGUSR2))


class EndOfOrdersError(Exception):
    """Whoever gives the orders is gone."""


class Outlook(NamedTuple):
    """What a watch looks at besides its child: the server, and a descriptor that a child's death makes readable."""

    server: Server
    wake: int

    def look(self, ready: Container[int]) -> None:
        """Take what these descriptors, which can be read, have; EndOfOrdersError where no order will come."""
        if self.wake in ready:
            os.read(self.wake, 1024)
        if self.server.descriptor in ready and not self.server.receive():
            raise EndOfOrdersError


class Watch:
    """A forked worker; `rested` while it waits for an order, `status` is how it ended, as waitpid tells."""

    def __init__(self, order: Event, piece: Piece) -> None:
        self.suits = Suits(order, piece)
        folder = order["directory"]
        self.output: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
        self.dump: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
        self.status: int | None = None
        self.expired = False
        self.rested = False
        self._spool = Reading(order["spool"])
        reading, writing = os.pipe()
        inbox, self._orders = os.pipe()
        self.lines = Lines(reading)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            os.close(self._orders)
            ends = child.Ends(inbox, writing, self.output.fileno(), self.dump.fileno())
            child.work(order, piece, ends, DUMP_SIGNAL)
        os.close(writing)
        os.close(inbox)

    def give(self, order: Event, piece: Piece) -> None:
        """Let it go on with another piece; one that has died meanwhile is found dead when it is followed."""
        self.rested = False
        self.suits.add(piece)
        self._spool = Reading(order["spool"])
        few = {key: order[key] for key in ("checkout", "exclude", "variables", "spool")}
        with contextlib.suppress(BrokenPipeError):
            write(self._orders, {**few, "tests": piece})

    def let_go(self) -> None:
        """No order comes any more: it ends its session and itself."""
        self.rested = False
        if self._orders >= 0:
            os.close(self._orders)
            self._orders = -1

    def follow(self, ledger: Ledger, outlook: Outlook) -> None:
        """Wait until it rests or is dead; EndOfOrdersError where nobody wants it any more."""
        with selectors.DefaultSelector() as selector:
            for descriptor in (self.lines.descriptor, outlook.wake, outlook.server.descriptor):
                selector.register(descriptor, selectors.EVENT_READ)
            while not self._stands():
                ready = {key.fd for key, _ in selector.select(max(0.0, ledger.deadline - time.monotonic()))}
                outlook.look(ready)
                if self.lines.descriptor in ready:
                    if not self._hear(self.lines.read(), ledger):
                        selector.unregister(self.lines.descriptor)
                elif time.monotonic() >= ledger.deadline:
                    # What it has noted meanwhile moves the limit.
                    self._catch_up(ledger)
                    if time.monotonic() >= ledger.deadline:
                        self._expire(ledger)
        if not self.rested:
            self._hear(self.lines.drain(), ledger)
            self._catch_up(ledger)

    def await_end(self, seconds: float, wake: int) -> None:
        """Until it has ended by itself, or its time is up."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            while not self.is_dead() and selector.select(max(0.0, deadline - time.monotonic())):
                os.read(wake, 1024)

    def _hear(self, lines: list[bytes] | None, ledger: Ledger) -> bool:
        for line in lines or ():
            event = child.parse(line)
            if event["event"] == "rested":
                self.rested = True
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
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
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
        """The end of what the child printed past pytest's capture beyond a mark."""
        size = os.fstat(self.output.fileno()).st_size
        self.output.seek(max(mark if mark <= size else 0, size - TAIL))
        return limited(self.output.read(TAIL).decode("utf-8", "replace"))

    def close(self) -> None:
        """End the child, and whatever it started and left behind."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitpid(self.pid, 0)[1]
        self.let_go()
        os.close(self.lines.descriptor)
        self.output.close()
        self.dump.close()
