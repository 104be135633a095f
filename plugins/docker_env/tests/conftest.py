"""A container engine, sites to provision on, and the claim of every test that it leaves nothing on the engine."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import docker
import pytest
from testflow_docker_env.hosts import engine_host, no_engine

from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning.leases import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOST = engine_host()

# A shell without job control ignores interrupts for what it puts in the background, and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test that asks for an engine is marked so."""
    for item in items:
        if "host" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def host() -> str:
    reason = no_engine(HOST)
    if reason is not None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return HOST


@pytest.fixture(scope="session")
def api(host: str) -> Iterator[docker.APIClient]:
    client = docker.APIClient(base_url=host)
    yield client
    client.close()


def inventory(api: docker.APIClient) -> dict[str, set[str]]:
    return {
        "containers": {each["Id"] for each in api.containers(all=True)},
        "networks": {each["Id"] for each in api.networks()},
        "volumes": {each["Name"] for each in api.volumes()["Volumes"] or ()},
    }


@pytest.fixture
def nothing_left(api: docker.APIClient) -> Iterator[None]:
    """What a test brought up is gone afterwards: the same containers, networks and volumes as before."""
    before = inventory(api)
    yield
    assert inventory(api) == before


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    directory = tmp_path / "workspace"
    directory.mkdir()
    return directory


@pytest.fixture
def new_site(workspace: Path, nothing_left: None) -> Iterator[Callable[[], Site]]:
    with ExitStack() as leases:

        def site() -> Site:
            lease = leases.enter_context(private_directory())
            return Site(lease=lease.name, directory=lease.directory, workspace=workspace)

        yield site


@pytest.fixture
def site(new_site: Callable[[], Site]) -> Site:
    return new_site()


@pytest.fixture
def environment() -> Callable[..., Environment]:
    def of(*services: Service) -> Environment:
        return Environment(name="e", services={service.name: service for service in services})

    return of
