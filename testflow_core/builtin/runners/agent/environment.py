"""The environment of a test, for whoever asks for the fixture: its services' values, and faults of them on purpose."""

from __future__ import annotations

import json
import os
import re
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Callable, Mapping

SOCKET = "TESTFLOW_ENVIRONMENT"
ATTRIBUTES = ("host", "port", "url", "user", "password", "database")
ANSWER_LIMIT = 600.0
"""Seconds that an answer may take: a service that is started again is ready before that is answered."""
LONGEST = 1 << 20

_DECLARED = "declare it with faults, testflow.Environment(name, faults=True)"


class FaultError(Exception):
    """A fault cannot be injected or undone, or none can be asked for."""


class Service:
    """What this test is told of a service; None where there is no such value."""

    def __init__(self, name: str, values: Mapping[str, str]) -> None:
        self.name = name
        self.host = values.get("host")
        self.port = int(values["port"]) if "port" in values else None
        self.url = values.get("url")
        self.user = values.get("user")
        self.password = values.get("password")
        self.database = values.get("database")

    def __repr__(self) -> str:
        return f"<service {self.name} at {self.host}:{self.port}>"


class Fault:
    """A fault that is there until `undo`, the end of its `with`, or the end of the test."""

    def __init__(self, text: str, undo: Callable[[], None]) -> None:
        self._text = text
        self._undo = undo
        self._there = True

    def undo(self) -> None:
        """Have the service ready again, where it was; a second time does nothing. FaultError where it does not."""
        if self._there:
            self._there = False
            self._undo()

    def __enter__(self) -> Fault:  # noqa: PYI034 - Self is newer than the Pythons this runs in
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.undo()

    def __repr__(self) -> str:
        return f"<{self._text}, {'there' if self._there else 'undone'}>"


class Faults:
    """What can be done to services; each method answers the fault, and raises FaultError where it cannot be."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._connection: socket.socket | None = None
        self._there: list[Fault] = []

    def stop(self, service: str) -> Fault:
        """End it as at the end of the environment; undone, it is started again."""
        return self._inject("stop", service)

    def kill(self, service: str) -> Fault:
        """Kill it; undone, it is started again."""
        return self._inject("kill", service)

    def pause(self, service: str) -> Fault:
        """Let it run no further; its connections stay."""
        return self._inject("pause", service)

    def refuse(self, service: str) -> Fault:
        """Refuse connections to it, and reset those it has."""
        return self._inject("refuse", service)

    def delay(self, service: str, seconds: float) -> Fault:
        """Let its answers come so many seconds later."""
        return self._inject("delay", service, seconds=seconds)

    def close(self) -> None:
        """Undo what is there, the last first; the first FaultError once all was tried."""
        troubles: list[FaultError] = []
        for fault in reversed(self._there):
            try:
                fault.undo()
            except FaultError as error:  # noqa: PERF203 - one that fails keeps no other from being undone
                troubles.append(error)
        if self._connection is not None:
            self._connection.close()
        if troubles:
            raise troubles[0]

    def _inject(self, kind: str, service: str, **more: float) -> Fault:
        number = self._ask({"fault": kind, "service": service, **more})
        fault = Fault(f"{kind} of {service}", lambda: self._undo(number))
        self._there.append(fault)
        return fault

    def _undo(self, number: object) -> None:
        self._ask({"undo": number})

    def _ask(self, wish: Mapping[str, object]) -> object:
        if self._path is None:
            raise FaultError(
                f"nothing can be done to the services of this test's environment ({SOCKET} is not set): {_DECLARED}"
            )
        try:
            answer = json.loads(self._exchange(self._path, json.dumps(wish).encode()))
        except (OSError, ValueError) as error:
            raise FaultError(f"the environment does not answer at {self._path}: {error}") from error
        if "error" in answer:
            raise FaultError(str(answer["error"]))
        return answer["number"]

    def _exchange(self, path: str, line: bytes) -> bytes:
        if self._connection is None:
            self._connection = socket.socket(socket.AF_UNIX)
            self._connection.settimeout(ANSWER_LIMIT)
            self._connection.connect(path)
        self._connection.sendall(line + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            part = self._connection.recv(LONGEST)
            if not part or len(answer) > LONGEST:
                raise ConnectionError("it has hung up, as at the end of the environment")
            answer += part
        return answer


class Environment:
    """`environment["payment-db"]` is a service by its name, `faults` what can be done to it."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.faults = Faults(variables.get(SOCKET))

    def __getitem__(self, service: str) -> Service:
        """The service; LookupError with those that there are."""
        begins = re.sub("[^A-Z0-9]", "_", service.upper())
        names = {attribute: f"{begins}_{attribute.upper()}" for attribute in ATTRIBUTES}
        values = {attribute: self._variables[name] for attribute, name in names.items() if name in self._variables}
        if "host" not in values:
            known = sorted(name[: -len("_HOST")] for name in self._variables if name.endswith("_HOST"))
            told = f"those that are there begin their variables with {', '.join(known)}" if known else "there is none"
            raise LookupError(f"this test is told of no service {service!r}: {told}")
        return Service(service, values)

    def __repr__(self) -> str:
        return "<the environment of this test>"


def told(names: Mapping[str, str]) -> Environment:
    """The environment by the variables of an order, as they are now: a test may have a copy of a service."""
    return Environment({name: os.environ.get(name, value) for name, value in names.items()})
