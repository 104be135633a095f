"""A container engine that is talked to: every wait has a limit, every failure is told in words."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar, cast
from weakref import WeakKeyDictionary, WeakSet

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from threading import Thread
    from types import TracebackType
    from typing import Self

    from requests import Response

    from testflow_docker_env.engine_api import EngineApi

T = TypeVar("T")

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

    def make(self, creation: Callable[[], T]) -> T:
        """
        The result of a call that makes something on the engine, in a thread of its own.

        An interrupt leaves nothing half known: whoever hangs up waits for it, and then removes all there is.
        """
        with self._changed:
            if self.over:
                raise ProvisionError(f"nothing more is made on the engine at {self.host}: the environment goes down")
            self._making += 1
        made: Future[T] = Future()

        def run() -> None:
            try:
                made.set_result(creation())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is waited for
                made.set_exception(error)
            finally:
                with self._changed:
                    self._making -= 1
                    self._changed.notify_all()

        threading.Thread(target=run, name="testflow-engine", daemon=True).start()
        return made.result()

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

    def forsake(self, thread: Thread) -> None:
        """
        Have the engine stop what a thread waits for, or will once it is answered.

        The thread reads on: the answer ends when the engine has cleared up what it was at.
        """
        with self._changed:
            self._forsaken.add(thread)
            found = [response for response, reader in self._responses.items() if reader is thread]
        for response in found:
            _cut(response, socket.SHUT_WR)

    def _remember(self, response: Response, *_: object, **__: object) -> None:
        reader = threading.current_thread()
        with self._changed:
            self._responses[response] = reader
        if reader in self._forsaken:
            _cut(response, socket.SHUT_WR)


def with_remedy(reason: str) -> str:
    """The engine's reason, and what to do about it where that is known."""
    remedy = next((remedy for words, remedy in _REMEDIES.items() if words in reason.lower()), None)
    return f"{reason.strip()}; {remedy}" if remedy else reason.strip()


def _cut(response: Response, ends: int = socket.SHUT_RDWR) -> None:
    """Close ends of a response's socket: the engine notices that one writes no more, a reader that there is no more."""
    channel = getattr(getattr(response.raw, "connection", None), "sock", None)
    if isinstance(channel, socket.socket):
        with suppress(OSError):
            # Not `channel.shutdown`: that of a socket with TLS ends the encryption, and what is still read is noise.
            socket.socket.shutdown(channel, ends)
