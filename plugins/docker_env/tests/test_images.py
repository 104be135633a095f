"""Images that are there, that are pulled from a real registry, and that cannot be had."""

from __future__ import annotations

import io
import os
import re
import socket
import tarfile
from contextlib import suppress
from datetime import timedelta
from threading import Timer
from typing import TYPE_CHECKING

import pytest
from testflow_docker_env import images
from testflow_docker_env.connection import Connection
from testflow_docker_env.images import exposed_ports, find_image, find_version
from testflow_docker_env.long_work import Limits

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker

BUSYBOX = "busybox:latest"
NOBODY = "nobody.invalid/nothing"
NOISE = 3_000_000
QUICK = Limits(total=timedelta(seconds=60), silence=timedelta(seconds=1))


@pytest.fixture
def connection(host: str) -> Iterator[Connection]:
    with Connection(host) as connected:
        yield connected


def test_an_image_that_is_there_is_used_without_a_word(connection: Connection):
    told: list[str] = []
    assert find_image(connection, BUSYBOX, QUICK, told.append) == BUSYBOX
    assert told == []


def test_an_image_that_is_not_there_is_pulled_and_that_is_told(connection: Connection, pushed: str):
    told: list[str] = []
    assert find_image(connection, f"{pushed}:1.2", QUICK, told.append) == f"{pushed}:1.2"
    assert told[0] == f"pulling {pushed}:1.2"
    assert connection.api.inspect_image(f"{pushed}:1.2")


@pytest.fixture
def unique(registry: str, api: docker.APIClient) -> Iterator[str]:
    """An image whose only layer, 3 MB of noise, is in the registry alone."""
    name = f"{registry}/noise:1"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("noise")
        member.size = NOISE
        archive.addfile(member, io.BytesIO(os.urandom(NOISE)))
    api.import_image_from_data(packed.getvalue(), *name.rsplit(":", 1))
    for line in api.push(name, stream=True, decode=True):
        assert "error" not in line, line
    api.remove_image(name)
    yield name
    with suppress(Exception):
        api.remove_image(name)


def test_how_far_a_pull_has_come_is_told_from_time_to_time(
    connection: Connection, api: docker.APIClient, unique: str, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(images, "_TOLD_EVERY", 3600)
    find_image(connection, unique, QUICK, told.append)
    assert told == [f"pulling {unique}"]
    api.remove_image(unique)
    monkeypatch.setattr(images, "_TOLD_EVERY", 0)
    find_image(connection, unique, QUICK, told.append)
    assert re.fullmatch(rf"pulling {unique}, [0123] of 3 MB", told[-1])


def test_a_layer_that_the_registry_has_lost_is_told(connection: Connection, unique: str, stored_layers: Path):
    for layer in stored_layers.glob("??/*/data"):
        if layer.stat().st_size >= NOISE:
            layer.unlink()
    with pytest.raises(ProvisionError, match=r"cannot be pulled: .*unknown"):
        find_image(connection, unique, QUICK, print)


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


def test_nothing_is_made_once_the_line_is_cut(host: str):
    with Connection(host) as connection:
        connection.hang_up()
        with pytest.raises(ProvisionError, match=r"nothing more is made on the engine .*: the environment goes down"):
            connection.make(lambda: pytest.fail("it was made"))


def test_whoever_hangs_up_ends_a_pull(host: str, silent_registry: str):
    with Connection(host) as connection:

        def hang_up(_sentence: str) -> None:
            Timer(0.2, connection.hang_up).start()

        with pytest.raises(ProvisionError, match="cannot be pulled: it was stopped"):
            find_image(connection, f"{silent_registry}/thing:1", Limits(), hang_up)
