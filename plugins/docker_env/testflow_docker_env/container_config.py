"""What the `config` of every type takes, as each is a container: volumes, memory, limits, and how its image is run."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.errors import Problem
from testflow_core.provisioning.postgres import PostgresConfig
from testflow_core.provisioning.redis import RedisConfig
from testflow_core.provisioning.services import declared_at
from testflow_docker_env import mounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Service

_SIZE = re.compile(r"(\d+(?:\.\d+)?)([bkmg]?)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LEAST_MEMORY = 6 << 20
_FORM = 'a size such as "512m" or "1.5g"'


@frozen(kw_only=True)
class ResourceLimits:
    """What a container may use at most: `memory` with a unit, `"512m"`, and no swap besides; processors; processes."""

    memory: str | None = None
    cpus: float | None = None
    pids: int | None = None


# Without slots, so that it can stand beside the configs of the core.
@frozen(kw_only=True, slots=False)
class ContainerConfig:
    """
    The `config` of any container.

    `volumes` are `name:/path` or `./directory:/path:ro`, `tmpfs` are paths, `/path` or `/path:64m`.
    """

    volumes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    limits: ResourceLimits = field(factory=ResourceLimits)
    shm_size: str | None = None

    def mounts(self) -> tuple[mounts.Mount, ...]:
        """The volumes, understood; ValueError where one is not."""
        return tuple(map(mounts.parse, self.volumes))

    def memory(self) -> dict[str, str]:
        """The paths of `tmpfs`, with the engine's options for each."""
        found = (entry.partition(":") for entry in self.tmpfs)
        return {path: f"size={size_in_bytes(size)}" if size else "" for path, _, size in found}


@frozen(kw_only=True, slots=False)
class ImageConfig(ContainerConfig):
    """
    The `config` of a service of type `docker`: of any container, and how its image is run.

    Where no readiness is declared, the image's own health check is waited for, unless `healthcheck` is false.
    """

    healthcheck: bool = True
    entrypoint: tuple[str, ...] | None = None
    user: str | None = None


@frozen(kw_only=True)
class PostgresContainer(ContainerConfig, PostgresConfig):
    """The `config` of a service of type `postgres` as a container."""


@frozen(kw_only=True)
class RedisContainer(ContainerConfig, RedisConfig):
    """The `config` of a service of type `redis` as a container."""


def size_in_bytes(text: str) -> int:
    """`512m` as a number; units are b, k, m and g, each 1024 times the one before; ValueError where it is none."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"expected {_FORM}, got {text!r}")
    return int(float(found[1]) * _UNITS[found[2].lower()])


def mistakes(service: Service, config: ContainerConfig) -> Iterator[Problem]:
    """What is wrong with a config whose types are right, but for what only the files of this machine can tell."""
    path = f"{declared_at(service)}.config"
    targets: list[str] = []
    for index, volume in enumerate(config.volumes):
        try:
            targets.append(mounts.parse(volume).target)
        except ValueError as error:
            yield Problem(f"{path}.volumes[{index}]", str(error))
    for index, entry in enumerate(config.tmpfs):
        target, colon, size = entry.partition(":")
        targets.append(target)
        if not mounts.INSIDE.fullmatch(target):
            yield Problem(f"{path}.tmpfs[{index}]", f"expected an absolute path below /, got {target!r}")
        if colon:
            yield from _size_problems(f"{path}.tmpfs[{index}]", size)
    for target, count in Counter(targets).items():
        if count > 1:
            yield Problem(path, f"{target!r} stands {count} times in volumes and tmpfs; a path can be one thing only")
    yield from _limit_problems(path, config)


def _limit_problems(path: str, config: ContainerConfig) -> Iterator[Problem]:
    limits = config.limits
    if limits.memory is not None:
        yield from _size_problems(f"{path}.limits.memory", limits.memory, _LEAST_MEMORY)
    if config.shm_size is not None:
        yield from _size_problems(f"{path}.shm_size", config.shm_size)
    for name, number in (("cpus", limits.cpus), ("pids", limits.pids)):
        if number is not None and number <= 0:
            yield Problem(f"{path}.limits.{name}", f"expected more than 0, got {number:g}")
    if isinstance(config, ImageConfig) and config.entrypoint == ():
        yield Problem(f"{path}.entrypoint", "expected at least the program; leave it out to take the image's own")


def _size_problems(path: str, text: str, least: int = 1) -> Iterator[Problem]:
    try:
        size = size_in_bytes(text)
    except ValueError as error:
        yield Problem(path, str(error))
        return
    if size < least:
        at_least = f"at least {least >> 20}m, which engines want" if least > 1 else "more than nothing"
        yield Problem(path, f"expected {at_least}, got {text!r}")
