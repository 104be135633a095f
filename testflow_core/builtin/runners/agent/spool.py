"""The file in which a worker notes what it does, and whoever reads it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from typing import TYPE_CHECKING, cast

from .wire import quoted, write_line

if TYPE_CHECKING:
    from typing import List

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
        self._note(json.dumps(event)[:-1])

    def started(self, file: str, name: str, mark: int) -> None:
        """Note that a test begins; most of a spool is this and `passed`, which `json` takes three times as long for."""
        self._note(f'{{"event": "started", "file": {quoted(file)}, "name": {quoted(name)}, "mark": {mark}')

    def passed(self, file: str, name: str, duration: float, started: float, left: int) -> None:
        """Note that a test has ended of which there is nothing else to tell."""
        where = f'"file": {quoted(file)}, "name": {quoted(name)}, "status": "passed"'
        self._note(
            f'{{"event": "ended", {where}, "duration": {float(duration)!r}, "started": {started!r}, "left": {left}'
        )

    def _note(self, begun: str) -> None:
        """Write an event, all but its end, with its time."""
        if os.getpid() == self._pid:
            try:
                write_line(self._descriptor, f'{begun}, "at": {time.monotonic()!r}}}\n'.encode("ascii"))
            except OSError as error:
                why = f"{error.strerror}: what becomes of tests cannot be noted"
                raise OSError(error.errno, why, self._path) from error


def parsed(lines: list[bytes]) -> list[Event]:
    """The events of lines, without those that are none."""
    with contextlib.suppress(ValueError):
        # As one document they take half as long.
        return cast("List[Event]", json.loads(b"[" + b",".join(lines) + b"]"))
    found: list[Event] = []
    for line in lines:
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


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
        return parsed([line for line in whole if line.startswith(starts)])

    def has_grown(self) -> bool:
        """Whether there is more than was read."""
        try:
            return os.stat(self._path).st_size > self._at  # noqa: PTH116 - hot
        except FileNotFoundError:
            return False
