"""Takes orders, has a forked worker carry them out, and tells what becomes of every test."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from . import verdict
from .ledger import Ledger
from .watch import Need, Watch
from .wire import Lines, write

if TYPE_CHECKING:
    from typing import Callable, Container, Generator, Iterable

    from .framework import Framework
    from .ledger import Piece, Place
    from .watch import Ready, Steps
    from .wire import Event

PAUSE = b'{"pause"'

FAREWELL = 1.5
"""Seconds in which a worker may end its session where nobody asked for that, or waits for what it tells."""


class GoneError(ConnectionError):
    """Whoever gives the orders is gone."""


class Seat:
    """One at a time, orders come in over a socket, and events go out over it."""

    def __init__(self, descriptor: int, framework: Framework, open_here: Callable[[], Iterable[int]]) -> None:
        self.framework = framework
        self.orders = Lines(descriptor)
        self.open_here = open_here
        self.pending: deque[bytes] = deque()
        self.worker: Watch | None = None
        self.ledger: Ledger | None = None
        self.paused = False

    def descriptors(self) -> list[int]:
        """What it holds open."""
        return [self.orders.descriptor, *(self.worker.descriptors() if self.worker is not None else ())]

    def tell(self, event: Event) -> None:
        """Send an event of the agent's own."""
        write(self.orders.descriptor, event)

    def look(self, ready: Container[int]) -> None:
        """Take what has come in, if something has; GoneError where no order will come."""
        if self.orders.descriptor in ready:
            lines = self.orders.read()
            if lines is None:
                raise GoneError
            for line in lines:
                if line.startswith(PAUSE):
                    self.pause()
                else:
                    self.pending.append(line)

    def pause(self) -> None:
        """Begin nothing more of the order that is carried out."""
        self.paused = True
        if self.worker is not None:
            self.worker.pause()

    def steps(self) -> Steps:
        """Carry out order after order; each step waits for what it yields."""
        self.tell({"event": "ready"})
        while True:
            while not self.pending:
                ready = yield Need((self.orders.descriptor,))
                try:
                    self.look(ready)
                except ConnectionError:
                    yield from self.part()
                    return
            undone = yield from self.carry_out(verdict.parse_order(self.pending.popleft()))
            self.paused = False
            self.tell({"event": "done", "undone": undone})

    def part(self) -> Steps:
        """Let a worker that rests end its session, for a moment."""
        if self.worker is not None:
            self.worker.let_go()
            yield from self.worker.await_end(FAREWELL)

    def carry_out(self, order: Event) -> Generator[Need, Ready, bool]:
        """Run an order to its end, in as many workers as that takes; whether something of it was left undone."""
        if "finish" in order:
            yield from self.retire()
            return False
        told: set[Place] = set()
        pieces = deque(self.framework.apart(order["checkout"], self.present(order)))
        while pieces and not self.paused:
            piece = pieces.popleft()
            if piece:
                left = yield from self.attempt(order, piece, told)
                pieces.extendleft(reversed(left))
        return any(pieces)

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

    def attempt(self, order: Event, piece: Piece, told: set[Place]) -> Generator[Need, Ready, list[Piece]]:
        """Run a piece in the worker that is there, or in a new one; the pieces that are left."""
        # One that has died while it rested did so after its last test, which is told of that one.
        if self.worker is not None and not self.serves(self.worker, order, piece):
            yield from self.retire()
        self.ledger = ledger = Ledger(piece, order["timeout"], told)
        try:
            if self.worker is None:
                self.worker = Watch(order, piece, self.framework, self.open_here())
            else:
                self.worker.give(order, piece)
        except OSError as error:
            verdict.give_up(ledger, f"no process could be started for it: {error}", self.tell)
            return []
        if self.paused:
            self.worker.pause()
        yield from self.worker.follow(ledger, self)
        if self.worker.undone:
            return [piece]
        left = verdict.conclude(ledger, self.worker, self.tell)
        if not self.worker.rested:
            self.dismiss()
        return left

    def serves(self, worker: Watch, order: Event, piece: Piece) -> bool:
        """Whether a worker can go on with a piece as a new one would begin it."""
        return not worker.is_dead() and not worker.spoilt and worker.suits.fits(order, piece)

    def retire(self) -> Steps:
        """Let the worker end its session; what only that tells concerns tests that have ended before."""
        if self.worker is None or self.ledger is None:
            return
        self.worker.let_go()
        self.ledger.begin_to_end()
        yield from self.worker.follow(self.ledger, self)
        verdict.conclude(self.ledger, self.worker, lambda event: self.tell({**event, "event": "late"}))
        self.dismiss()

    def dismiss(self) -> None:
        """End the worker, whatever it is at."""
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.close()

    def close(self) -> None:
        """Leave nothing of it; that its socket is closed says so."""
        self.dismiss()
        os.close(self.orders.descriptor)
