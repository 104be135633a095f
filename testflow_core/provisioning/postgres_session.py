"""A session with a PostgreSQL server, by its private socket or at a port of this machine; standard library only."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.provisioning.postgres_authentication import authenticator

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

# Drivers take longer to import than a server takes to start; the few messages of the simple query protocol do
# (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY).
_PROTOCOL_3 = 196608
_HEADER = struct.Struct("!ci")
_LENGTH = struct.Struct("!i")
_COUNT = struct.Struct("!h")


class PostgresSession:
    """
    A connection to one database; statements commit as they end.

    `place` is the directory of the server's socket, or a host; it is given the password where it asks for one.
    """

    def __init__(
        self, place: Path | str, port: int, user: str, database: str, *, password: str = "", limit: float = 30.0
    ) -> None:
        parameters = b"\0".join([b"user", user.encode(), b"database", database.encode(), b"", b""])
        by_socket = isinstance(place, Path)
        self._connection = socket.socket(socket.AF_UNIX if by_socket else socket.AF_INET)
        self._connection.settimeout(limit)
        self._answers = self._connection.makefile("rb")
        self._authentication = authenticator(user, password)
        try:
            self._connection.connect(str(place / f".s.PGSQL.{port}") if by_socket else (place, port))
            self._connection.sendall(_LENGTH.pack(8 + len(parameters)) + _LENGTH.pack(_PROTOCOL_3) + parameters)
            self._rows()
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        """The rows that the statements answer, each value as text; ProvisionError with what the server says."""
        self._send(b"Q", sql.encode() + b"\0")
        return self._rows()

    def _close(self) -> None:
        self._answers.close()
        self._connection.close()

    def _send(self, kind: bytes, body: bytes) -> None:
        self._connection.sendall(kind + _LENGTH.pack(_LENGTH.size + len(body)) + body)

    def _rows(self) -> list[tuple[str | None, ...]]:
        rows: list[tuple[str | None, ...]] = []
        trouble = ""
        while True:
            header = self._answers.read(_HEADER.size)
            if len(header) < _HEADER.size:
                raise ProvisionError(f"PostgreSQL ended the connection: {trouble or 'without a word'}")
            kind, size = _HEADER.unpack(header)
            body = self._answers.read(size - _LENGTH.size)
            if kind == b"D":
                rows.append(_row(body))
            elif kind == b"R":
                self._authenticate(body)
            elif kind == b"E":
                trouble = _message(body)
            elif kind == b"Z":
                if trouble:
                    raise ProvisionError(trouble)
                return rows

    def _authenticate(self, request: bytes) -> None:
        answer = self._authentication(request)
        if answer is not None:
            self._send(b"p", answer)


def identifier(name: str) -> str:
    """A name as it stands in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as it stands in SQL, whatever `standard_conforming_strings` says."""
    return " E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _row(body: bytes) -> tuple[str | None, ...]:
    (columns,) = _COUNT.unpack_from(body)
    values: list[str | None] = []
    place = _COUNT.size
    for _ in range(columns):
        (size,) = _LENGTH.unpack_from(body, place)
        place += _LENGTH.size
        values.append(None if size < 0 else body[place : place + size].decode())
        place += max(size, 0)
    return tuple(values)


def _message(body: bytes) -> str:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return f"{fields[b'S']}:  {fields[b'M']}"
