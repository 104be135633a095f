"""PostgreSQL servers that are reset and copied, with real binaries."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from attrs import evolve
from testflow_process_env import ProcessProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import By, Environment, Provisioned, Service, Site
from testflow_core.provisioning.postgres_copies import KEPT

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from testflow_core.model import Endpoint, Json

SCHEMA = """
create table things (id serial primary key, name text);
insert into things (name) values ('one'), ('two');
"""
OWN = """
create role reader;
alter database shop set datestyle to 'German';
alter database shop set search_path to "$user", public, "s{}";
alter role reader in database shop set work_mem to '5MB';
revoke connect on database shop from public;
grant connect on database shop to reader with grant option;
"""


@pytest.fixture
def roomy(site: Site) -> Site:
    """A site that asks for copies, with a file of SQL."""
    (site.workspace / "things.sql").write_text(SCHEMA)
    return evolve(site, copies=True)


def provision(site: Site, **config: Json) -> AbstractContextManager[Provisioned]:
    service = Service(name="shop", type="postgres", config={"schemas": ["things.sql"], **config})
    return ProcessProvisioner().provision(Environment(name="e", services={"shop": service}), site)


@contextmanager
def copy(up: Provisioned, by: By = By.DATABASE) -> Generator[Endpoint]:
    assert up.clone is not None
    with up.clone(by) as own:
        yield own.endpoints["shop"]


def renew(up: Provisioned) -> None:
    assert up.renew is not None
    assert up.renew().endpoints == up.endpoints


def run(endpoint: Endpoint, *statements: str) -> list[tuple[object, ...]]:
    """The rows of the last of some statements."""
    with psycopg.connect(endpoint.url or "", autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def names(endpoint: Endpoint) -> list[object]:
    return [name for (name,) in run(endpoint, "select name from things order by id")]


def databases(endpoint: Endpoint) -> set[object]:
    return {name for (name,) in run(endpoint, "select datname from pg_database")}


@pytest.mark.postgres
class TestPostgres:
    def test_has_no_copy_and_none_is_kept_where_nobody_asks(self, roomy: Site):
        with provision(evolve(roomy, copies=False)) as up:
            assert up.clone is None
            assert KEPT not in databases(up.endpoints["shop"])

    @pytest.mark.parametrize("database", ["shop", "postgres", 'it\'s {0} "Ä"' + 20 * "ü"])
    def test_a_copy_is_what_was_prepared_whatever_has_happened_since_and_gone_on_exit(self, roomy: Site, database: str):
        with provision(roomy, database=database) as up:
            first = up.endpoints["shop"]
            run(first, "insert into things (name) values ('three')")
            with copy(up) as one, copy(up) as other:
                assert names(one) == names(other) == ["one", "two"]
                run(one, "drop table things")
                assert names(other) == ["one", "two"]
                assert one.database in databases(first)
                assert (one.host, one.ports, one.user, one.password) == (
                    first.host,
                    first.ports,
                    first.user,
                    first.password,
                )
            assert databases(first) == {database, "postgres", "template0", "template1", KEPT}
            assert names(first) == ["one", "two", "three"]

    def test_tests_are_told_of_the_copy_by_the_same_variables(self, roomy: Site):
        with provision(roomy) as up:
            assert up.clone is not None
            with up.clone(By.DATABASE) as own:
                assert own.variables["SHOP_URL"] == own.endpoints["shop"].url != up.variables["SHOP_URL"]
                assert own.variables["SHOP_DATABASE"] == own.endpoints["shop"].database

    def test_a_copy_goes_though_somebody_is_connected_to_it(self, roomy: Site):
        with provision(roomy) as up, ExitStack() as exits:
            with copy(up) as own:
                connection = exits.enter_context(psycopg.connect(own.url or ""))
            with pytest.raises(psycopg.OperationalError):
                connection.execute("select 1")

    def test_a_copy_goes_though_its_user_fails(self, roomy: Site):
        with provision(roomy) as up:
            with pytest.raises(KeyError), copy(up):
                raise KeyError
            assert len(databases(up.endpoints["shop"])) == 5

    def test_copies_are_made_at_the_same_time(self, roomy: Site):
        with provision(roomy) as up:
            found: list[object] = []

            def one() -> None:
                with copy(up) as own:
                    found.extend(names(own))

            threads = [threading.Thread(target=one) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert found == 4 * ["one", "two"]

    def test_a_copy_has_what_is_said_of_the_database_outside_of_it(self, roomy: Site):
        (roomy.workspace / "own.sql").write_text(OWN)
        told = (
            "select setting, (select array_agg(acl :: text order by acl :: text) from pg_database,"
            " unnest(datacl) acl where datname = current_database()),"
            " (select array_agg(setconfig :: text order by setconfig :: text) from pg_db_role_setting"
            " join pg_database d on d.oid = setdatabase where datname = current_database())"
            " from pg_settings where name = 'search_path'"
        )
        with provision(roomy, schemas=["things.sql", "own.sql"]) as up, copy(up) as own:
            before = run(up.endpoints["shop"], told)
            assert "reader" in str(before)
            assert run(own, told) == before
            renew(up)
            assert run(up.endpoints["shop"], told) == before

    def test_a_schema_has_the_files_loaded_and_is_gone_on_exit(self, roomy: Site):
        with provision(roomy) as up:
            first = up.endpoints["shop"]
            run(first, "insert into things (name) values ('three')")
            with copy(up, By.SCHEMA) as one, copy(up, By.SCHEMA) as other:
                run(one, "delete from things")
                assert (names(one), names(other)) == ([], ["one", "two"])
                assert one.database == first.database
            assert run(first, "select count(*) from pg_namespace where nspname like 'testflow%'") == [(0,)]
            assert names(first) == ["one", "two", "three"]

    def test_a_schema_without_files_is_empty(self, roomy: Site):
        with provision(roomy, schemas=[]) as up, copy(up, By.SCHEMA) as own:
            assert run(own, "create table things ()", "select current_schema() like 'testflow%'") == [(True,)]

    def test_files_that_cannot_be_loaded_twice_are_told_and_leave_no_schema(self, roomy: Site):
        (roomy.workspace / "things.sql").write_text("create table public.things (id int);")
        with provision(roomy) as up:
            with (
                pytest.raises(ProvisionError, match=r'things\.sql, line 1: .*"things" already exists'),
                copy(up, By.SCHEMA),
            ):
                pytest.fail("there is none")
            assert run(up.endpoints["shop"], "select count(*) from pg_namespace where nspname like 'testflow%'") == [
                (0,)
            ]

    @pytest.mark.parametrize("database", ["shop", "postgres"])
    def test_is_reset_to_what_was_prepared(self, roomy: Site, database: str):
        with provision(roomy, database=database) as up, ExitStack() as exits:
            shop = up.endpoints["shop"]
            connected = exits.enter_context(psycopg.connect(shop.url or ""))
            run(
                shop,
                "insert into things (name) values ('three')",
                "create role mallory superuser",
                "create database mallorys owner mallory",
                "alter system set work_mem to '7MB'",
                "select pg_reload_conf()",
            )
            renew(up)
            assert names(shop) == ["one", "two"]
            assert databases(shop) == {database, "postgres", "template0", "template1", KEPT}
            assert run(shop, "select count(*) from pg_roles where rolname = 'mallory'") == [(0,)]
            assert run(shop, "select setting from pg_settings where name = 'work_mem'") == [("4096",)]
            with pytest.raises(psycopg.OperationalError):
                connected.execute("select 1")
            run(shop, "insert into things (name) values ('three')")
            renew(up)
            assert names(shop) == ["one", "two"]

    def test_is_reset_though_its_database_was_dropped(self, roomy: Site):
        with provision(roomy) as up:
            shop = up.endpoints["shop"]
            run(evolve(shop, url=(shop.url or "").replace("/shop", "/postgres")), "drop database shop")
            renew(up)
            assert names(shop) == ["one", "two"]

    @pytest.mark.parametrize(
        ("statement", "left"),
        [
            ("alter role postgres connection limit 90", "role postgres"),
            ("select pg_create_physical_replication_slot('mine')", "replication slot mine"),
            ("alter role postgres set work_mem to '6MB'", "settings of postgres"),
        ],
    )
    def test_what_a_reset_leaves_is_told(self, roomy: Site, statement: str, left: str):
        with provision(roomy) as up:
            run(up.endpoints["shop"], statement)
            with pytest.raises(ProvisionError, match=f"shop cannot be reset: other than it was: {left}$") as caught:
                renew(up)
            assert caught.value.service == "shop"

    def test_what_was_done_to_another_database_is_told(self, roomy: Site):
        with provision(roomy) as up:
            shop = up.endpoints["shop"]
            run(evolve(shop, url=(shop.url or "").replace("/shop", "/postgres")), "create table mine ()")
            with pytest.raises(ProvisionError, match="other than it was: what the database postgres holds"):
                renew(up)

    def test_what_was_done_to_the_kept_copy_is_told(self, roomy: Site):
        with provision(roomy) as up:
            shop = up.endpoints["shop"]
            run(shop, f"alter database {KEPT} with allow_connections true")
            run(evolve(shop, url=(shop.url or "").replace("/shop", f"/{KEPT}")), "create table mine ()")
            with pytest.raises(ProvisionError, match="what the database shop holds"):
                renew(up)

    def test_a_connection_that_does_not_end_is_told(self, roomy: Site, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("testflow_core.provisioning.postgres_state._LIMIT", 0.01)
        # Where the number that a process tells of itself is ours, too.
        with provision(evolve(roomy, isolation="subreaper")) as up:
            shop = up.endpoints["shop"]
            with psycopg.connect(shop.url or "") as connection:
                backend = connection.info.backend_pid
                os.kill(backend, signal.SIGSTOP)
                try:
                    with pytest.raises(ProvisionError, match="to the database 'shop' do not end within"):
                        renew(up)
                finally:
                    os.kill(backend, signal.SIGCONT)

    def test_a_server_that_is_gone_is_told(self, roomy: Site):
        with provision(roomy) as up:
            pass
        with pytest.raises(ProvisionError, match="the service shop cannot be reset"):
            renew(up)

    def test_is_copied_at_a_path_too_long_for_a_socket(self, roomy: Site):
        deep = roomy.directory / ("d" * 90)
        deep.mkdir()
        with provision(evolve(roomy, directory=deep), user="Pay Er@é", password="p@ss ½ é") as up, copy(up) as own:  # noqa: S106 (made up)
            assert names(own) == ["one", "two"]
            renew(up)


def test_services_without_copies_are_shared(roomy: Site):
    program = Service(name="program", type="process", command=("sleep", "1000"))
    shop = Service(name="shop", type="postgres")
    environment = Environment(name="e", services={"program": program, "shop": shop})
    with ProcessProvisioner().provision(environment, roomy) as up:
        assert up.clone is not None
        with up.clone(By.DATABASE) as own:
            assert own.endpoints["program"] == up.endpoints["program"]
