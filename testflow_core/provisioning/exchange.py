"""Questions and answers between two processes of one user: a JSON object a line, over a socket."""

from __future__ import annotations

import json
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, TypedDict, cast

from testflow_core.errors import PluginError, ProvisionError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from testflow_core.model import Json


class Refusal(TypedDict):
    """A ProvisionError as it is sent."""

    message: str
    service: str | None
    logs: Mapping[str, str]


class LineLostError(ProvisionError):
    """The other end is gone before it has answered."""


class Line:
    """One end of it; any thread may ask, one at a time. Leaving the `with` hangs up."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._incoming = channel.makefile("rb")
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._incoming.close()
        self._channel.close()

    def ask(self, verb: str, tell: Callable[[str], None] = lambda _: None, **details: object) -> Json:
        """
        What the other end answers; `tell` hears what it says meanwhile.

        Raises the ProvisionError that it raised there, LineLostError where it is gone, PluginError with the traceback
        of anything else.
        """
        with self._lock:
            self.send({"verb": verb, "details": details})
            return self._answer(tell)

    def _answer(self, tell: Callable[[str], None]) -> Json:
        while True:
            match self._receive():
                case {"told": str(sentence)}:
                    tell(sentence)
                case {"answer": answer}:
                    return cast("Json", answer)
                case {"refused": refused}:
                    raise ProvisionError(**cast("Refusal", refused))
                case {"raised": str(trace)}:
                    raise PluginError(trace)
                case _:
                    raise LineLostError("whoever holds the environment is gone")

    def serve(self, verbs: Mapping[str, Callable[..., object]]) -> None:
        """Answer with what the function of each verb answers, a JSON value, until the other end hangs up."""
        while message := self._receive():
            match message:
                case {"verb": str(verb), "details": details} if verb in verbs:
                    self.send(_answered(verbs[verb], cast("Mapping[str, object]", details)))
                case _:
                    self.send({"raised": f"unknown question {message!r}"})

    def tell(self, sentence: str) -> None:
        """Say something while the other end waits for an answer."""
        self.send({"told": sentence})

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message, and wait for no answer."""
        # Whoever is gone is missed when he is to answer.
        with suppress(OSError):
            self._channel.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self) -> dict[str, object] | None:
        with suppress(OSError):
            line = self._incoming.readline()
            if line.endswith(b"\n"):
                return json.loads(line)
        return None


def _answered(answer: Callable[..., object], details: Mapping[str, object]) -> dict[str, object]:
    try:
        return {"answer": answer(**details)}
    except ProvisionError as error:
        return {"refused": {"message": error.message, "service": error.service, "logs": dict(error.logs)}}
    except Exception:  # noqa: BLE001 - told to whoever asked
        return {"raised": traceback.format_exc()}
