"""One at a time, across processes and threads."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import timedelta
    from pathlib import Path


@contextmanager
def locked(path: Path, limit: timedelta) -> Generator[None, None, None]:
    """The block runs while nobody else holds the lock file at `path`; TimeoutError where it is not free in time."""
    handle = path.open("w")
    acquired, abandoned = Event(), Event()

    def acquire() -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)
        acquired.set()
        if abandoned.is_set():
            handle.close()

    # flock cannot be told a limit: a thread waits in it, which the process may leave behind.
    Thread(target=acquire, daemon=True).start()
    if not acquired.wait(limit.total_seconds()):
        abandoned.set()
        if acquired.is_set():
            handle.close()
        raise TimeoutError(f"another run has held {path} for more than {limit.total_seconds():g} s")
    try:
        yield
    finally:
        handle.close()
