"""When a started service can be used: by port, HTTP, log line or command, told at once when it dies instead."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from testflow_core.provisioning.launch import Started
    from testflow_core.provisioning.supervisor import Supervisor

Probe: TypeAlias = Callable[[float], str | None]
"""Looks once, for at most so many seconds: None where the service is ready in this respect, else what is missing."""

LOG_LIMIT = 64 * 1024
"""Bytes of a log that are kept with an error."""

_SHORTEST, _LONGEST = 0.001, 0.1
_PATIENCE = 2.0


def port_probe(host: str, port: int) -> Probe:
    """Ready when the port accepts a connection."""

    def probe(seconds: float) -> str | None:
        try:
            socket.create_connection((host, port), timeout=min(seconds, _PATIENCE)).close()
        except OSError as error:
            return f"no connection to {host}:{port} ({error.strerror or error})"
        return None

    return probe


def http_probe(host: str, port: int, path: str) -> Probe:
    """Ready when a GET of the path is answered with a status below 400."""

    def probe(seconds: float) -> str | None:
        connection = http.client.HTTPConnection(host, port, timeout=min(seconds, _PATIENCE))
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"no answer from http://{host}:{port}{path} ({error})"
        finally:
            connection.close()
        return None if status < http.client.BAD_REQUEST else f"http://{host}:{port}{path} answers {status}"

    return probe


def log_probe(log: Path, pattern: str, since: int = 0) -> Probe:
    """Ready when a line of the log, after its first `since` bytes, matches the regular expression somewhere."""
    compiled = re.compile(pattern)
    position, rest = since, b""

    def probe(_seconds: float) -> str | None:
        nonlocal position, rest
        with log.open("rb") as stream:
            stream.seek(position)
            while part := stream.read(LOG_LIMIT):
                position += len(part)
                *lines, rest = (rest + part).split(b"\n")
                rest = rest[-LOG_LIMIT:]
                if any(compiled.search(line.decode(errors="replace")) for line in (*lines, rest)):
                    return None
        return f"no line of its log matches {pattern!r}"

    return probe


def exec_probe(supervisor: Supervisor, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Probe:
    """Ready when the command exits 0."""

    def probe(seconds: float) -> str | None:
        process = supervisor.spawn(argv, cwd=cwd, env=env)
        returncode = process.wait(min(seconds, _PATIENCE))
        process.end(0)
        if returncode == 0:
            return None
        return f"{argv[0]} {'did not end' if returncode is None else describe_exit(returncode)}"

    return probe


def wait_until_ready(name: str, process: Started, probes: Sequence[Probe], *, limit: timedelta, log: Path) -> None:
    """Until every probe has been satisfied once; ProvisionError where the service dies or the limit passes before."""
    deadline = time.monotonic() + limit.total_seconds()
    pause, pending, missing = _SHORTEST, list(probes), None
    while True:
        while pending and (missing := pending[0](max(_SHORTEST, deadline - time.monotonic()))) is None:
            del pending[0]
        # A port may be answered by somebody else while our process could not have it.
        if process.returncode is not None:
            raise failure(name, f"{describe_exit(process.returncode)} while starting", log)
        if not pending:
            return
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise failure(name, f"was not ready within {limit.total_seconds():g} s: {missing}", log)
        process.wait(min(pause, remaining))
        pause = min(pause * 1.05, _LONGEST)


def describe_exit(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    try:
        return f"was ended by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"was ended by signal {-returncode}"


def failure(name: str, what: str, log: Path) -> ProvisionError:
    """The error of a service that did not come up, with the last of its log."""
    return ProvisionError(f"the service {name} {what}", service=name, logs={name: tail(log)})


def tail(log: Path) -> str:
    """The last 64 KiB of a log, empty where there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - LOG_LIMIT))
            return stream.read(LOG_LIMIT).decode(errors="replace")
    except OSError:
        return ""
