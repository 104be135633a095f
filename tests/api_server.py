"""A small API that keeps records by entity, in a thread."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Api(ThreadingHTTPServer):
    """`there` are the records by their paths, `asked` every request; `refusing` is a text with which one is refused."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.there: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.headers: list[str | None] = []
        self.refusing: dict[str, int] = {}
        self.location = False
        self.numbered = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/"


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        record = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.headers.append(self.headers["X-Team"])
        self.server.asked.append(f"POST {self.path} {record.get('id')}")
        status = next((each for text, each in self.server.refusing.items() if text in json.dumps(record)), None)
        if status:
            self.answer(status, b"no such user")
            return
        key = len(self.server.asked) if self.server.numbered else record["id"]
        path = f"{self.path}/{key}"
        self.server.there[path] = record
        if self.server.location:
            self.answer(201, Location=path)
        else:
            self.answer(201, json.dumps({"id": key}).encode() if self.server.numbered else b"")

    def do_DELETE(self) -> None:
        self.server.asked.append(f"DELETE {self.path}")
        if "DELETE" in self.server.refusing:
            self.answer(self.server.refusing["DELETE"], b"never")
        else:
            self.answer(204 if self.server.there.pop(self.path, None) else 404)


@contextmanager
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
