"""PostgreSQL servers of our own, with real binaries."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from testflow_process_env import ProcessProvisioner, binaries
from testflow_process_env.binaries import POSTGRES

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Provisioned, Readiness, Service, Site
from testflow_core.provisioning.process_tree import descendants

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from testflow_core.model import Json

pytestmark = pytest.mark.postgres


def provision(
    site: Site, *, name: str = "payment-db", version: str | None = None, postgres: str | None = None, **config: Json
) -> AbstractContextManager[Provisioned]:
    service = Service(name=name, type="postgres", version=version, config=config)
    return ProcessProvisioner(postgres=postgres).provision(Environment(name="e", services={name: service}), site)


def query(up: Provisioned, sql: str, name: str = "payment-db") -> object:
    with psycopg.connect(up.endpoints[name].url or "") as connection:
        row = connection.execute(sql.encode()).fetchone()
    return None if row is None else row[0]


def test_a_server_answers_at_its_url_and_is_gone_afterwards(site: Site):
    before = {process.pid for process in descendants(os.getpid())}
    with provision(site) as up:
        endpoint = up.endpoints["payment-db"]
        assert query(up, "select current_database()") == "payment_db"
        assert (endpoint.user, endpoint.database) == ("postgres", "payment_db")
        assert query(up, "show server_encoding") == "UTF8"
        assert query(up, "select lower('Ä') = 'ä'") is True
        assert up.variables["PAYMENT_DB_URL"] == endpoint.url
        assert up.variables["PAYMENT_DB_PASSWORD"] == endpoint.password
        assert not list(site.directory.rglob("password"))
    assert {process.pid for process in descendants(os.getpid())} <= before
    assert not site.directory.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(endpoint.url or "")


def test_a_wrong_password_is_refused(site: Site):
    with provision(site) as up, pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect((up.endpoints["payment-db"].url or "").replace("postgres:", "postgres:x"))


def test_its_socket_is_in_its_private_directory(site: Site):
    with provision(site) as up:
        assert query(up, "show listen_addresses") == "127.0.0.1"
        place = query(up, "show unix_socket_directories")
        assert place == "" or Path(str(place)).is_relative_to(site.directory)


def test_a_path_too_long_for_a_socket_is_no_obstacle(site: Site):
    deep = site.directory / ("d" * 90)
    deep.mkdir()
    with provision(Site(lease="deep", directory=deep, workspace=site.workspace)) as up:
        assert query(up, "show unix_socket_directories") == ""


@pytest.mark.parametrize("odd", ["a,b", 'a","b', 'say "so"', " a"])
def test_a_path_of_odd_characters_is_one_place_for_its_socket(site: Site, odd: str):
    directory = site.directory / odd
    directory.mkdir()
    with provision(Site(lease="odd", directory=directory, workspace=site.workspace)) as up:
        (listening,) = directory.glob("*/.s.PGSQL.*[0-9]")
        assert listening.is_socket()
        assert query(up, "select current_database()") == "payment_db"


def test_the_wished_port_is_taken_or_another_where_it_is_not_free(site: Site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wished = taken.getsockname()[1]
        with provision(site, port=wished) as up:
            (item,) = up.endpoints["payment-db"].ports.items()
            assert item[0] == wished
            assert item[1] != wished
            assert query(up, "select 1") == 1


def test_user_password_and_database_are_those_asked_for(site: Site):
    with provision(site, user="Pay Er@é", password="p@ss/w ord:", database='my "db" = x') as up:  # noqa: S106 (made up)
        assert query(up, "select current_user || ' in ' || current_database()") == 'Pay Er@é in my "db" = x'


def test_the_database_postgres_need_not_be_made(site: Site):
    with provision(site, database="postgres") as up:
        assert query(up, "select current_database()") == "postgres"


def test_a_database_that_the_server_has_already_is_told(site: Site):
    with (
        pytest.raises(ProvisionError, match='database "template1" already exists'),
        provision(site, database="template1"),
    ):
        pytest.fail("it never came up")


def test_schemas_are_loaded_in_order_from_the_workspace_then_from_the_checkouts(site: Site, tmp_path: Path):
    (site.workspace / "one.sql").write_text("create table t (id int);")
    for checkout, statement in {"a": "insert into t values (1);", "b": "insert into t values (2);"}.items():
        (tmp_path / checkout).mkdir()
        (tmp_path / checkout / "two.sql").write_text(statement)
    (tmp_path / "a" / "one.sql").write_text("no sql at all")
    full = Site(
        lease="full",
        directory=site.directory,
        workspace=site.workspace,
        checkouts={"a": tmp_path / "a", "b": tmp_path / "b"},
    )
    with provision(full, schemas=("one.sql", "two.sql"), database="it's \\ x=1") as up:
        assert query(up, "select sum(id) from t") == 1


def test_a_missing_schema_is_told_with_where_it_was_looked_for(site: Site):
    with (
        pytest.raises(ProvisionError, match=r"payment-db has no schema file 'none\.sql'; looked for .*workspace/none"),
        provision(site, schemas=("none.sql",)),
    ):
        pytest.fail("it never came up")
    assert not site.directory.exists()


def test_an_error_in_a_schema_is_told_with_file_line_and_message(site: Site):
    (site.workspace / "bad.sql").write_text("create table t (id int);\n\ncreat table u (id int);\n")
    with (
        pytest.raises(ProvisionError, match=r'bad\.sql, line 3: ERROR:  syntax error at or near "creat"') as caught,
        provision(site, schemas=("bad.sql",)),
    ):
        pytest.fail("it never came up")
    assert 'syntax error at or near "creat"' in caught.value.logs["payment-db"]


def test_a_schema_that_never_ends_is_an_error(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_process_env.postgres._SCHEMA_LIMIT", timedelta(seconds=2))
    (site.workspace / "slow.sql").write_text("select pg_sleep(600);")
    with (
        pytest.raises(ProvisionError, match="it did not end within 2 s"),
        provision(site, schemas=("slow.sql",)),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize(
    "found", binaries.available(POSTGRES, binaries.directories(POSTGRES)), ids=lambda each: each.version
)
def test_every_version_that_is_here_can_be_had(site: Site, found: binaries.Binaries):
    with provision(site, version=found.version, postgres=str(found.directory)) as up:
        assert str(query(up, "show server_version")).startswith(found.version)
        assert up.warnings == ()


def test_a_version_that_is_not_here_is_replaced_with_a_warning_that_names_both(site: Site):
    with provision(site, version="9.4") as up:
        running = str(query(up, "show server_version")).split()[0]
        (warning,) = up.warnings
        assert warning.startswith("payment-db: PostgreSQL 9.4 was asked for and is not installed here; ")
        assert running in warning


def test_the_engines_own_postgres_variables_do_not_matter(site: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PGOPTIONS", "-c nonsense=1")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    monkeypatch.setenv("PGPORT", "1")
    with provision(site) as up:
        assert psycopg.connect(up.endpoints["payment-db"].url or "", options="").close() is None


def test_a_server_that_cannot_be_made_is_told_with_what_initdb_said(site: Site, tmp_path: Path):
    (found, *_) = binaries.available(POSTGRES, binaries.directories(POSTGRES))
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in POSTGRES.programs:
        (broken / name).symlink_to(found.directory / name)
    (broken / "initdb").unlink()
    (broken / "initdb").write_text("#!/bin/sh\necho 'disk full' >&2; exit 1\n")
    (broken / "initdb").chmod(0o755)
    with (
        pytest.raises(ProvisionError, match=r"(?s)initdb of PostgreSQL .* failed:.*disk full"),
        provision(site, postgres=str(broken)),
    ):
        pytest.fail("it never came up")


def test_a_server_whose_database_cannot_be_made_ahead_is_told_with_what_it_said(site: Site, tmp_path: Path):
    (found, *_) = binaries.available(POSTGRES, binaries.directories(POSTGRES))
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("initdb", "psql"):
        (broken / name).symlink_to(found.directory / name)
    (broken / "postgres").write_text(
        f"#!/bin/sh\n[ \"$1\" = --version ] && exec {found.directory}/postgres --version\necho 'no room' >&2\nexit 1\n"
    )
    (broken / "postgres").chmod(0o755)
    with (
        pytest.raises(ProvisionError, match=r"(?s)postgres --single of PostgreSQL .* failed:.*no room"),
        provision(site, postgres=str(broken)),
    ):
        pytest.fail("it never came up")


def test_a_server_that_dies_while_starting_is_told_with_its_log(site: Site, tmp_path: Path):
    (found, *_) = binaries.available(POSTGRES, binaries.directories(POSTGRES))
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("initdb", "psql"):
        (broken / name).write_text(f'#!/bin/sh\nexec {found.directory / name} "$@"\n')
    (broken / "postgres").write_text(
        f'#!/bin/sh\ncase "$1" in --version|--single) exec {found.directory}/postgres "$@";; esac\n'
        "echo 'no memory' >&2\nexit 2\n"
    )
    for program in broken.iterdir():
        program.chmod(0o755)
    with (
        pytest.raises(ProvisionError, match=r"(?s)payment-db ended with exit code 2 while starting.*no memory"),
        provision(site, postgres=str(broken)),
    ):
        pytest.fail("it never came up")


def test_its_own_readiness_may_be_limited(site: Site):
    service = Service(name="db", type="postgres", readiness=Readiness(log="never said", timeout=timedelta(seconds=1)))
    with (
        pytest.raises(ProvisionError, match="no line of its log matches 'never said'"),
        ProcessProvisioner().provision(Environment(name="e", services={"db": service}), site),
    ):
        pytest.fail("it never came up")


def test_servers_of_one_environment_start_side_by_side(site: Site):
    services = {name: Service(name=name, type="postgres") for name in ("one", "two")}
    with ProcessProvisioner().provision(Environment(name="e", services=services), site) as up:
        assert [query(up, "select current_database()", name) for name in services] == ["one", "two"]
        assert up.endpoints["one"].password != up.endpoints["two"].password
