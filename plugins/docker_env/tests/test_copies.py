"""PostgreSQL and Redis in containers, reset and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from testflow_docker_env import DockerProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import By, Endpoint, Environment, Service, Site
from testflow_core.provisioning.postgres_session import PostgresSession

if TYPE_CHECKING:
    from collections.abc import Callable

    Of = Callable[..., Environment]

THINGS = "create table things (name text);\ninsert into things values ('one');\n"


def ask(endpoint: Endpoint, sql: str) -> list[tuple[str | None, ...]]:
    port, user, password = endpoint.port or 0, endpoint.user or "", endpoint.password or ""
    with PostgresSession(endpoint.host, port, user, endpoint.database or "", password=password) as session:
        return session.query(sql)


def test_a_copy_has_what_the_files_of_sql_have_made(site: Site, host: str, environment: Of):
    (site.workspace / "things.sql").write_text(THINGS)
    services = environment(Service(name="db", type="postgres", version="15", config={"schemas": ["things.sql"]}))
    with DockerProvisioner().provision(services, evolve(site, copies=True)) as up:
        assert up.clone is not None
        ask(up.endpoints["db"], "delete from things")
        with up.clone(By.DATABASE) as own:
            assert ask(own.endpoints["db"], "table things") == [("one",)]
        with up.clone(By.SCHEMA) as own:
            (schema,) = ask(up.endpoints["db"], "select nspname from pg_namespace where nspname like 'testflow%'")[0]
            assert (own.endpoints["db"].url or "").endswith(f"?options=-csearch_path%3D{schema}")
            assert ask(own.endpoints["db"], f"table {schema}.things") == [("one",)]


def test_files_that_cannot_be_loaded_twice_are_told_by_their_own_names(site: Site, host: str, environment: Of):
    (site.workspace / "things.sql").write_text("create table public.things ();")
    services = environment(Service(name="db", type="postgres", version="15", config={"schemas": ["things.sql"]}))
    with DockerProvisioner().provision(services, evolve(site, copies=True)) as up:
        assert up.clone is not None
        with (
            pytest.raises(ProvisionError, match=r"workspace/things\.sql, line 1: .*already exists"),
            up.clone(By.SCHEMA),
        ):
            pytest.fail("there is none")


def test_nothing_can_be_copied_where_nobody_asks(site: Site, host: str, environment: Of):
    services = environment(Service(name="db", type="postgres", version="15"), Service(name="cache", type="redis"))
    with DockerProvisioner().provision(services, site) as up:
        assert up.clone is None
