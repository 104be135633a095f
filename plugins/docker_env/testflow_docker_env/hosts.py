"""Where the container engine is, and whether it answers; asked at every plan, so without the docker SDK's import."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

DEFAULT_HOST = "unix:///var/run/docker.sock"
_SECONDS = 5.0
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def engine_host(configured: str | None = None) -> str:
    """The configured engine, else DOCKER_HOST, else that of docker's current context, else the default socket."""
    return configured or os.environ.get("DOCKER_HOST") or _context_host() or DEFAULT_HOST


def no_engine(host: str) -> str | None:
    """Why the engine there cannot be used, and what would be needed; None where it answers."""
    address = urlsplit(host)
    if address.scheme == "unix":
        return _no_answer(host, _UnixConnection(address.path))
    if address.scheme not in {"tcp", "http", "https"}:
        return f"the address {host!r} is of no known kind (known: unix://, tcp://); set DOCKER_HOST"
    if address.hostname not in _LOCAL:
        return (
            f"the engine at {host} is on another machine, and the ports that it publishes cannot be reached from here;"
            " use an engine on this machine"
        )
    if os.environ.get("DOCKER_TLS_VERIFY") or address.scheme == "https":
        # Only the SDK knows the certificates; what is wrong with them is told when it connects.
        return None
    port = address.port or http.client.HTTP_PORT
    return _no_answer(host, http.client.HTTPConnection(address.hostname or "", port, timeout=_SECONDS))


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket of the file system."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(self._path)


def _no_answer(host: str, connection: http.client.HTTPConnection) -> str | None:
    try:
        connection.request("GET", "/_ping")
        status = connection.getresponse().status
    except PermissionError:
        return (
            f"you may not use the container engine at {host}; become a member of the group that owns its socket"
            " (usually `docker`), or name another engine by DOCKER_HOST"
        )
    except (OSError, http.client.HTTPException) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        return f"no container engine answers at {host} ({why}); start Docker, or name another engine by DOCKER_HOST"
    finally:
        connection.close()
    if status != http.client.OK:
        return f"what answers at {host} is no container engine (status {status}); name another one by DOCKER_HOST"
    return None


def _context_host() -> str | None:
    """Where the current context of the docker command leads, if one was chosen."""
    directory = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name = os.environ.get("DOCKER_CONTEXT") or _current_context(directory)
    if not name or name == "default":
        return None
    for file in (directory / "contexts" / "meta").glob("*/meta.json"):
        meta = _read(file)
        if meta.get("Name") == name:
            match meta:
                case {"Endpoints": {"docker": {"Host": str(host)}}}:
                    return host
                case _:
                    return None
    return None


def _current_context(directory: Path) -> str | None:
    found = _read(directory / "config.json").get("currentContext")
    return found if isinstance(found, str) else None


def _read(file: Path) -> dict[str, object]:
    """A JSON object of somebody else's; nothing where it cannot be read as one."""
    try:
        found: object = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}
