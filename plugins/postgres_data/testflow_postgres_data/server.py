"""A PostgreSQL server, as the role that a URL names sees it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
from attrs import field, frozen
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from testflow_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

    from psycopg.abc import Params, Query

Connection = psycopg.Connection[tuple[object, ...]]
TIMEOUT = 5
"""Seconds that a connection may take."""

_LOCAL = ("", "localhost", "127.0.0.1", "::1")


@frozen(kw_only=True)
class Server:
    """
    `url` as libpq takes it, also `host=... dbname=...`; the password stands in it, or where libpq looks for one.

    `given` is what people wrote, where that is a URL and all that is known.
    """

    url: str = field(repr=False)
    given: str = field(default="", repr=False)

    @contextmanager
    def session(self, database: str | None = None, *, autocommit: bool = True) -> Generator[Connection]:
        """A connection to a database, that of the URL where none is named; DataError where there is none to be had."""
        parameters = {"dbname": database} if database else {}
        try:
            connection = psycopg.connect(
                self.url, autocommit=autocommit, connect_timeout=TIMEOUT, application_name="testflow", **parameters
            )
        except psycopg.Error as error:
            raise ServerAbsentError(f"PostgreSQL cannot be reached: {_said(error)}", local=self.local) from error
        with connection:
            yield connection

    @property
    def local(self) -> bool:
        """Whether it runs on this machine."""
        host = self._parts.get("host") or ""
        return host in _LOCAL or host.startswith("/")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, as it is and as it stands in a URL."""
        password = self._parts.get("password")
        return tuple(dict.fromkeys((password, quote(password, safe="")))) if password else ()

    def address(self, database: str | None = None, schema: str | None = None) -> str:
        """A URL of a database, and a schema in it, on this server; the one that was given as far as it goes."""
        if self.given and not database:
            mark = "&" if "?" in self.given else "?"
            return f"{self.given}{mark}options=-csearch_path%3D{schema}" if schema else self.given
        parts = self._parts
        credentials = quote(parts.pop("user", ""), safe="")
        if password := parts.pop("password", ""):
            credentials += f":{quote(password, safe='')}"
        name = database or parts.get("dbname", "")
        parts.pop("dbname", None)
        host, port = parts.pop("host", ""), parts.pop("port", "")
        if schema:
            parts["options"] = f"{parts.get('options', '')} -csearch_path={schema}".strip()
        if host.startswith("/"):
            parts["host"], host = host, ""
        query = "&".join(f"{key}={quote(value, safe='')}" for key, value in parts.items())
        place = f"{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
        return f"postgresql://{f'{credentials}@' if credentials else ''}{place}/{quote(name, safe='')}" + (
            f"?{query}" if query else ""
        )

    @property
    def _parts(self) -> dict[str, str]:
        return {key: str(value) for key, value in conninfo_to_dict(self.url).items() if value is not None}


class ServerAbsentError(DataError):
    """Nobody answers; `local` where that server, if there is one, is on this machine."""

    def __init__(self, message: str, *, local: bool) -> None:
        super().__init__(message)
        self.local = local


def server(url: str, password: str | None) -> Server:
    """The server of a URL, with a password that stands elsewhere; DataError where it is no URL."""
    try:
        whole = make_conninfo(url, **({"password": password} if password else {}))
    except psycopg.Error as error:
        raise DataError(f"{url!r} does not tell where PostgreSQL is: {_said(error)}") from error
    return Server(url=whole, given=url if "://" in url and not password else "")


def without_password(url: str) -> str:
    """A URL that may be shown."""
    return re.sub(r"(//[^/@:]*):[^/@]*@", r"\1@", url)


def told(error: psycopg.Error, data: str) -> DataError:
    """What the server said, with the detail and where, in words for people."""
    diagnosis = error.diag
    further = (diagnosis.message_detail, diagnosis.context)
    said = "; ".join(part for part in (diagnosis.message_primary or _said(error), *further) if part)
    return DataError(f"the data set {data!r} cannot be put into PostgreSQL: {said}")


def execute(connection: Connection, statement: str, parameters: Params | None = None) -> list[tuple[object, ...]]:
    """Execute a statement whose names are quoted, and answer its rows, if it has any."""
    query: Query = sql.SQL(statement)  # pyright: ignore[reportArgumentType] - put together of quoted names
    cursor = connection.execute(query, parameters)
    return cursor.fetchall() if cursor.description else []


def _said(error: Exception) -> str:
    return str(error).strip().replace("\n", " ")
