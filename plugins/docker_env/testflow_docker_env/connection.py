"""A container engine that is talked to: every wait has a limit, every failure is told in words."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary, WeakSet

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Generator
    from threading import Thread
    from types import TracebackType
    from typing import Self

    from requests import Response

    from testflow_docker_env.engine_api import EngineApi

ANSWER_LIMIT = 60
"""Seconds that the engine has for the answer to a single question."""

_REMEDIES = {
    "no space left on device": "free some space (`docker system df` tells what takes it), then run again",
    "address pool": "remove networks that nobody uses (`docker network prune`), then run again",
    "permission denied": "see to the rights of the user who runs testflow",
}


class Connection:
    """An engine by its address; safe to use from several threads. Leaving the `with` ends every wait."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.over = False
        self._responses: WeakKeyDictionary[Response, Thread] = WeakKeyDictionary()
        self._forsaken: WeakSet[Thread] = WeakSet()
        self._changed = threading.Condition()
        self._making = 0

    def __enter__(self) -> Self:
        import docker  # noqa: PLC0415 - its import takes longer than a whole plan
        from docker.utils import kwargs_from_env  # noqa: PLC0415

        with self.told("the container engine cannot be used"):
            tls = kwargs_from_env().get("tls", False)
            client = docker.APIClient(base_url=self.host, tls=tls, timeout=ANSWER_LIMIT)
            self.api = cast("EngineApi", client)
            self.api.hooks["response"].append(self._remember)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self.api.close()

    def hang_up(self) -> None:
        """End what any thread waits for; from now on nothing is made."""
        with self._changed:
            self.over = True
            for response in tuple(self._responses):
                _cut(response)
            self._changed.wait_for(lambda: self._making == 0, ANSWER_LIMIT)

    @contextmanager
    def making(self) -> Generator[None]:
        """While this lasts something is made; whoever hangs up waits for it, and then removes all there is."""
        with self._changed:
            if self.over:
                raise ProvisionError(f"nothing more is made on the engine at {self.host}: the environment goes down")
            self._making += 1
        try:
            yield
        finally:
            with self._changed:
                self._making -= 1
                self._changed.notify_all()

    @contextmanager
    def told(self, what: str) -> Generator[None]:
        """The engine's errors as ProvisionError: what could not be done, the engine's reason, the remedy if known."""
        from docker.errors import APIError, DockerException  # noqa: PLC0415 - as above
        from requests import RequestException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        try:
            yield
        except APIError as error:
            raise ProvisionError(f"{what}: {with_remedy(error.explanation or str(error))}") from error
        except (RequestException, HTTPError, DockerException) as error:
            why = "the connection was closed" if self.over else "it has stopped, or takes too long"
            raise ProvisionError(f"{what}: the container engine at {self.host} does not answer ({why})") from error

    @contextmanager
    def patience(self, seconds: float) -> Generator[threading.Event]:
        """While this lasts, what this thread reads from the engine ends after so many seconds, and the event is set."""
        ended = threading.Event()
        reader = threading.current_thread()

        def end() -> None:
            ended.set()
            self.cut(reader)

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield ended
        finally:
            timer.cancel()
            # The SDK leaves the channels of commands open.
            for response in self._read_by(reader):
                _close(response)

    def cut(self, thread: Thread) -> None:
        """End what a thread is reading."""
        for response in self._read_by(thread):
            _cut(response)

    def _read_by(self, thread: Thread) -> list[Response]:
        with self._changed:
            return [response for response, reader in self._responses.items() if reader == thread]

    def forsake(self, thread: Thread) -> None:
        """End what a thread is reading, or will be once the engine answers it."""
        self._forsaken.add(thread)
        self.cut(thread)

    def _remember(self, response: Response, *_: object, **__: object) -> None:
        reader = threading.current_thread()
        with self._changed:
            self._responses[response] = reader
        if reader in self._forsaken:
            _cut(response)


def with_remedy(reason: str) -> str:
    """The engine's reason, and what to do about it where that is known."""
    remedy = next((remedy for words, remedy in _REMEDIES.items() if words in reason.lower()), None)
    return f"{reason.strip()}; {remedy}" if remedy else reason.strip()


def _cut(response: Response) -> None:
    """Wake whoever reads a response: its socket is at its end."""
    channel = getattr(getattr(response.raw, "connection", None), "sock", None)
    if isinstance(channel, socket.socket):
        with suppress(OSError):
            channel.shutdown(socket.SHUT_RDWR)


def _close(response: Response) -> None:
    connection = getattr(response.raw, "connection", None)
    response.close()
    if isinstance(connection, HTTPConnection):
        connection.close()
