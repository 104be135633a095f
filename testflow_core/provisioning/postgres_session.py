"""A session with a PostgreSQL server that trusts whoever reaches its private socket; standard library only."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

# Drivers take longer to import than a server takes to start; the few messages of the simple query protocol do
# (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY).
_PROTOCOL_3 = 196608
_HEADER = struct.Struct("!ci")
_LENGTH = struct.Struct("!i")
_COUNT = struct.Struct("!h")


class PostgresSession:
    """A connection to one database by the server's socket; statements commit as they end."""

    def __init__(self, directory: Path, port: int, user: str, database: str, *, limit: float = 30.0) -> None:
        parameters = b"\0".join([b"user", user.encode(), b"database", database.encode(), b"", b""])
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(limit)
        try:
            self._connection.connect(str(directory / f".s.PGSQL.{port}"))
            self._answers = self._connection.makefile("rb")
            self._connection.sendall(_LENGTH.pack(8 + len(parameters)) + _LENGTH.pack(_PROTOCOL_3) + parameters)
            self._rows()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answers.close()
        self._connection.close()

    def query(self, sql: str) -> list[tuple[str | None, ...]]:
        """The rows that the statements answer, each value as text; ProvisionError with what the server says."""
        statement = sql.encode() + b"\0"
        self._connection.sendall(b"Q" + _LENGTH.pack(4 + len(statement)) + statement)
        return self._rows()

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
            elif kind == b"E":
                trouble = _message(body)
            elif kind == b"Z":
                if trouble:
                    raise ProvisionError(trouble)
                return rows


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
