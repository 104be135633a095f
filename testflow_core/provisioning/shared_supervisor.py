"""One supervisor for all that a run starts beside its environments, instead of one for each of its parts."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from testflow_core.provisioning import belongings
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Generator


class SharedSupervisor:
    """
    A supervisor that starts when somebody first asks for it, and again where it was lost; safe for any thread.

    `since` is when that was, None where nobody has asked yet.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._there: Supervisor | None = None
        self.since: belongings.Moment | None = None

    def get(self) -> Supervisor:
        """The living supervisor."""
        with self._lock:
            if self._there is not None and not self._there.lives:
                self._end()
            if self._there is None:
                self.since = self.since or belongings.now()
                self._there = Supervisor().__enter__()
            return self._there

    def close(self) -> None:
        """End it, and everything that it has started; who asks later gets another."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        there, self._there = self._there, None
        if there is not None:
            there.__exit__(None, None, None)


_CURRENT: ContextVar[SharedSupervisor | None] = ContextVar("testflow_shared_supervisor", default=None)


@contextmanager
def sharing_supervisor() -> Generator[SharedSupervisor]:
    """Inside, whatever is made in this thread shares one supervisor; it ends with this at the latest."""
    shared = SharedSupervisor()
    before = _CURRENT.set(shared)
    try:
        yield shared
    finally:
        _CURRENT.reset(before)
        shared.close()


def shared_supervisor() -> SharedSupervisor | None:
    """The one that is shared here, if one is."""
    return _CURRENT.get()
