"""Images that are there, that are pulled from a real registry, and that cannot be had."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.request
from contextlib import suppress
from datetime import timedelta
from threading import Timer
from typing import TYPE_CHECKING

import pytest
from testflow_docker_env.connection import Connection
from testflow_docker_env.images import exposed_ports, find_image, find_version
from testflow_docker_env.long_work import Limits

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

BUSYBOX = "busybox:latest"
NOBODY = "nobody.invalid/nothing"
QUICK = Limits(total=timedelta(seconds=60), silence=timedelta(seconds=1))

REGISTRY = """
version: 0.1
log: {{level: error}}
storage:
  filesystem: {{rootdirectory: {directory}}}
http: {{addr: 127.0.0.1:{port}}}
"""


@pytest.fixture
def connection(host: str) -> Iterator[Connection]:
    with Connection(host) as connected:
        yield connected


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a registry of our own; engines take the loopback address without certificates."""
    program = shutil.which("docker-registry")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("docker-registry (Debian's) is not installed")
    directory = tmp_path_factory.mktemp("registry")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (directory / "config.yml").write_text(REGISTRY.format(directory=directory / "images", port=port))
    with subprocess.Popen([program, "serve", directory / "config.yml"], stderr=subprocess.PIPE) as process:
        address = f"127.0.0.1:{port}"
        while not answers(address):
            assert process.poll() is None, process.stderr and process.stderr.read()
        yield address
        process.terminate()


def answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{address}/v2/", timeout=10):
        return True
    return False


@pytest.fixture
def pushed(registry: str, api: docker.APIClient) -> Iterator[str]:
    """An image that only the registry has."""
    repository = f"{registry}/thing"
    api.tag(BUSYBOX, repository, "1.2")
    for line in api.push(repository, tag="1.2", stream=True, decode=True):
        assert "error" not in line, line
    api.remove_image(f"{repository}:1.2")
    yield repository
    with suppress(Exception):
        api.remove_image(f"{repository}:1.2")


def test_an_image_that_is_there_is_used_without_a_word(connection: Connection):
    told: list[str] = []
    assert find_image(connection, BUSYBOX, QUICK, told.append) == BUSYBOX
    assert told == []


def test_an_image_that_is_not_there_is_pulled_and_that_is_told(connection: Connection, pushed: str):
    told: list[str] = []
    assert find_image(connection, f"{pushed}:1.2", QUICK, told.append) == f"{pushed}:1.2"
    assert told[0] == f"pulling {pushed}:1.2"
    assert connection.api.inspect_image(f"{pushed}:1.2")


def test_a_version_that_can_be_pulled_is(connection: Connection, pushed: str):
    assert find_version(connection, pushed, "1.2", QUICK, print) == (f"{pushed}:1.2", None)


def test_a_tag_that_the_registry_lacks_is_told_with_its_reason(connection: Connection, pushed: str):
    with pytest.raises(
        ProvisionError, match=r"thing:9 is not on the engine at .* and cannot be pulled: .*9.*not found"
    ):
        find_image(connection, f"{pushed}:9", QUICK, print)


def test_an_image_of_an_unreachable_registry_is_told_with_the_remedy(connection: Connection):
    with pytest.raises(
        ProvisionError, match=r"nobody.invalid/nothing is not on the engine .*; name another one"
    ) as caught:
        find_image(connection, NOBODY, QUICK, print)
    assert "no such host" in caught.value.message


def test_a_name_that_is_none_is_told(connection: Connection):
    with pytest.raises(ProvisionError, match="invalid reference format"):
        find_image(connection, "No Name", QUICK, print)


@pytest.fixture
def silent_registry() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_registry_that_never_answers_is_given_up(connection: Connection, silent_registry: str):
    with pytest.raises(ProvisionError, match="nothing was heard of it for 1 s"):
        find_image(connection, f"{silent_registry}/thing:1", QUICK, print)


def test_a_pull_has_a_limit_in_all(connection: Connection, pushed: str):
    with pytest.raises(ProvisionError, match="it took longer than 0 s"):
        find_image(connection, f"{pushed}:1.2", Limits(total=timedelta(0)), print)


@pytest.fixture
def versions(api: docker.APIClient) -> Iterator[str]:
    repository = "testflow-tests/versions"
    tags = ("9.6-alpine", "13.2", "14.1", "15.3", "edge")
    for tag in tags:
        api.tag(BUSYBOX, repository, tag)
    yield repository
    for tag in tags:
        api.remove_image(f"{repository}:{tag}")


@pytest.mark.parametrize(
    ("wanted", "found"), [("13.4", "13.2"), ("9.5", "9.6-alpine"), ("22", "15.3"), ("13", "13.2"), ("edgy", "15.3")]
)
def test_the_nearest_version_stands_in_for_one_that_cannot_be_had(
    connection: Connection, versions: str, wanted: str, found: str
):
    image, reason = find_version(connection, versions, wanted, QUICK, print)
    assert image == f"{versions}:{found}"
    assert f"{versions}:{wanted}" in (reason or "")


@pytest.mark.parametrize("tag", ["14.1", "edge"])
def test_a_version_that_is_there_is_used(connection: Connection, versions: str, tag: str):
    assert find_version(connection, versions, tag, QUICK, print) == (f"{versions}:{tag}", None)


def test_without_a_version_the_newest_that_is_there_is_used(connection: Connection, versions: str):
    assert find_version(connection, versions, None, QUICK, print) == (f"{versions}:15.3", None)


@pytest.mark.parametrize("wanted", ["1", None])
def test_where_no_version_is_there_the_reason_is_told(connection: Connection, wanted: str | None):
    with pytest.raises(ProvisionError, match="cannot be pulled"):
        find_version(connection, NOBODY, wanted, QUICK, print)


def test_the_ports_of_an_image_are_those_it_exposes(connection: Connection):
    assert exposed_ports(connection, "redis:7") == (6379,)
    assert exposed_ports(connection, BUSYBOX) == ()


def test_whoever_hangs_up_ends_a_pull(host: str, silent_registry: str):
    with Connection(host) as connection:

        def hang_up(_sentence: str) -> None:
            Timer(0.2, connection.hang_up).start()

        with pytest.raises(ProvisionError, match="cannot be pulled: it was stopped"):
            find_image(connection, f"{silent_registry}/thing:1", Limits(), hang_up)
