"""Images of applications, built from their checkouts."""

from __future__ import annotations

import os
import subprocess
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from testflow_docker_env import DockerProvisioner
from testflow_docker_env.build import content
from testflow_docker_env.long_work import Limits

from testflow_core.errors import ProvisionError
from testflow_core.model import Application, Environment, Readiness, Service, Site, Start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import docker

    Of = Callable[..., Environment]

DOCKERFILE = """FROM busybox:latest
COPY page /page
EXPOSE 8080
CMD ["sh", "-c", "env | sort >> /page; cp /page /index.html; exec httpd -f -p $HOST:$PORT -h /"]
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    directory = tmp_path / "Shop API"
    directory.mkdir()
    (directory / "Dockerfile").write_text(DOCKERFILE)
    (directory / "page").write_text("first edition\n")
    return directory


@pytest.fixture(autouse=True)
def images(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is built here does not stay."""
    yield
    if "site" in request.fixturenames:
        api: docker.APIClient = request.getfixturevalue("api")
        for image in api.images(filters={"label": "testflow.application=Shop API"}):
            api.remove_image(image["Id"], force=True)


def shop(checkout: Path | None, start: Start | None = None, **more: object) -> Service:
    application = Application(name="Shop API", path=checkout, start=start)
    return Service(name="Shop API", type="docker", application=application, **more)  # pyright: ignore[reportArgumentType] (the tests' own values)


def answer(url: str | None) -> list[str]:
    with urllib.request.urlopen(url or "", timeout=20) as told:  # noqa: S310 (the address is our own server's)
        return told.read().decode().splitlines()


def test_an_application_is_built_and_told_where_to_listen_and_whom_to_ask(site: Site, environment: Of, checkout: Path):
    start = Start(
        command=("nobody",), readiness=Readiness(http="/index.html"), env={"ASKS": "{db.host}", "PYTHONPATH": "src"}
    )
    db = Service(name="db", type="docker", image="busybox:latest", command=("sleep", "1000"))
    service = shop(checkout, start, ports={8080: 0, 9090: 0}, env={"GREETING": "{port}"})
    with DockerProvisioner().provision(environment(service, db), site) as up:
        told = answer(up.endpoints["Shop API"].url)
    assert told[0] == "first edition"
    assert {"HOST=0.0.0.0", "PORT=8080", "PORT_9090=9090", "ASKS=db", "DB_HOST=db", "GREETING=8080"} <= set(told)
    assert "PYTHONPATH=src" not in told


def test_unchanged_it_is_built_once_and_after_a_change_again(
    new_site: Callable[[], Site], site: Site, environment: Of, checkout: Path
):
    told: list[str] = []

    def page() -> str:
        with DockerProvisioner().provision(environment(shop(checkout)), evolve(new_site(), tell=told.append)) as up:
            return answer(up.endpoints["Shop API"].url)[0]

    assert [page(), page()] == ["first edition"] * 2
    assert told == ["Shop API: building Shop API from its Dockerfile"]
    (checkout / "page").write_text("second edition\n")
    assert page() == "second edition"
    assert len(told) == 2


def test_a_dockerfile_that_fails_is_told_with_its_last_lines(site: Site, environment: Of, checkout: Path):
    (checkout / "Dockerfile").write_text("FROM busybox:latest\nRUN echo no such package && exit 7\n")
    with (
        pytest.raises(
            ProvisionError, match=r"image of Shop API cannot be built from .*Dockerfile: .*exit 7.* code: 7"
        ) as caught,
        DockerProvisioner().provision(environment(shop(checkout)), site),
    ):
        pytest.fail("it never came up")
    assert "no such package" in str(caught.value)


def test_a_base_image_that_is_pulled_is_told_in_the_log(site: Site, environment: Of, checkout: Path, pushed: str):
    (checkout / "Dockerfile").write_text(f"FROM {pushed}:1.2\nRUN echo no such package && exit 7\n")
    with (
        pytest.raises(ProvisionError, match=r"exit 7") as caught,
        DockerProvisioner().provision(environment(shop(checkout)), site),
    ):
        pytest.fail("it never came up")
    assert "Pulling from thing" in caught.value.logs["Shop API"]


