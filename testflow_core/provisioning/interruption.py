"""Stops what a thread waits for: whoever starts a process there says how it is ended, and wakes by its end."""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager


class LeftUndoneError(Exception):
    """Work was paused before all of it was done; what is told of it is all there is."""


class Interruption:
    """
    A wish to stop one piece of work, which comes from another thread than the one that does it.

    It is paused where it shall begin nothing more, and stopped where it shall end what it is at.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []
        self._pauses: list[Callable[[], None]] = []
        self.paused = False
        """Whether nothing more shall begin."""
        self.wished_at = math.inf
        """When it was first wished for, as `time.monotonic` counts; infinite as long as it is not."""

    @property
    def wished(self) -> bool:
        """Whether the work shall stop."""
        return self.wished_at < math.inf

    def wish(self) -> None:
        """Stop: what is registered now is ended here and now, what comes later as soon as it comes."""
        with self._lock:
            self.wished_at = min(self.wished_at, time.monotonic())
            ends = tuple(self._ends)
        for end in ends:
            end()

    def pause(self) -> None:
        """Begin nothing more: whoever registered for that is told, and who does so later at once."""
        with self._lock:
            self.paused = True
            pauses = tuple(self._pauses)
        for pause in pauses:
            pause()

    def ended_by(self, end: Callable[[], None]) -> AbstractContextManager[None]:
        """While this lasts, `end` is called where a stop is wished for; it may come from any thread, more than once."""
        return self._registered(end, self._ends, lambda: self.wished)

    def paused_by(self, pause: Callable[[], None]) -> AbstractContextManager[None]:
        """While this lasts, `pause` is called where nothing more shall begin; it may come from any thread."""
        return self._registered(pause, self._pauses, lambda: self.paused)

    @contextmanager
    def _registered(
        self, call: Callable[[], None], calls: list[Callable[[], None]], due: Callable[[], bool]
    ) -> Generator[None]:
        with self._lock:
            calls.append(call)
            is_due = due()
        try:
            if is_due:
                call()
            yield
        finally:
            with self._lock:
                calls.remove(call)


_CURRENT: ContextVar[Interruption | None] = ContextVar("testflow_interruption", default=None)


def current() -> Interruption:
    """The interruption of the work that this thread does; one that nobody wishes for where there is none."""
    return _CURRENT.get() or Interruption()


@contextmanager
def interruptible(interruption: Interruption) -> Generator[None]:
    """While this lasts, it is the current one of this thread."""
    token = _CURRENT.set(interruption)
    try:
        yield
    finally:
        _CURRENT.reset(token)
