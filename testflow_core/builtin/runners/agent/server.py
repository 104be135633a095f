"""Takes orders, has a forked worker carry them out, and tells what becomes of every test."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from . import verdict, warmth
from .ledger import Ledger
from .suits import apart
from .watch import EndOfOrdersError, Outlook, Watch
from .wire import Lines, write

if TYPE_CHECKING:
    from typing import Generator

    from .ledger import Piece, Place
    from .wire import Event

OLDEST_PYTEST = 7
FAREWELL = 1.5
"""Seconds in which a worker may end its session where nobody asked for that, or waits for what it tells."""


def unusable() -> str | None:
    """Why this interpreter can run no tests, or None once it has imported pytest."""
    install = f"install it: {sys.executable} -m pip install pytest"
    try:
        import pytest  # noqa: PLC0415 - the application's own; its absence is an answer
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        return f"no pytest in {sys.executable}; {install}"
    version = pytest.__version__
    if int(version.split(".")[0]) < OLDEST_PYTEST:
        return f"pytest {version} in {sys.executable} is too old; {OLDEST_PYTEST} or later: {install}"
    return None


class Server:
    """The agent's side of the two pipes."""

    def __init__(self, orders: int, events: int) -> None:
        self.orders = Lines(orders)
        self.events = events
        self.pending: deque[bytes] = deque()
        self.worker: Watch | None = None
        self.ledger: Ledger | None = None

    @property
    def descriptor(self) -> int:
        """Readable when an order comes in, or the last has come."""
        return self.orders.descriptor

    def tell(self, event: Event) -> None:
        """Send an event of the agent's own."""
        write(self.events, event)

    def receive(self) -> bool:
        """Take what has come in; False at the end of the pipe."""
        lines = self.orders.read()
        self.pending.extend(lines or ())
        return lines is not None

    def run(self) -> None:
        """Serve until the orders end."""
        with waking() as wake:
            try:
                while self.pending or self.receive():
                    if self.pending:
                        self.carry_out(verdict.parse_order(self.pending.popleft()), Outlook(self, wake))
                        self.tell({"event": "done"})
                if self.worker is not None:
                    self.worker.let_go()
                    self.worker.await_end(FAREWELL, wake)
            finally:
                self.dismiss()

    def carry_out(self, order: Event, outlook: Outlook) -> None:
        """Run an order to its end, in as many workers as that takes."""
        if "finish" in order:
            self.retire(outlook)
            return
        told: set[Place] = set()
        pieces = deque(apart(order["checkout"], self.present(order)))
        while pieces:
            piece = pieces.popleft()
            if piece:
                pieces.extendleft(reversed(self.attempt(order, piece, outlook, told)))

    def present(self, order: Event) -> Piece:
        """The files of an order that are there; tells of the others."""
        piece: Piece = []
        files: Piece = order["tests"]
        for file, names in files:
            if os.path.isfile(os.path.join(order["checkout"], file)):  # noqa: PTH113, PTH118 - once per file, hot
                piece.append((file, names))
                continue
            for name in names or [None]:
                self.tell(verdict.ended(file, name, "error", "no file {} in {}".format(file, order["checkout"])))
        return piece

    def attempt(self, order: Event, piece: Piece, outlook: Outlook, told: set[Place]) -> list[Piece]:
        """Run a piece in the worker that is there, or in a new one; the pieces that are left."""
        # One that has died while it rested did so after its last test, which is told of that one.
        if self.worker is not None and (self.worker.is_dead() or not self.worker.suits.fits(order, piece)):
            self.retire(outlook)
        self.ledger = ledger = Ledger(piece, order["timeout"], told)
        try:
            if self.worker is None:
                self.worker = Watch(order, piece)
            else:
                self.worker.give(order, piece)
        except OSError as error:
            verdict.give_up(ledger, f"no process could be started for it: {error}", self.tell)
            return []
        self.worker.follow(ledger, outlook)
        left = verdict.conclude(ledger, self.worker, self.tell)
        if not self.worker.rested:
            self.dismiss()
        return left

    def retire(self, outlook: Outlook) -> None:
        """Let the worker end its session; what only that tells concerns tests that have ended before."""
        if self.worker is None or self.ledger is None:
            return
        self.worker.let_go()
        self.ledger.begin_to_end()
        self.worker.follow(self.ledger, outlook)
        verdict.conclude(self.ledger, self.worker, lambda event: self.tell({**event, "event": "late"}))
        self.dismiss()

    def dismiss(self) -> None:
        """End the worker, whatever it is at."""
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.close()


def _be_woken(_number: int, _frame: object) -> None:
    """Without a handler the signal would be dropped before it wakes us."""


@contextlib.contextmanager
def waking() -> Generator[int, None, None]:
    """A descriptor that becomes readable when a child dies."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, _be_woken)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(-1)


def main() -> None:
    """Take over standard input and output as channel, so that nothing else can write to it, and serve."""
    orders, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    began = time.monotonic()
    reason = unusable()
    if reason is not None:
        write(events, {"event": "unusable", "reason": reason})
        return
    warmth.import_pytest()
    warmth.import_plugins(sys.argv[1:])
    gc.collect()
    gc.freeze()
    try:
        write(events, {"event": "ready", "seconds": time.monotonic() - began})
        Server(orders, events).run()
    except (EndOfOrdersError, BrokenPipeError):
        return
