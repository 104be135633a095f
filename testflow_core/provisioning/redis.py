"""What a service of type `redis` is declared with and answers, whoever starts it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import field, frozen

from testflow_core.errors import Problem
from testflow_core.model import Endpoint
from testflow_core.provisioning.wiring import made_up_password
from testflow_core.specs import key_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testflow_core.model import Service
    from testflow_core.provisioning.readiness import Probe

DEFAULT_PORT = 6379
UNSAVED = {"save": "", "appendonly": "no"}
"""The settings of a server whose data lives as long as it does."""

_MAX_PORT = 65535
_PATIENCE = 2.0
_PLAIN = frozenset(range(0x20, 0x7F)) - set(b'"\\')


@frozen(kw_only=True)
class RedisConfig:
    """The `config` of a service of type `redis`; `port` is a wish, an empty `password` lets everybody in."""

    port: int = DEFAULT_PORT
    password: str | None = field(default=None, repr=False)


def mistakes(service: Service, config: RedisConfig) -> Iterator[Problem]:
    """What is wrong with a config whose types are right."""
    if not 0 <= config.port <= _MAX_PORT:
        path = f"{key_path('$.services', service.name)}.config.port"
        yield Problem(path, f"expected a port from 0 (any) to {_MAX_PORT}, got {config.port}")


def password(config: RedisConfig) -> str:
    """The password that is declared, else one that nobody can guess; empty where none is wanted."""
    return made_up_password() if config.password is None else config.password


def endpoint(config: RedisConfig, *, host: str, port: int, password: str) -> Endpoint:
    """Where the server is reached, at a host and a port; with its URL."""
    credentials = f":{quote(password, safe='')}@" if password else ""
    url = f"redis://{credentials}{host}:{port}"
    return Endpoint(host=host, ports={config.port: port}, url=url, password=password or None)


def settings_file(settings: Mapping[str, str]) -> str:
    """Settings as a file that the server reads at its start; any text may stand in them."""
    return "".join(f"{name} {_quoted(value)}\n" for name, value in settings.items())


def ping_probe(host: str, port: int) -> Probe:
    """Ready when the server answers, if only that a password is missing."""

    def probe(seconds: float) -> str | None:
        try:
            with socket.create_connection((host, port), timeout=min(seconds, _PATIENCE)) as connection:
                connection.sendall(b"PING\r\n")
                answer = connection.recv(64)
        except OSError as error:
            return f"Redis does not answer on {host}:{port} ({error})"
        return None if answer.startswith((b"+PONG", b"-NOAUTH")) else f"Redis on {host}:{port} is still starting"

    return probe


def _quoted(value: str) -> str:
    return '"' + "".join(chr(byte) if byte in _PLAIN else f"\\x{byte:02x}" for byte in value.encode()) + '"'
