"""Patience for tests: nobody waits, and the clock is the server's."""

from __future__ import annotations

import time

from attrs import field, frozen

from testflow_core.testing.servers.loopback import LoopbackServer
from testflow_core.tracking import Patience


@frozen(kw_only=True)
class NoWaiting(Patience):
    """Patience that takes no time: `waits` has the seconds that would have passed, by the clock of `server` if any."""

    server: LoopbackServer | None = None
    waits: list[float] = field(factory=list[float])

    def sleep(self, seconds: float) -> None:
        """Note the seconds."""
        self.waits.append(seconds)

    def now(self) -> float:
        """The time of the server."""
        return self.server.now if self.server is not None else time.time()