def test_a_base_image_that_cannot_be_had_is_told(site: Site, environment: Of, checkout: Path):
    (checkout / "Dockerfile").write_text("FROM nobody.invalid/base:1\n")
    with (
        pytest.raises(ProvisionError, match=r"cannot be built .*nobody.invalid"),
        DockerProvisioner().provision(environment(shop(checkout)), site),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(silence=timedelta(seconds=1)), "nothing was heard of it for 1 s"),
        (Limits(total=timedelta(0)), "it took longer than 0 s"),
    ],
)
def test_a_build_that_takes_too_long_is_given_up(site: Site, environment: Of, checkout: Path, limits: Limits, why: str):
    (checkout / "Dockerfile").write_text("FROM busybox:latest\nRUN sleep 1000\n")
    with (
        pytest.raises(ProvisionError, match=why),
        DockerProvisioner(builds=limits).provision(environment(shop(checkout)), site),
    ):
        pytest.fail("it never came up")


def test_a_checkout_without_dockerfile_is_refused_with_the_remedy(host: str, environment: Of, checkout: Path):
    (checkout / "Dockerfile").unlink()
    reason = DockerProvisioner().refuses(environment(shop(checkout))) or ""
    assert f"there is no Dockerfile in {checkout}" in reason
    assert "'process'" in reason


def test_an_application_without_checkout_is_not_refused_and_fails_alone(site: Site, environment: Of):
    assert DockerProvisioner().refuses(environment(shop(None))) is None
    with (
        pytest.raises(ProvisionError, match="the application of the service Shop API has no checkout"),
        DockerProvisioner().provision(environment(shop(None)), site),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize(
    "change",
    [
        lambda checkout: (checkout / "page").write_text("other"),
        lambda checkout: (checkout / "page").chmod(0o755),
        lambda checkout: (checkout / "page").rename(checkout / "paper"),
        lambda checkout: (checkout / "link").symlink_to("page"),
        lambda checkout: (checkout / "folder").mkdir(),
        lambda checkout: (checkout / ".dockerignore").write_text("page\n"),
        lambda checkout: commit(checkout),  # noqa: PLW0108 (defined below)
    ],
)
def test_what_a_build_would_notice_changes_the_content(checkout: Path, change: Callable[[Path], None]):
    before = content(checkout)
    change(checkout)
    assert content(checkout) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda checkout: os.utime(checkout / "page", (1, 1)),
        lambda checkout: (checkout / "ignored.txt").write_text("other"),
        lambda checkout: (checkout / "__pycache__").mkdir(),
        lambda checkout: git(checkout, "status"),
        lambda checkout: git(checkout, "branch", "other"),
        lambda checkout: git(checkout, "pack-refs", "--all"),
    ],
)
def test_what_a_build_would_not_notice_does_not(checkout: Path, change: Callable[[Path], None]):
    (checkout / ".dockerignore").write_text("# comments, and nothing\n\nignored.txt\n")
    commit(checkout)
    before = content(checkout)
    change(checkout)
    assert content(checkout) == before


@pytest.mark.parametrize("how", ["branch", "packed", "detached", "none", "odd"])
def test_a_commit_counts_wherever_it_is_kept(checkout: Path, how: str):
    (checkout / ".dockerignore").write_text("Dockerfile\n")
    commit(checkout)
    digests = {content(checkout)}
    git(checkout, "commit", "--quiet", "--allow-empty", "--message", "another")
    if how == "packed":
        git(checkout, "pack-refs", "--all")
    if how == "detached":
        git(checkout, "checkout", "--quiet", "--detach")
    if how == "none":
        (checkout / ".git" / "HEAD").unlink()
    if how == "odd":
        git(checkout, "pack-refs", "--all")
        (checkout / ".git" / "HEAD").write_text("ref: refs/heads/gone\n")
    digests.add(content(checkout))
    assert len(digests) == 2


def git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(directory), *identity, *arguments], check=True, capture_output=True)


def commit(directory: Path) -> None:
    git(directory, "init", "--quiet", "--initial-branch=main")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", "a commit")
