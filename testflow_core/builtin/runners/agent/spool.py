"""The file in which a worker notes what it does, and whoever reads it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import TYPE_CHECKING

from .wire import write, write_line

if TYPE_CHECKING:
    from .wire import Event


class Spool:
    """
    The file where a worker notes what becomes of each test, at once and for good, however the worker ends.

    Nobody is woken by it: whoever wants to know reads on from where he was. Silent in processes that a test has forked.
    """

    def __init__(self) -> None:
        self._path = ""
        self._descriptor = -1
        self._pid = os.getpid()

    def open(self, path: str) -> None:
        """Go on in this file."""
        if path == self._path:
            return
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # Who has the lock for himself knows that nobody writes any more.
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        # Whoever wrote before may have been killed in the middle of a line.
        write_line(self._descriptor, b"\n")

    def send(self, event: Event) -> None:
        """Note an event, with its time."""
        if os.getpid() == self._pid:
            event["at"] = time.monotonic()
            try:
                write(self._descriptor, event)
            except OSError as error:
                why = f"{error.strerror}: what becomes of tests cannot be noted"
                raise OSError(error.errno, why, self._path) from error


class Reading:
    """Reads what is noted from now on, event by event."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._begun = b""
        try:
            self._at = os.stat(path).st_size  # noqa: PTH116 - hot
        except FileNotFoundError:
            self._at = 0

    def events(self, starts: tuple[bytes, ...] = (b"{",)) -> list[Event]:
        """The events since the last time, those whose line starts so; what a killed worker began is dropped."""
        try:
            with open(self._path, "rb", buffering=0) as stream:  # noqa: PTH123 - hot
                stream.seek(self._at)
                said = stream.read()
        except FileNotFoundError:
            return []
        self._at += len(said)
        *whole, self._begun = (self._begun + said).split(b"\n")
        found: list[Event] = []
        for line in whole:
            if line.startswith(starts):
                with contextlib.suppress(ValueError):
                    found.append(json.loads(line))
        return found

    def has_grown(self) -> bool:
        """Whether there is more than was read."""
        try:
            return os.stat(self._path).st_size > self._at  # noqa: PTH116 - hot
        except FileNotFoundError:
            return False
