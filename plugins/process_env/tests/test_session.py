"""What a session answers, over the server's private socket and at its port, and how it ends."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from testflow_process_env import ProcessProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning.postgres_session import PostgresSession, identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testflow_core.model import Endpoint

pytestmark = pytest.mark.postgres


@pytest.fixture
def server(site: Site) -> Iterator[tuple[Path, int]]:
    environment = Environment(name="e", services={"db": Service(name="db", type="postgres")})
    with ProcessProvisioner().provision(environment, site) as up:
        (socket,) = site.directory.glob("*/.s.PGSQL.*[0-9]")
        yield socket.parent, up.endpoints["db"].port or 0


def test_rows_come_as_text_and_nothing_as_none(server: tuple[Path, int]):
    with PostgresSession(*server, "postgres", "db") as session:
        assert session.query("select 1, null, 'Ä', ''; select 2") == [("1", None, "Ä", ""), ("2",)]


@pytest.mark.parametrize("text", ["it's", 'say "so"', "back\\slash", "Ä\n"])
@pytest.mark.parametrize("conforming", ["on", "off"])
def test_names_and_texts_are_quoted(server: tuple[Path, int], text: str, conforming: str):
    with PostgresSession(*server, "postgres", "db") as session:
        session.query(f"set standard_conforming_strings to {conforming}")
        session.query(f"create table {identifier(text)} (value text default{literal(text)})")
        assert session.query("select relname from pg_class where relkind = 'r' and oid >= 16384") == [(text,)]
        session.query(f"insert into {identifier(text)} default values")
        assert session.query(f"table {identifier(text)}") == [(text,)]


def test_a_mistake_is_told_and_the_session_goes_on(server: tuple[Path, int]):
    with PostgresSession(*server, "postgres", "db") as session:
        with pytest.raises(ProvisionError, match='ERROR:  syntax error at or near "selekt"'):
            session.query("selekt 1")
        assert session.query("select 1") == [("1",)]


def test_a_database_that_is_not_there_is_told(server: tuple[Path, int]):
    with pytest.raises(ProvisionError, match='FATAL:  database "none" does not exist'):
        PostgresSession(*server, "postgres", "none")


def test_a_server_that_is_not_there_is_an_error_of_the_system(tmp_path: Path):
    with pytest.raises(OSError, match="No such file"):
        PostgresSession(tmp_path, 1, "postgres", "postgres")


def test_a_session_that_the_server_ends_is_told(server: tuple[Path, int]):
    with (
        PostgresSession(*server, "postgres", "db") as session,
        pytest.raises(ProvisionError, match="ended the connection: FATAL:  terminating connection"),
    ):
        session.query("select pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def at_port(site: Site) -> Iterator[Endpoint]:
    service = Service(name="db", type="postgres", config={"user": "Ä b", "password": "p'ss ½,r=x"})
    # The lower tier has the server's files where they are seen from here.
    site = evolve(site, isolation="subreaper")
    with ProcessProvisioner().provision(Environment(name="e", services={"db": service}), site) as up:
        yield up.endpoints["db"]


def session_at(endpoint: Endpoint, password: str) -> PostgresSession:
    return PostgresSession(endpoint.host, endpoint.port or 0, endpoint.user or "", "db", password=password)


def authenticate_by(method: str, site: Site, endpoint: Endpoint) -> None:
    """Have the server ask for another kind of password, as soon as it has read that."""
    (hba,) = site.directory.glob("*/data/pg_hba.conf")
    hba.write_text(f"local all all trust\nhost all all 127.0.0.1/32 {method}\n")
    with PostgresSession(hba.parent.parent, endpoint.port or 0, endpoint.user or "", "db") as session:
        session.query(f"set password_encryption to 'md5'; alter role current_user password{literal('other')}")
        session.query("select pg_reload_conf()")


def test_a_port_is_reached_with_a_password(at_port: Endpoint):
    with session_at(at_port, at_port.password or "") as session:
        assert session.query("select current_user") == [("Ä b",)]


def test_a_wrong_password_is_told(at_port: Endpoint):
    with pytest.raises(ProvisionError, match="password authentication failed for user"):
        session_at(at_port, "wrong")


def test_servers_that_know_nothing_newer_are_told_the_password_by_md5(at_port: Endpoint, site: Site):
    authenticate_by("md5", site, at_port)
    deadline = time.monotonic() + 20
    answered: list[tuple[str | None, ...]] = []
    while not answered:
        with suppress(ProvisionError), session_at(at_port, "other") as session:
            answered = session.query("select 1")
        assert time.monotonic() < deadline


def test_no_server_is_told_the_password_as_it_is(at_port: Endpoint, site: Site):
    authenticate_by("password", site, at_port)
    deadline = time.monotonic() + 20
    said = ""
    while "kind 3" not in said:
        with pytest.raises(ProvisionError) as caught:
            session_at(at_port, "other")
        said = str(caught.value)
        assert time.monotonic() < deadline, said
