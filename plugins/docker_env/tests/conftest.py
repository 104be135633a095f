"""A container engine, sites to provision on, and the claim of every test that it leaves nothing on the engine."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from testflow_docker_env.hosts import engine_host, no_engine

from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning.leases import private_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

HOST = engine_host()

# A shell without job control ignores interrupts for what it puts in the background, and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


REGISTRY = """
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {directory}}}
http: {{addr: 127.0.0.1:{port}}}
"""


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


@pytest.fixture(autouse=True)
def _alone_on_the_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that compare what is on the engine before and after take turns, also with those of another interpreter."""
    if "host" not in request.fixturenames:
        yield
        return
    lock = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


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


@pytest.fixture(scope="session")
def registry_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("registry")


@pytest.fixture
def stored_layers(registry_directory: Path) -> Path:
    """Where the registry keeps what images are made of: a folder each, below the first two digits of its digest."""
    return registry_directory / "images/docker/registry/v2/blobs/sha256"


@pytest.fixture(scope="session")
def serve_registry() -> Iterator[Callable[[Path, str], str]]:
    """Starts a registry of our own in a directory, with more settings; engines need no certificates for its address."""
    with ExitStack() as served:
        yield lambda directory, more: served.enter_context(_serving(directory, more))


@pytest.fixture(scope="session")
def registry(registry_directory: Path, serve_registry: Callable[[Path, str], str]) -> str:
    """The address of a registry of our own."""
    return serve_registry(registry_directory, "")


@contextmanager
def _serving(directory: Path, more: str) -> Generator[str]:
    program = shutil.which("docker-registry")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("docker-registry (Debian's) is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (directory / "config.yml").write_text(REGISTRY.format(directory=directory / "images", port=port) + more)
    with subprocess.Popen([program, "serve", directory / "config.yml"], stderr=subprocess.PIPE) as process:
        address = f"127.0.0.1:{port}"
        while not answers(address):
            assert process.poll() is None, process.stderr and process.stderr.read()
        yield address
        process.terminate()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=10):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False


@pytest.fixture
def pushed(registry: str, api: docker.APIClient) -> Iterator[str]:
    """An image that only the registry has."""
    repository = f"{registry}/thing"
    api.tag("busybox:latest", repository, "1.2")
    for line in api.push(repository, tag="1.2", stream=True, decode=True):
        assert "error" not in line, line
    api.remove_image(f"{repository}:1.2")
    yield repository
    with suppress(Exception):
        api.remove_image(f"{repository}:1.2")


@pytest.fixture
def made_image(api: docker.APIClient) -> Callable[[str], str]:
    """Makes an image of a folder in `images`, of Debian's packages; it stays on the engine for the next time."""

    def made(name: str) -> str:
        folder = Path(__file__).parent / "images" / name
        content = b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
        image = f"testflow-test/{name}:{hashlib.sha256(content).hexdigest()[:12]}"
        if not api.images(name=image):
            lines = list(api.build(path=str(folder), tag=image, rm=True, forcerm=True, decode=True, timeout=600))
            trouble = [line["error"] for line in lines if "error" in line]
            if trouble:
                refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
                refuse(f"no image {name} can be made: {trouble}")
        return image

    return made
