"""What an engine works at for long, a pull or a build: told line by line, and given up where it takes too long."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from testflow_docker_env.connection import Connection
    from testflow_docker_env.engine_api import Answer

_LOOK = 0.1
_CLEAR_UP_LIMIT = 10
"""Seconds that the engine has to remove the container of a build's step, say, once nobody waits for the build."""


@frozen(kw_only=True)
class Limits:
    """How long a pull or a build may take in all, and without any news."""

    total: timedelta = timedelta(minutes=10)
    silence: timedelta = timedelta(minutes=2)


@contextmanager
def working(connection: Connection, ask: Callable[[], Iterator[Answer]], limits: Limits) -> Generator[Iterator[Answer]]:
    """
    The lines of the engine's answer to `ask`, as they come; leaving the `with` makes the engine stop and clear up.

    ProvisionError where nothing comes for too long, where all of it takes too long, and where the connection ends.
    """
    work = _Work(connection, ask)
    try:
        yield work.lines(limits)
    finally:
        work.give_up()


class _Work:
    """
    A question whose answer is read in a thread of its own.

    The engine may be silent before it answers at all, and then nothing wakes whoever waits: the thread is left behind.
    """

    def __init__(self, connection: Connection, ask: Callable[[], Iterator[Answer]]) -> None:
        self._connection = connection
        self._ask = ask
        self._lines: queue.SimpleQueue[Answer | ProvisionError | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="testflow-engine", daemon=True)
        self._thread.start()

    def lines(self, limits: Limits) -> Iterator[Answer]:
        """Each line, waiting for the next."""
        began = heard = time.monotonic()
        total, silence = limits.total.total_seconds(), limits.silence.total_seconds()
        while True:
            now = time.monotonic()
            if now - began > total:
                raise ProvisionError(f"it took longer than {total:g} s")
            if now - heard > silence:
                raise ProvisionError(f"nothing was heard of it for {silence:g} s")
            if self._connection.over:
                raise ProvisionError("it was stopped")
            try:
                line = self._lines.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if isinstance(line, ProvisionError):
                raise line
            if line is None:
                return
            heard = time.monotonic()
            yield line

    def give_up(self) -> None:
        """Until the engine has stopped and cleared up, which it does once it has noticed that nobody waits."""
        if self._thread.is_alive():
            self._connection.forsake(self._thread)
            self._thread.join(_CLEAR_UP_LIMIT)

    def _read(self) -> None:
        try:
            with self._connection.told("it was not finished"):
                for line in self._ask():
                    self._lines.put(line)
            self._lines.put(None)
        except (ProvisionError, OSError, ValueError) as error:
            self._lines.put(error if isinstance(error, ProvisionError) else ProvisionError(str(error)))
