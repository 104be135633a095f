"""A prepared PostgreSQL database that can be gone back to, and copied."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import evolve, field, frozen

from testflow_core.errors import ProvisionError
from testflow_core.model import By, Endpoint
from testflow_core.provisioning import postgres, postgres_state
from testflow_core.provisioning.postgres_session import PostgresSession, identifier

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.provisioning.launch import Running

KEPT = "testflow_prepared"
"""The database that copies are made from; nobody may connect to it."""

_LIMIT = 120.0
_NAME_LIMIT = 50


@frozen(kw_only=True)
class _Kept:
    """What a server was like when its database had been prepared."""

    inventory: Mapping[str, str]
    content: str
    elsewhere: str
    belongings: tuple[str, ...]
    strategy: str


@frozen(kw_only=True)
class CopiedServer:
    """
    A server whose database is copied.

    `place` is where sessions reach it: the directory of its socket, or its host. `load` loads the files of SQL into a
    schema of its database, by the schema's name.
    """

    service: str
    place: Path | str
    endpoint: Endpoint
    load: Callable[[str], None]
    _kept: list[_Kept] = field(init=False, factory=list["_Kept"], eq=False, repr=False)

    def keep(self) -> None:
        """Note what the server is like, and keep a copy of its database that nobody changes."""
        name = self._database
        with self._told("be copied"), self._session(self._another) as session:
            (version,) = session.query("SHOW server_version_num")
            strategy = postgres.strategy(str(int(version[0] or 0) // 10_000))
            postgres_state.forsaken(session, name)
            session.query(f"CREATE DATABASE {identifier(KEPT)} TEMPLATE {identifier(name)}{strategy}")
            with self._session(KEPT) as kept:
                content = postgres_state.content(kept)
            session.query(f"ALTER DATABASE {identifier(KEPT)} WITH ALLOW_CONNECTIONS false")
            found = _Kept(
                inventory=postgres_state.inventory(session),
                content=content,
                elsewhere=postgres_state.content(session),
                belongings=postgres_state.belongings(session, name),
                strategy=strategy,
            )
            self._kept.append(found)

    def reset(self) -> None:
        """
        Make the server as it was when its database had been prepared; ProvisionError with what is not.

        Whoever is connected to the database is not any more.
        """
        kept = self._kept[0]
        with self._told("be reset"):
            with self._session(self._another) as session:
                _clear(session, self._database, kept.inventory)
                self._copy(session, self._database, kept)
                left = postgres_state.difference(kept.inventory, postgres_state.inventory(session))
                if postgres_state.content(session) != kept.elsewhere:
                    left.append(f"what the database {self._another} holds")
            with self._session(self._database) as session:
                if postgres_state.content(session) != kept.content:
                    left.append(f"what the database {self._database} holds")
            if left:
                raise ProvisionError(f"other than it was: {', '.join(left)}")

    @contextmanager
    def clone(self, by: By) -> Generator[Endpoint]:
        """A database or a schema like the server's own when it had been prepared, at another endpoint; gone on exit."""
        if by is By.SCHEMA:
            yield from self._schema()
            return
        name = _new_name(self._database)
        with self._told("be copied"), self._session(self._another) as session:
            self._copy(session, name, self._kept[0])
        try:
            yield evolve(self.endpoint, database=name, url=_url(self.endpoint, name))
        finally:
            with self._told("lose a copy"), self._session(self._another) as session:
                postgres_state.drop(session, name)

    def _schema(self) -> Generator[Endpoint]:
        name = _new_name("testflow")
        with self._told("have another schema"), self._session(self._database) as session:
            session.query(f"CREATE SCHEMA {identifier(name)}")
        try:
            self.load(name)
            url = f"{_url(self.endpoint, self._database)}?options={quote(f'-csearch_path={name}', safe='')}"
            yield evolve(self.endpoint, url=url)
        finally:
            with self._told("lose a schema"), self._session(self._database) as session:
                session.query(f"DROP SCHEMA IF EXISTS {identifier(name)} CASCADE")

    def _copy(self, session: PostgresSession, name: str, kept: _Kept) -> None:
        session.query(f"CREATE DATABASE {identifier(name)} TEMPLATE {identifier(KEPT)}{kept.strategy}")
        for statement in kept.belongings:
            session.query(statement.format(identifier(name)))

    @property
    def _database(self) -> str:
        return self.endpoint.database or ""

    @property
    def _another(self) -> str:
        """A database from which this one can be copied and dropped."""
        return "template1" if self._database == "postgres" else "postgres"

    def _session(self, database: str) -> PostgresSession:
        port, user, password = self.endpoint.port or 0, self.endpoint.user or "", self.endpoint.password or ""
        return PostgresSession(self.place, port, user, database, password=password, limit=_LIMIT)

    @contextmanager
    def _told(self, what: str) -> Generator[None]:
        try:
            yield
        except (ProvisionError, OSError) as error:
            said = f"the service {self.service} cannot {what}: {error}"
            raise ProvisionError(said, service=self.service) from error


def copied(running: Running, server: CopiedServer) -> Running:
    """The service, which can be reset and copied once it has been prepared and filled."""
    return evolve(running, keep=server.keep, reset=server.reset, clone=server.clone)


def _clear(session: PostgresSession, database: str, before: Mapping[str, str]) -> None:
    """Remove the database, what is younger than it of databases, then of roles, and settings of the server."""
    now = postgres_state.inventory(session)
    new = [what.partition(" ") for what in now if what not in before]
    databases = [name for kind, _, name in new if kind == "database"]
    for name in (*databases, database):
        postgres_state.drop(session, name)
    for kind, _, name in new:
        if kind == "role":
            session.query(f"DROP ROLE {identifier(name)}")
        if kind == "setting":
            session.query(f"ALTER SYSTEM RESET {identifier(name)}")
    session.query("SELECT pg_reload_conf()")


def _new_name(database: str) -> str:
    """A name that no other database has, however long; PostgreSQL counts bytes."""
    return f"{database.encode()[:_NAME_LIMIT].decode(errors='ignore')}_{secrets.token_hex(5)}"


def _url(endpoint: Endpoint, database: str) -> str:
    return f"{(endpoint.url or '').rpartition('/')[0]}/{quote(database, safe='')}"
