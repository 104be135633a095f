"""Images by name: the one that is there, else pulled, else the nearest version of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import frozen

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import versions
from testflow_docker_env import pull_errors
from testflow_docker_env.connection import with_remedy
from testflow_docker_env.long_work import working

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from testflow_docker_env.connection import Connection
    from testflow_docker_env.engine_api import Answer
    from testflow_docker_env.long_work import Limits

    Tell: TypeAlias = Callable[[str], None]

_MEGABYTE = 1_000_000
_TOLD_EVERY = 0.5
_NANO = 1_000_000_000
# What the engine gives a check that names no limit.
_HEALTH_PATIENCE = 30.0


def find_image(connection: Connection, name: str, limits: Limits, tell: Tell) -> str:
    """The image's name once the engine has it, pulled where it did not; ProvisionError with why it cannot be had."""
    if not image_id(connection, name):
        reason = _pull(connection, name, limits, tell)
        if reason is not None:
            advice = pull_errors.remedy(name, reason, _names(connection))
            why = "; ".join(filter(None, (with_remedy(reason), advice)))
            raise ProvisionError(
                f"the image {name} is not on the engine at {connection.host} and cannot be pulled:"
                f" {why}; name another one by `image`, or build or load it there"
            )
    return name


def find_version(
    connection: Connection, repository: str, wanted: str | None, limits: Limits, tell: Tell
) -> tuple[str, str | None]:
    """
    An image of a repository in the wanted version, and None; else the nearest one that is there, and the reason.

    Without a wanted version the newest that is there, else what the registry has as the latest.
    """
    there = _versions(connection, repository)
    if wanted is None:
        return find_image(connection, newest(connection, repository), limits, tell), None
    name = f"{repository}:{wanted}"
    try:
        return find_image(connection, name, limits, tell), None
    except ProvisionError as error:
        if not there:
            raise
        return versions.nearest(there, wanted, _tag), str(error)


@frozen(kw_only=True)
class HealthCheck:
    """A command of an image's own that succeeds where a container of it can be used; `patience` in seconds."""

    argv: tuple[str, ...]
    patience: float


def health_check(connection: Connection, image: str) -> HealthCheck | None:
    """The health check that an image declares, if any."""
    configuration = _configuration(connection, image)
    declared: Mapping[str, Any] = configuration.get("Healthcheck") or {}
    kind, *words = declared.get("Test") or ("NONE",)
    shell: Sequence[str] = configuration.get("Shell") or ("/bin/sh", "-c")
    argv = {"CMD": tuple(words), "CMD-SHELL": (*shell, *words)}.get(kind, ())
    timeout = (declared.get("Timeout") or 0) / _NANO
    return HealthCheck(argv=argv, patience=timeout or _HEALTH_PATIENCE) if argv else None


def exposed_ports(connection: Connection, image: str) -> tuple[int, ...]:
    """The TCP ports that an image says it listens on."""
    names: Iterable[str] = _configuration(connection, image).get("ExposedPorts") or ()
    return tuple(sorted(int(name.partition("/")[0]) for name in names if not name.endswith(("/udp", "/sctp"))))


def newest(connection: Connection, repository: str) -> str:
    """What is used of a repository where no version is asked for: the newest that is there, else the latest."""
    return next(iter(_versions(connection, repository)), f"{repository}:latest")


def image_id(connection: Connection, name: str) -> str:
    """The digest of an image by its name; empty where the engine has none of that name."""
    from docker.errors import ImageNotFound  # noqa: PLC0415 - imported with the connection

    with connection.told(f"the image {name} cannot be looked for"):
        try:
            return str(connection.api.inspect_image(name)["Id"])
        except ImageNotFound:
            return ""


def _configuration(connection: Connection, image: str) -> Mapping[str, Any]:
    with connection.told(f"the image {image} cannot be looked at"):
        return connection.api.inspect_image(image)["Config"]


def _versions(connection: Connection, repository: str) -> list[str]:
    """The images of a repository whose tag is a version, the newest first."""
    names = _names(connection, repository)
    known = [(numbers, name) for name in names if (numbers := versions.numbers(_tag(name))) is not None]
    return [name for _, name in sorted(known, reverse=True)]


def _names(connection: Connection, repository: str | None = None) -> list[str]:
    """What the images are called that the engine has."""
    with connection.told("the images cannot be listed"):
        return [name for image in connection.api.images(name=repository) for name in image.get("RepoTags") or ()]


def _tag(name: str) -> str:
    return name.rpartition(":")[2]


def _pull(connection: Connection, name: str, limits: Limits, tell: Tell) -> str | None:
    """None once the image is there, else why not."""
    from docker.utils import parse_repository_tag  # noqa: PLC0415 - imported with the connection

    repository, tag = parse_repository_tag(name)
    tell(f"pulling {name}")
    told = _Pulled(name, tell)

    def ask() -> Iterator[Answer]:
        return connection.api.pull(repository, tag=tag or "latest", stream=True, decode=True)

    try:
        with working(connection, ask, limits) as lines:
            for line in lines:
                if "error" in line:
                    return str(line["error"])
                told.hear(line)
    except ProvisionError as error:
        return error.message
    return None


class _Pulled:
    """How far the download of an image has come, all layers together."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._name = name
        self._tell = tell
        self._layers: dict[str, tuple[int, int]] = {}
        self._told_at = time.monotonic()

    def hear(self, line: Answer) -> None:
        """Take note of a line of the engine's, and tell of it from time to time."""
        detail = line.get("progressDetail")
        if line.get("status") != "Downloading" or not detail:
            return
        self._layers[str(line["id"])] = (detail["current"], detail["total"])
        if time.monotonic() - self._told_at > _TOLD_EVERY:
            self._told_at = time.monotonic()
            self._tell(f"pulling {self._name}, {' of '.join(self._sums())} MB")

    def _sums(self) -> Iterator[str]:
        for sizes in zip(*self._layers.values(), strict=True):
            yield f"{sum(sizes) / _MEGABYTE:.0f}"
