"""Images that were built are removed once nobody uses them, and no others are."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING

import docker
import docker.errors
import pytest
from testflow_docker_env import DockerProvisioner, collection
from testflow_docker_env.collection import KEPT, collect, note_use
from testflow_docker_env.connection import Connection

from testflow_core.model import Application, Environment, Service, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Of = Callable[..., Environment]

BUSYBOX = "busybox:latest"
REPOSITORY = "testflow/collected"
LABEL = "testflow.application"


def digest(number: int) -> str:
    return f"{number:020x}"


@pytest.fixture
def built(api: docker.APIClient) -> Iterator[Callable[[int], str]]:
    """Makes images as builds make them, each other than the others; all are gone afterwards."""

    def make(number: int, tag: str = REPOSITORY, label: str = LABEL) -> str:
        dockerfile = io.BytesIO(f"FROM {BUSYBOX}\nLABEL {label}=collected number={number}\n".encode())
        name = f"{tag}:{digest(number)}"
        for told in api.build(fileobj=dockerfile, tag=name, rm=True, decode=True):
            assert "error" not in told, told
        made.append(name)
        return name

    made: list[str] = []
    yield make
    for name in made:
        with suppress(docker.errors.NotFound):
            api.remove_image(name, force=True)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Has everything been used this many seconds longer ago than it was: what a clock would bring."""

    def pass_by(seconds: float) -> None:
        now = collection.time.time
        monkeypatch.setattr(collection, "_now", lambda: now() + seconds)

    return pass_by


def collected(host: str) -> list[str]:
    with Connection(host) as connection:
        return [line for line in collect(connection) if REPOSITORY in line]


DAY = 24 * 3600.0


def test_what_was_used_of_late_stays(host: str, built: Callable[[int], str], later: Callable[[float], None]):
    names = [built(number) for number in range(KEPT + 1)]
    assert collected(host) == []
    later(DAY)
    assert collected(host) == [f"image {names[0]}"]
    later(6 * DAY)
    assert collected(host) == []
    later(8 * DAY)
    assert set(collected(host)) == {f"image {name}" for name in names[1:]}


def test_a_use_that_is_noted_keeps_an_image_before_newer_ones(
    host: str, built: Callable[[int], str], later: Callable[[float], None]
):
    names = [built(number) for number in range(KEPT + 1)]
    with Connection(host) as connection:
        note_use(connection, names[0])
    later(DAY)
    assert collected(host) == [f"image {names[1]}"]


def test_what_a_container_uses_stays_and_so_does_what_we_did_not_build(
    host: str, built: Callable[..., str], later: Callable[[float], None], api: docker.APIClient
):
    used, strange, foreign = built(1), built(2, "elsewhere/collected"), built(3, label="other")
    container = api.create_container(used, ["true"])["Id"]
    later(30 * DAY)
    try:
        assert collected(host) == []
        assert all(map(api.inspect_image, (used, strange, foreign)))
    finally:
        api.remove_container(container)
    assert collected(host) == [f"image {used}"]


def test_an_engine_that_remembers_no_use_keeps_its_images(
    host: str, built: Callable[[int], str], later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
):
    built(1)
    later(30 * DAY)
    with Connection(host) as connection:
        inspect = connection.api.inspect_image
        monkeypatch.setattr(connection.api, "inspect_image", lambda name: {**inspect(name), "Metadata": None})
        assert not [line for line in collect(connection) if REPOSITORY in line]


def test_a_build_and_cleaning_collect_what_earlier_builds_left(
    host: str,
    site: Site,
    environment: Of,
    built: Callable[..., str],
    later: Callable[[float], None],
    tmp_path: Path,
    api: docker.APIClient,
):
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "Dockerfile").write_text(f"FROM {BUSYBOX}\nCMD sleep 1000\n")
    old, other = built(1), built(2)
    container = api.create_container(other, ["true"])["Id"]
    later(8 * DAY)
    service = Service(name="shop", type="docker", application=Application(name="collected-shop", path=checkout))
    try:
        with DockerProvisioner().provision(environment(service), site):
            there = {name for image in api.images(name=REPOSITORY) for name in image["RepoTags"]}
            assert old not in there
            assert other in there
    finally:
        api.remove_container(container)
        for image in api.images(filters={"label": f"{LABEL}=collected-shop"}):
            api.remove_image(image["Id"], force=True)
    assert f"image {other}" in DockerProvisioner().clean()


def test_a_run_that_finds_its_image_built_notes_the_use(
    host: str, new_site: Callable[[], Site], environment: Of, tmp_path: Path, api: docker.APIClient
):
    (tmp_path / "Dockerfile").write_text(f"FROM {BUSYBOX}\nCMD sleep 1000\n")
    service = Service(name="shop", type="docker", application=Application(name="collected-shop", path=tmp_path))
    uses: list[str] = []
    try:
        for _ in range(2):
            with DockerProvisioner().provision(environment(service), new_site()):
                [image] = api.images(filters={"label": f"{LABEL}=collected-shop"})
                uses.append(api.inspect_image(image["Id"])["Metadata"]["LastTagTime"])
    finally:
        for image in api.images(filters={"label": f"{LABEL}=collected-shop"}):
            api.remove_image(image["Id"], force=True)
    assert uses[0] < uses[1]
