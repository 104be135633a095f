"""Lets tests, in whatever process and language, do harm to the services of their environment: lines over a socket."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from testflow_core.model import Inject, Provisioned

VARIABLE = "TESTFLOW_ENVIRONMENT"
"""Names the socket to those who run tests."""

_LONGEST = 64 * 1024


def offered(up: Provisioned, directory: Path, warn: Callable[[str], None], exits: ExitStack) -> Provisioned:
    """The environment, its variables telling of a socket where faults can be asked for; ProvisionError without any."""
    if up.inject is None:
        raise ProvisionError("its provisioner has no faults; declare it without `faults`, or use another provisioner")
    number = sum(1 for _ in directory.glob("faults-*"))
    path = directory / f"faults-{number}"
    exits.enter_context(_Served(up.inject, path, warn))
    return evolve(up, variables={**up.variables, VARIABLE: str(path)})


@contextmanager
def copied(there: Provisioned, clone: AbstractContextManager[Provisioned]) -> Generator[Provisioned]:
    """A copy of an environment, in which faults are asked for where they are asked for in the original."""
    kept = {name: value for name, value in there.variables.items() if name == VARIABLE}
    with clone as copy:
        yield evolve(copy, variables={**copy.variables, **kept})


class _Served:
    """A socket that answers one line by one; what a connection has injected is undone when that ends."""

    def __init__(self, inject: Inject, path: Path, warn: Callable[[str], None]) -> None:
        self._inject = inject
        self._path = path
        self._warn = warn
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []

    def __enter__(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        try:
            self._listener.bind(str(self._path))
        except OSError as error:
            self._listener.close()
            reason = f"no socket can be made at {self._path} ({error}); name a shorter directory by TMPDIR"
            raise ProvisionError(reason) from error
        self._listener.listen()
        self._accepting = threading.Thread(target=self._accept, name="testflow-faults", daemon=True)
        self._accepting.start()

    def __exit__(self, *_error: object) -> None:
        for each in (self._listener, *self._connections):
            # It may have been left by the other side.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=[connection], name="testflow-fault", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        undone: dict[int, Callable[[], None]] = {}
        with connection, connection.makefile("rwb") as lines, suppress(OSError):
            while line := lines.readline(_LONGEST):
                lines.write(json.dumps(self._answer(line, undone)).encode() + b"\n")
                lines.flush()
        for undo in reversed(undone.values()):
            try:
                undo()
            except ProvisionError as error:
                self._warn(f"a fault that a test has left could not be undone: {error}")

    def _answer(self, line: bytes, undone: dict[int, Callable[[], None]]) -> dict[str, object]:
        try:
            match json.loads(line):
                case {"fault": str(fault), "service": str(service), **more}:
                    seconds = more.get("seconds", 0)
                    number = max(undone, default=0) + 1
                    undone[number] = self._inject(fault, service, float(seconds) if _is_number(seconds) else 0.0)
                    return {"number": number}
                case {"undo": int(number)} if number in undone:
                    undone.pop(number)()
                    return {"number": number}
                case _:
                    return {"error": 'expected {"fault": …, "service": …} or {"undo": …} with a number answered before'}
        except ValueError as error:
            return {"error": f"a line is no JSON: {error}"}
        except ProvisionError as error:
            return {"error": str(error)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
