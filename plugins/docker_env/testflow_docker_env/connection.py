"""A container engine that is talked to: every wait has a limit, every failure is told in words."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Generator
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
        self._responses: WeakKeyDictionary[Response, int] = WeakKeyDictionary()
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
            for response in list(self._responses):
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
    def patience(self, seconds: float) -> Generator[Patience]:
        """While this lasts, what this thread reads from the engine ends after so many seconds without `renew`."""
        found = Patience(self, seconds)
        try:
            yield found
        finally:
            found.cancel()

    def cut(self, thread: int) -> None:
        """End what a thread is reading."""
        for response, reader in list(self._responses.items()):
            if reader == thread:
                _cut(response)

    def _remember(self, response: Response, *_: object, **__: object) -> None:
        self._responses[response] = threading.get_ident()


class Patience:
    """How long a thread still waits."""

    def __init__(self, connection: Connection, seconds: float) -> None:
        self.ended = False
        self._connection = connection
        self._seconds = seconds
        self._thread = threading.get_ident()
        self._deadline = time.monotonic() + seconds
        self._watch(seconds)

    def renew(self) -> None:
        """There was news: the seconds count from now."""
        self._deadline = time.monotonic() + self._seconds

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._timer.cancel()

    def _watch(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        remaining = self._deadline - time.monotonic()
        if remaining > 0:
            self._watch(remaining)
            return
        self.ended = True
        self._connection.cut(self._thread)


def with_remedy(reason: str) -> str:
    """The engine's reason, and what to do about it where that is known."""
    remedy = next((remedy for words, remedy in _REMEDIES.items() if words in reason.lower()), None)
    return f"{reason.strip()}; {remedy}" if remedy else reason.strip()


def _cut(response: Response) -> None:
    """Wake whoever reads a response: its socket is at its end."""
    connection = getattr(response.raw, "connection", None)
    channel = getattr(connection, "sock", None)
    if isinstance(channel, socket.socket):
        with suppress(OSError):
            channel.shutdown(socket.SHUT_RDWR)
