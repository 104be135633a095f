"""Containers that are stopped, killed and paused on purpose, on a real engine."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from testflow_docker_env import DockerProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Service
from testflow_core.provisioning.postgres_session import PostgresSession
from testflow_core.provisioning.redis_copies import RedisSession

if TYPE_CHECKING:
    from collections.abc import Callable

    import docker

    from testflow_core.model import Endpoint, Site

    Of = Callable[..., Environment]


def ask(endpoint: Endpoint, *statements: str) -> list[tuple[str | None, ...]]:
    port, user, password = endpoint.port or 0, endpoint.user or "", endpoint.password or ""
    with PostgresSession(endpoint.host, port, user, endpoint.database or "", password=password) as session:
        return [row for statement in statements for row in session.query(statement)]


@pytest.mark.parametrize("fault", ["stop", "kill"])
def test_postgres_has_its_data_and_its_address_after_a_fault(site: Site, host: str, environment: Of, fault: str):
    services = environment(Service(name="db", type="postgres", version="15"))
    with DockerProvisioner(host=host).provision(services, evolve(site, faults=True)) as up:
        assert up.inject is not None
        ask(up.endpoints["db"], "create table kept as select 7 as number")
        undo = up.inject(fault, "db", 0.0)
        with pytest.raises(ConnectionRefusedError):
            ask(up.endpoints["db"], "table kept")
        undo()
        assert ask(up.endpoints["db"], "table kept") == [("7",)]


def test_redis_comes_back_where_it_was_and_empty(site: Site, host: str, environment: Of):
    services = environment(Service(name="cache", type="redis"))
    with DockerProvisioner(host=host).provision(services, evolve(site, faults=True)) as up:
        assert up.inject is not None
        with RedisSession(up.endpoints["cache"]) as before:
            before.ask("SET", "key", "value")
        up.inject("stop", "cache", 0.0)()
        with RedisSession(up.endpoints["cache"]) as after:
            assert after.ask("EXISTS", "key") == ["0"]


def test_the_log_of_a_container_that_was_started_again_goes_on_where_it_was(site: Site, host: str, environment: Of):
    words = ("sh", "-c", "echo started; exec httpd -f -p 80")
    services = environment(Service(name="web", type="docker", image="busybox:latest", command=words, ports={80: 0}))
    with DockerProvisioner(host=host).provision(services, evolve(site, faults=True)) as up:
        assert up.inject is not None
        for _ in range(2):
            up.inject("kill", "web", 0.0)()
        up.inject("stop", "web", 0.0)
        assert up.logs["web"].read_text() == "started\n" * 3


def test_a_port_that_somebody_took_meanwhile_is_told(site: Site, host: str, environment: Of, api: docker.APIClient):
    services = environment(
        Service(name="web", type="docker", image="busybox:latest", command=("httpd", "-f"), ports={80: 0})
    )
    with DockerProvisioner(host=host).provision(services, evolve(site, faults=True)) as up:
        assert up.inject is not None
        (container,) = api.containers(filters={"label": "testflow.service=web"})
        (port,) = {binding["PublicPort"] for binding in container["Ports"]}
        undo = up.inject("stop", "web", 0.0)
        with socket.create_server(("127.0.0.1", port)), pytest.raises(ProvisionError, match="container of web cannot"):
            undo()
