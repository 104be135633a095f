"""A session's own place at an agent: orders go in and events come out as lines of JSON."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias, cast

from testflow_core.builtin.runners.agent.wire import Lines
from testflow_core.builtin.runners.agent_words import AgentTroubleError
from testflow_core.model import Json
from testflow_core.provisioning.interruption import current

if TYPE_CHECKING:
    from testflow_core.builtin.runners.agent_process import AgentProcess

Event: TypeAlias = Mapping[str, Json]

START_LIMIT = 120.0
LOOK = 0.25
FAREWELL = 5.0
"""Seconds in which the agent clears a seat that is left: a worker that rests may take 1.5 s of them."""


class Seat:
    """
    One session's place at an agent, which has a worker of its own for it.

    `leave` may come from any thread: the agent then ends the worker, and says so by the end of what it says.
    """

    def __init__(self, agent: AgentProcess) -> None:
        self.agent = agent
        self.is_ready = False
        self._socket = agent.seat()
        self._lines = Lines(self._socket.fileno())
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        # Asked for nothing, it tells only when both sides have ended.
        self._ends = select.poll()
        self._ends.register(self._socket, 0)
        self._heard: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._speaking = threading.Lock()

    @property
    def lives(self) -> bool:
        """Whether the agent still serves it, as far as is known."""
        return not self._ends.poll(0)

    def wait_until_ready(self) -> None:
        """Return when it can take a batch; AgentTroubleError where it says why it never will, or nobody wants it."""
        deadline = time.monotonic() + START_LIMIT
        while not self.is_ready:
            event = self.next_event(LOOK)
            if event is not None and event["event"] != "ready":
                raise AgentTroubleError(str(event.get("reason")))
            self.is_ready = event is not None
            if current().wished:
                raise AgentTroubleError("nobody waits for the agent any more")
            if event is None and time.monotonic() > deadline:
                raise AgentTroubleError(f"the agent in {self.agent.python} has said nothing for {START_LIMIT:g} s")

    def send(self, order: Event) -> None:
        """Give it a batch."""
        line = json.dumps(order).encode() + b"\n"
        try:
            with self._speaking:
                self._socket.sendall(line)
        except (BrokenPipeError, ConnectionResetError):
            raise AgentTroubleError(self.agent.last_words()) from None

    def next_event(self, limit: float) -> Event | None:
        """The next event, None where it says nothing for `limit` seconds; AgentTroubleError where it ends."""
        deadline = time.monotonic() + limit
        while not self._heard:
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return None
            lines = self._read()
            if lines is None:
                raise AgentTroubleError(self.agent.last_words() if not current().wished else "left")
            self._heard.extend(lines)
        return parse(self._heard.popleft())

    def _read(self) -> list[bytes] | None:
        # Whoever closes may be another thread than the one that reads.
        with self._lock, suppress(ConnectionResetError):
            return self._lines.read() if self._socket.fileno() >= 0 else None
        return None

    def pause(self) -> None:
        """Let its worker begin no further test; may come from any thread."""
        with suppress(OSError), self._speaking:
            self._socket.sendall(b'{"pause": true}\n')

    def leave(self) -> None:
        """No order comes any more, and what goes on shall end."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Leave, and return when nothing of it runs any more."""
        self.leave()
        if not self._ends.poll(FAREWELL * 1000):
            self.agent.end()
        with self._lock:
            self._socket.close()


def parse(line: bytes) -> Event:
    """An event as the agent wrote it; AgentTroubleError where it is none."""
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict) or "event" not in event:
        raise AgentTroubleError(f"the agent wrote {line[:200]!r}, which is no event")
    return cast("Event", event)
