"""How long the phases of a run take, and who is told of what happens."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.interfaces import Observes
from testflow_core.model import Event, PhaseStarted

if TYPE_CHECKING:
    from collections.abc import Generator


@frozen(kw_only=True)
class Clock:
    """Seconds by phase, and who is told of events."""

    seconds: dict[str, float] = field(factory=dict[str, float])
    observers: tuple[Observes, ...] = ()
    one_at_a_time: Lock = field(factory=Lock)

    @contextmanager
    def phase(self, name: str) -> Generator[None]:
        """A phase, from its start to its end."""
        self.tell(PhaseStarted(name=name))
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun

    def tell(self, event: Event) -> None:
        """Tell every observer of an event."""
        # Services that come up at the same time tell of it from threads of their own.
        with self.one_at_a_time:
            for observer in self.observers:
                observer.observe(event)
