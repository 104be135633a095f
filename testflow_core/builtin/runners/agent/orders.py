"""A worker's side of its orders: takes one after the other, and notes what becomes of them."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, cast

from .spool import Spool
from .wire import Channel, Lines

if TYPE_CHECKING:
    from types import ModuleType

    from .child import Ends
    from .wire import Event


class Orders:
    """`spool` is where the worker notes what happens; what a test has forked notes nothing, and gets no order."""

    def __init__(self, ends: Ends) -> None:
        self.spool = Spool()
        self._channel = Channel(ends.events)
        self._inbox = Lines(ends.orders)
        self._pid = os.getpid()
        self._flag = ends.flag
        self._undone = False
        self._modules: dict[str, ModuleType] = {}

    def take(self, order: Event) -> None:
        """Make ready for an order: its variables, and where it is told of."""
        os.environ.update(order["variables"])
        self.spool.open(order["spool"])
        self.spool.send({"event": "order", **order["mark"]})

    def begin(self) -> None:
        """All of the order's files are imported, none of its tests has run: note which modules there are."""
        self._modules = dict(sys.modules)

    def _spoilt(self) -> bool:
        """Whether tests have taken modules away: what imports them next would have others than the rest here."""
        return any(sys.modules.get(name) is not module for name, module in self._modules.items())

    def paused(self) -> bool:
        """Whether nothing more of the order shall begin; whoever asks leaves the rest undone."""
        self._undone = bool(self._flag[0])
        return self._undone

    def next(self) -> Event | None:
        """Say that this worker rests, and wait for the next order; None where no other will come."""
        if os.getpid() != self._pid:
            return None
        self._channel.send({"event": "rested", "undone": self._undone, "spoilt": self._spoilt()})
        self._modules = {}
        self._undone = False
        lines: list[bytes] | None = []
        while lines == []:
            lines = self._inbox.read()
        if lines is None:
            return None
        order = cast("Event", json.loads(lines[0]))
        self.take(order)
        return order

    def end(self, code: int, stopped: str) -> None:
        """Say how the session has ended, and why it left something out where it did."""
        self._channel.send({"event": "finished", "code": code, "stopped": stopped})
