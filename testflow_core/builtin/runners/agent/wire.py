"""Lines of JSON over pipes."""

from __future__ import annotations

import json
import os
import selectors
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Dict

    Event = Dict[str, Any]
    """One line: what happened, by `event`, and its particulars."""

CHUNK = 1 << 16

quoted = json.encoder.encode_basestring_ascii
"""A text as JSON has it."""


def write(descriptor: int, event: Event) -> None:
    """Send one event; BrokenPipeError where nobody reads any more."""
    write_line(descriptor, json.dumps(event).encode() + b"\n")


def write_line(descriptor: int, line: bytes) -> None:
    """Send a line that is already JSON, with its newline."""
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


class Lines:
    """Splits what comes out of a pipe into lines."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._begun: list[bytes] = []

    def read(self) -> list[bytes] | None:
        """The lines that one read completes, each with its newline; None at the end of the pipe."""
        chunk = os.read(self.descriptor, CHUNK)
        if not chunk:
            return None
        head, newline, rest = chunk.rpartition(b"\n")
        if not newline:
            self._begun.append(chunk)
            return []
        whole = b"".join([*self._begun, head, newline])
        self._begun = [rest] if rest else []
        return whole.splitlines(keepends=True)

    def drain(self) -> list[bytes]:
        """What is in the pipe now, without waiting for more."""
        found: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self.descriptor, selectors.EVENT_READ)
            while selector.select(0):
                lines = self.read()
                if lines is None:
                    break
                found += lines
        return found


class Channel:
    """The pipe to the server; silent in processes that a test has forked."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pid = os.getpid()

    def send(self, event: Event) -> None:
        """Send an event."""
        if os.getpid() == self._pid:
            write(self._descriptor, event)
