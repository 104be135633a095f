"""A server on loopback that answers as a fake decides, and plays what goes wrong between programs."""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from attrs import evolve, field, frozen

from testflow_core.model import Json

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from testflow_core.testing.servers.troubles import Trouble

STARTED = 1_795_379_686.0
"""What time it is for a fake until a test moves its clock, in seconds since the epoch."""


@frozen(kw_only=True)
class Request:
    """What a client has sent; the names of `headers` are in lower case, `body` is what its JSON says, else None."""

    method: str
    path: str
    query: Mapping[str, str] = field(factory=dict[str, str])
    headers: Mapping[str, str] = field(factory=dict[str, str])
    raw: bytes = b""
    body: Json = None

    @property
    def said(self) -> dict[str, Any]:
        """The object that the body is; empty where it is something else."""
        return as_object(self.body)


def as_object(value: object) -> dict[str, Any]:
    """A JSON object; an empty one where the value is something else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


@frozen(kw_only=True)
class Answer:
    """What it is answered: `body` as JSON, or as it is where it is a text."""

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = field(factory=dict[str, str])

    @property
    def payload(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class LoopbackServer(ABC):
    """
    A fake of a service, entered with `with`, at `url` meanwhile.

    One request is answered after the other, and only the clock `now` tells the time, so that the same requests have the
    same answers. `requests` are those that came, the earliest first.
    """

    def __init__(self) -> None:
        self.now = STARTED
        self.requests: list[Request] = []
        self._troubles: list[Trouble] = []
        self._lock = threading.Lock()
        self._server: _Listening | None = None
        self._thread: threading.Thread | None = None

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """What the service answers, and what it remembers of it."""

    def dressed(self, answer: Answer) -> Answer:
        """The answer with what the service says each time."""
        return answer

    @property
    def url(self) -> str:
        """Where it listens; only while it is entered."""
        assert self._server is not None, "enter the server: with it: ..."  # noqa: S101
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def play(self, *troubles: Trouble) -> None:
        """Let the next requests that fit have these troubles, one each."""
        with self._lock:
            self._troubles.extend(troubles)

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.now += seconds

    def received(self, method: str, ending: str = "") -> list[Request]:
        """The requests of a method whose path ends so."""
        return [each for each in self.requests if each.method == method and each.path.endswith(ending)]

    def respond(self, request: Request) -> Answer | None:
        """What the client gets to see: the answer, or trouble, or None for a connection that breaks."""
        with self._lock:
            self.requests.append(request)
            trouble = next((each for each in self._troubles if each.fits(request)), None)
            if trouble is None:
                return self.dressed(self.answer(request))
            self._troubles.remove(trouble)
            if trouble.late:
                self.answer(request)
            answer = trouble.answer(self.now)
            return answer and evolve(answer, headers={**self.dressed(answer).headers, **answer.headers})

    def __enter__(self) -> Self:
        self._server = _Listening(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        server, thread = self._server, self._thread
        assert server is not None  # noqa: S101 - it was entered
        assert thread is not None  # noqa: S101 - it was entered
        server.shutdown()
        server.server_close()
        thread.join()


class _Listening(ThreadingHTTPServer):
    def __init__(self, service: LoopbackServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = service


class _Handler(BaseHTTPRequestHandler):
    server: _Listening  # pyright: ignore[reportIncompatibleVariableOverride] - only it makes handlers

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library names it so
        """Nothing: what came is in `requests`."""

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        answer = self.server.service.respond(
            Request(
                method=self.command,
                path=address.path,
                query=dict(parse_qsl(address.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                raw=raw,
                body=_parsed(raw),
            )
        )
        if answer is None:
            # Nothing is answered: the client finds the connection closed.
            return
        kind = "text/html" if isinstance(answer.body, str) else "application/json; charset=utf-8"
        self.send_response(answer.status)
        for name, value in {"Content-Type": kind, **answer.headers, "Content-Length": str(len(answer.payload))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - the library calls them so


def _parsed(raw: bytes) -> Json:
    try:
        return json.loads(raw)
    except ValueError:
        return None
