"""What a session over the server's private socket answers, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from testflow_process_env import ProcessProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning.postgres_session import PostgresSession, identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
