"""The agent's loop: imports the test framework once, and lets every seat go on whenever what it waits for has come."""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING

from . import child, framework
from .seat import Seat

if TYPE_CHECKING:
    from typing import Generator

    from .control import Control
    from .framework import Framework
    from .watch import Need, Steps


class Server:
    """Serves seats, each of which runs batches of its own, until the last has been left and no other will come."""

    def __init__(self, framework: Framework, control: Control, wake: tuple[int, int]) -> None:
        self._framework = framework
        self._control = control
        self._wake = wake
        self._open = True
        self._seats: dict[Steps, tuple[Seat, Need]] = {}

    def descriptors(self) -> list[int]:
        """What is open here and must be closed in a worker: whoever waits for an end would wait for that of all."""
        found = [self._control.descriptor, *self._wake]
        for seat, _ in self._seats.values():
            found += seat.descriptors()
        return found

    def run(self) -> None:
        """Serve."""
        while self._open or self._seats:
            ready = self._wait()
            awake = self._wake[0] in ready
            if awake:
                os.read(self._wake[0], 1024)
            now = time.monotonic()
            for steps, (seat, need) in list(self._seats.items()):
                if awake or now >= need.deadline or not ready.isdisjoint(need.descriptors):
                    self._let_go_on(steps, seat, ready)
            if self._control.descriptor in ready:
                self._welcome()

    def _wait(self) -> frozenset[int]:
        """The descriptors that can be read, once one can, or somebody's time has come."""
        poll = select.poll()
        needs = [need for _, need in self._seats.values()]
        control = [self._control.descriptor] if self._open else []
        for descriptor in (self._wake[0], *control, *(each for need in needs for each in need.descriptors)):
            poll.register(descriptor, select.POLLIN)
        until = min((need.deadline for need in needs), default=float("inf"))
        limit = None if until == float("inf") else max(0.0, until - time.monotonic()) * 1000 + 1
        return frozenset(descriptor for descriptor, _ in poll.poll(limit))

    def _welcome(self) -> None:
        descriptor = self._control.seat()
        if descriptor < 0:
            self._open = False
            return
        seat = Seat(descriptor, self._framework, self.descriptors)
        self._let_go_on(seat.steps(), seat, None)

    def _let_go_on(self, steps: Steps, seat: Seat, ready: frozenset[int] | None) -> None:
        """The next step of a seat; one that nobody sits on any more is cleared."""
        try:
            need = next(steps) if ready is None else steps.send(ready)
        except (StopIteration, ConnectionError):
            self._seats.pop(steps, None)
            seat.close()
        else:
            self._seats[steps] = (seat, need)


def _be_woken(_number: int, _frame: object) -> None:
    """Without a handler the signal would be dropped before it wakes us."""


@contextlib.contextmanager
def waking() -> Generator[tuple[int, int], None, None]:
    """A pipe whose first end becomes readable when a child dies."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, _be_woken)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading, writing
    finally:
        signal.set_wakeup_fd(-1)


def main(control: Control) -> None:
    """Import what every worker needs, and serve; where that is not here, say so."""
    name, *arguments = sys.argv[1:]
    chosen = framework.named(name)
    reason = chosen.unusable()
    if reason is not None:
        control.refuse(reason)
        return
    chosen.warm(arguments)
    gc.collect()
    gc.freeze()
    with waking() as wake:
        Server(chosen, control, wake).run()
    # Whoever has been waiting for the last test waits for this end, too: taking the heap down takes 30 ms.
    child.leave(0)
