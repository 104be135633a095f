"""The agent as a process: started in the application's interpreter, spoken to in lines of JSON."""

from __future__ import annotations

import json
import os
import select
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from testflow_core.builtin.runners.agent.wire import Lines
from testflow_core.builtin.runners.surroundings import environment, interpreter
from testflow_core.errors import TestflowError
from testflow_core.model import Json

if TYPE_CHECKING:
    from testflow_core.builtin.runners.pytest_command import PytestWords
    from testflow_core.model import Bench
    from testflow_core.provisioning.supervisor import Supervised, Supervisor

Event: TypeAlias = Mapping[str, Json]

PROGRAM = Path(__file__).parent / "agent" / "__main__.py"
START_LIMIT = 120.0
TAIL = 16 << 10
FAREWELL = 2.0
"""Seconds in which an agent whose orders end may end by itself, and whoever measures it write down what he saw."""


class AgentTroubleError(TestflowError):
    """The agent cannot run tests, or is lost; the message is what its tests are told."""


class AgentProcess:
    """An agent of one bench; raises AgentTroubleError where its interpreter cannot be started."""

    def __init__(self, bench: Bench, words: PytestWords, supervisor: Supervisor) -> None:
        self.words = words
        self.is_ready = False
        self._python = interpreter(bench)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._orders: int | None
        theirs_in, self._orders = os.pipe()
        self._events, theirs_out = os.pipe()
        self._lines = Lines(self._events)
        self._poll = select.poll()
        self._poll.register(self._events, select.POLLIN)
        self._heard: deque[bytes] = deque()
        try:
            self._process = self._start(bench, supervisor, theirs_in, theirs_out)
        except BaseException:
            self._close_ours()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    def _start(self, bench: Bench, supervisor: Supervisor, stdin: int, stdout: int) -> Supervised:
        try:
            return supervisor.spawn(
                [str(self._python), *self.words.interpreter_options, str(PROGRAM), *self.words.arguments],
                cwd=bench.checkout.absolute(),
                env=environment(self._python, {}),
                stdin=stdin,
                stdout=stdout,
                stderr=self._errors.fileno(),
            )
        except OSError as error:
            where = "; name another in the application's `python`" if bench.python else ""
            raise AgentTroubleError(f"the interpreter {self._python} cannot be started: {error}{where}") from error

    def wait_until_ready(self) -> None:
        """Return when it can take a batch; AgentTroubleError where it says why it never will."""
        event = self.event(START_LIMIT)
        if event["event"] != "ready":
            raise AgentTroubleError(str(event.get("reason")))
        self.is_ready = True

    def send(self, order: Event) -> None:
        """Give it a batch."""
        rest = memoryview(json.dumps(order).encode() + b"\n")
        try:
            while rest and self._orders is not None:
                rest = rest[os.write(self._orders, rest) :]
        except BrokenPipeError:
            raise AgentTroubleError(self._last_words()) from None

    def event(self, limit: float) -> Event:
        """The next event; AgentTroubleError where it ends, or says nothing for `limit` seconds."""
        event = self.next_event(limit)
        if event is None:
            raise AgentTroubleError(f"the agent in {self._python} has said nothing for {limit:g} s")
        return event

    def next_event(self, limit: float) -> Event | None:
        """The next event, None where it says nothing for `limit` seconds; AgentTroubleError where it ends."""
        deadline = time.monotonic() + limit
        while not self._heard:
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return None
            lines = self._lines.read()
            if lines is None:
                raise AgentTroubleError(self._last_words())
            self._heard.extend(lines)
        return parse(self._heard.popleft())

    def end(self) -> None:
        """End it and everything it started; may be called from any thread."""
        self._process.end(grace=0)

    def close(self) -> None:
        """Let it go, and end what does not go by itself."""
        try:
            self._close_orders()
            self._process.wait(FAREWELL)
            self.end()
        finally:
            self._close_ours()

    def _close_orders(self) -> None:
        orders, self._orders = self._orders, None
        if orders is not None:
            os.close(orders)

    def _close_ours(self) -> None:
        self._close_orders()
        with suppress(OSError):
            os.close(self._events)
        self._errors.close()

    def _last_words(self) -> str:
        code = self._process.wait(5.0)
        size = os.fstat(self._errors.fileno()).st_size
        self._errors.seek(max(0, size - TAIL))
        said = self._errors.read(TAIL).decode("utf-8", "replace").strip()
        how = "is running but silent" if code is None else f"ended with {code}"
        return f"the agent in {self._python} {how}{': ' if said else ''}{said}"


def parse(line: bytes) -> Event:
    """An event as the agent wrote it; AgentTroubleError where it is none."""
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict) or "event" not in event:
        raise AgentTroubleError(f"the agent wrote {line[:200]!r}, which is no event")
    return cast("Event", event)
