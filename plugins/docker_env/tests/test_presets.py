"""PostgreSQL and Redis as containers."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest
from testflow_docker_env import DockerProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Readiness, Service, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

    Of = Callable[..., Environment]

SOON = timedelta(seconds=30)
CREATES = "create table things (name text primary key);\ninsert into things values ('größer'), ('klein');\n"


def asking(query: str, answered: str, url: str = "{db.url}") -> Service:
    """A client in a container of its own, ready once the database has given the right answer."""
    return Service(
        name="client",
        type="docker",
        image="postgres:15",
        command=("-c", "unused=1"),
        env={"POSTGRES_PASSWORD": "own"},
        readiness=Readiness(exec=("sh", "-c", f'psql "{url}" -XAtc "{query}" | grep -x "{answered}"'), timeout=SOON),
    )


def postgres(version: str | None = "15", **config: object) -> Service:
    return Service(name="db", type="postgres", version=version, config=config)  # pyright: ignore[reportArgumentType] (the tests' own values)


def test_the_database_has_its_schemas_and_is_reached_from_both_sides(site: Site, host: str, environment: Of):
    (site.workspace / "things.sql").write_text(CREATES)
    (site.workspace / "more.sql").write_text("insert into things values ('mehr');\n")
    client = asking("select count(*), upper(min(name)) from things", "3|GRÖSSER".replace("GRÖSSER", "GRÖßER"))
    services = environment(client, postgres(schemas=["things.sql", "more.sql"]))
    with DockerProvisioner().provision(services, site) as up:
        db = up.endpoints["db"]
        url = urlsplit(db.url or "")
        assert (url.scheme, url.username, url.path) == ("postgresql", "postgres", "/db")
        assert (url.hostname, url.port, url.password) == ("127.0.0.1", db.port, db.password)
        assert db.password is not None
        assert db.password not in up.logs["db"].read_text()
        assert up.variables["DB_DATABASE"] == "db"
        assert not up.warnings


def test_what_config_says_is_what_the_server_has(site: Site, host: str, environment: Of):
    config = {"port": 6543, "user": "me", "password": "p'w d", "database": "My = DB"}
    client = asking(
        "show port", "6543", "host={db.host} port={db.port} user={db.user} password='p\\'w d' dbname='{db.database}'"
    )
    with DockerProvisioner().provision(environment(client, postgres(**config)), site) as up:
        assert list(up.endpoints["db"].ports) == [6543]
        assert up.endpoints["db"].user == "me"


def test_the_database_that_is_always_there_need_not_be_made(site: Site, host: str, environment: Of):
    services = environment(postgres(database="postgres", port=0))
    with DockerProvisioner().provision(services, site) as up:
        assert up.endpoints["db"].database == "postgres"


def test_a_mistake_in_a_schema_is_told_with_file_and_line(site: Site, host: str, environment: Of):
    (site.workspace / "bad.sql").write_text("create table a (x int);\n\ncreate tabel b (x int);\n")
    with (
        pytest.raises(ProvisionError, match=r"an SQL error in .*workspace/bad.sql, line 3: .*tabel"),
        DockerProvisioner().provision(environment(postgres(schemas=["bad.sql"])), site),
    ):
        pytest.fail("it never came up")


def test_a_schema_that_is_nowhere_is_told(site: Site, host: str, environment: Of):
    with (
        pytest.raises(ProvisionError, match=r"has no schema file 'gone\.sql'; looked for"),
        DockerProvisioner().provision(environment(postgres(schemas=["gone.sql"])), site),
    ):
        pytest.fail("it never came up")


def test_a_schema_that_never_ends_is_given_up(site: Site, host: str, environment: Of, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_docker_env.presets._SQL_LIMIT", 1.0)
    (site.workspace / "slow.sql").write_text("select pg_sleep(1000);\n")
    with (
        pytest.raises(ProvisionError, match="it did not end within 1 s"),
        DockerProvisioner().provision(environment(postgres(schemas=["slow.sql"])), site),
    ):
        pytest.fail("it never came up")


def test_the_nearest_version_is_used_with_a_warning_that_names_both(site: Site, host: str, environment: Of):
    with DockerProvisioner().provision(environment(postgres("15.0.invalid")), site) as up:
        [warning] = up.warnings
        assert warning.startswith("db: postgres 15.0.invalid was asked for and cannot be had; postgres:")
        assert "is used" in warning


def test_an_image_that_is_named_is_used_whatever_the_version(site: Site, host: str, environment: Of):
    named = Service(name="db", type="postgres", image="postgres:15", version="9", readiness=Readiness(log="ready"))
    with DockerProvisioner().provision(environment(named), site) as up:
        assert not up.warnings


@pytest.mark.parametrize("password", [None, "", "se cret"])
def test_redis_is_reached_from_both_sides(site: Site, host: str, environment: Of, password: str | None):
    config = {} if password is None else {"password": password}
    cache = Service(name="cache", type="redis", version="7", config=config)
    login = ["redis-cli", "-h", "{cache.host}", "-p", "{cache.port}"]
    login += [] if password == "" else ["-a", "{cache.password}"]
    client = Service(
        name="client",
        type="docker",
        image="redis:7",
        readiness=Readiness(exec=(*login, "set", "key", "value"), timeout=SOON),
        depends_on=("cache",),
    )
    with DockerProvisioner().provision(environment(client, cache), site) as up:
        endpoint = up.endpoints["cache"]
        said = endpoint.password
        assert said == (password or None) if password is not None else said and len(said) >= 24
        assert endpoint.url == f"redis://{f':{quote(said)}@' if said else ''}127.0.0.1:{endpoint.port}"
        with socket.create_connection(("127.0.0.1", endpoint.port or 0), timeout=20) as connection:
            if said:
                connection.sendall(b"get key\r\n")
                assert connection.recv(100).startswith(b"-NOAUTH")
                connection.sendall(f'auth "{said}"\r\n'.encode())
                assert connection.recv(100) == b"+OK\r\n"
            connection.sendall(b"get key\r\n")
            assert connection.recv(100) == b"$5\r\nvalue\r\n"


def test_the_password_of_redis_is_in_no_list_of_processes_nor_of_settings(
    site: Site, host: str, environment: Of, api: docker.APIClient
):
    cache = Service(name="cache", type="redis", config={"password": "s3cret-of-redis"})
    with DockerProvisioner().provision(environment(cache), site):
        filters = {"label": [f"testflow.lease={site.directory}"]}
        (container,) = api.containers(filters=filters)
        assert "redis-server" in str(api.top(container["Id"]))
        assert "s3cret-of-redis" not in str(api.top(container["Id"]))
        assert "s3cret-of-redis" not in str(api.inspect_container(container["Id"]))
