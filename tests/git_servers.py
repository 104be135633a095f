"""Real servers of git repositories on loopback, and some that behave badly."""

import base64
import os
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    """The port of a server that answers meanwhile; its threads have ended afterwards."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def git_daemon(root: Path) -> Iterator[int]:
    """`git daemon` for every connection; the listening is ours, so that no port can be lost to somebody else."""

    class Connection(socketserver.BaseRequestHandler):
        def handle(self):
            command = ["git", "daemon", "--inetd", "--export-all", f"--base-path={root}", str(root)]
            subprocess.run(command, stdin=self.request, stdout=self.request, stderr=subprocess.DEVNULL, check=False)

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection)) as port:
        yield port


class GitHttpServer(ThreadingHTTPServer):
    """
    Smart HTTP by `git http-backend` for the repositories below `root`.

    With `credentials` (`user:password`) it asks for them; `status` answers everything with that. Of packs it sends
    `pieces`, one each `pause` seconds; after `cut` bytes it hangs up, after `held` bytes it says nothing more until
    it is closed. `observe` is called at each request, `packs` counts those that were begun.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.root = root
        self.credentials: str | None = None
        self.status: int | None = None
        self.packs, self.pieces, self.pause = 0, 1, 0.0
        self.cut: int | None = None
        self.held: int | None = None
        self.observe = lambda: None
        self.closing = threading.Event()

    def shutdown(self):
        self.closing.set()
        super().shutdown()


class _Request(BaseHTTPRequestHandler):
    server: GitHttpServer

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *arguments: object):
        pass

    def _answer(self, body: bytes):
        self.server.observe()
        expected = self.server.credentials
        if expected and self.headers["Authorization"] != f"Basic {base64.b64encode(expected.encode()).decode()}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.server.status:
            self.send_error(self.server.status)
        else:
            self._by_backend(body)

    def _by_backend(self, body: bytes):
        path, _, query = self.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        backend = ["git", "-c", "safe.directory=*", "http-backend"]
        said = subprocess.run(backend, input=body, env=os.environ | variables, capture_output=True, check=True).stdout
        head, _, payload = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self._send(payload, is_pack=b"PACK" in payload)

    def _send(self, payload: bytes, *, is_pack: bool):
        server = self.server
        if not is_pack:
            self.wfile.write(payload)
            return
        server.packs += 1
        end = min(each for each in (server.cut, server.held, len(payload)) if each is not None)
        size = -(-end // server.pieces)
        for start in range(0, end, size):
            self.wfile.write(payload[start : min(start + size, end)])
            self.wfile.flush()
            server.closing.wait(server.pause)
        if server.held is not None:
            server.closing.wait(60)
        self.close_connection = True


@contextmanager
def silent_server() -> Iterator[socket.socket]:
    """A listening socket whose connections are never answered: nobody accepts but the kernel, or the test."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        yield listening


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port that nobody listens on, nor can as long as this lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
