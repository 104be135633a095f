"""The provisioner `docker`: every service is a container."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import postgres, redis
from testflow_core.provisioning.identity import contents
from testflow_core.provisioning.services import ServiceProvisioner, configuration, declared_at
from testflow_docker_env import collection, container_config, image_presets, mounts, presets, programs, remains
from testflow_docker_env.build import DOCKERFILE
from testflow_docker_env.connection import Connection
from testflow_docker_env.container_config import ContainerConfig, ImageConfig, PostgresContainer, RedisContainer
from testflow_docker_env.ground import Ground, ground
from testflow_docker_env.hosts import engine_host, no_engine
from testflow_docker_env.images import image_id, newest
from testflow_docker_env.long_work import Limits
from testflow_docker_env.mysql import MysqlContainer
from testflow_docker_env.preset import PresetContainer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from testflow_core.errors import Problem
    from testflow_core.model import Environment, Service, Site
    from testflow_core.provisioning.launch import Place, Running
    from testflow_core.provisioning.supervisor import Supervisor

SERVICE_TYPES: Mapping[str, type[ContainerConfig]] = {
    "docker": ImageConfig,
    "postgres": PostgresContainer,
    "redis": RedisContainer,
    **image_presets.TYPES,
}


@frozen(kw_only=True)
class DockerProvisioner(ServiceProvisioner):
    """
    Services as containers that end with us.

    `host` is the address of an engine on this machine (`unix:///run/user/1000/docker.sock`); else DOCKER_HOST, docker's
    current context, or the usual socket. `pulls` and `builds` limit how long an image may be waited for.
    """

    isolated_by: ClassVar[str] = "containers"

    host: str | None = None
    pulls: Limits = field(factory=Limits)
    builds: Limits = field(factory=Limits)
    _grounds: dict[str, Ground] = field(init=False, factory=dict[str, Ground], eq=False, repr=False)

    def service_types(self) -> Mapping[str, type[object]]:
        """`docker`, for registered applications and any image; `postgres` and its sisters, which stand for one."""
        return SERVICE_TYPES

    def mistakes(self, service: Service) -> Iterator[Problem]:
        """A port that is none, a volume or a limit; what stands in `ports` was checked when it was declared."""
        config = _configuration(service)
        yield from container_config.mistakes(service, config)
        if isinstance(config, PostgresContainer):
            yield from postgres.mistakes(service, config)
        if isinstance(config, RedisContainer):
            yield from redis.mistakes(service, config)
        if isinstance(config, PresetContainer):
            yield from image_presets.mistakes(service, config)

    def refuses(self, environment: Environment) -> str | None:
        """That no engine answers, else every reason of every service."""
        return no_engine(engine_host(self.host)) or super().refuses(environment)

    def refuses_service(self, service: Service) -> str | None:
        """What is missing: an image, or a Dockerfile in the checkout of an application."""
        if service.type != "docker":
            return None
        application = service.application
        if application is None:
            return None if service.image else f"{service.name}: it names no image and bears no application's name"
        if application.path is not None and not (application.path / DOCKERFILE).is_file():
            return (
                f"{service.name}: there is no {DOCKERFILE} in {application.path}, from which its image would be built;"
                " add one, or use the provisioner 'process'"
            )
        return None

    def identity(self, service: Service, site: Site) -> Mapping[str, str]:
        """The image as the engine has it now, and what the schemas of a database and the files to mount say."""
        config = _configuration(service)
        found: dict[str, str] = mounts.contents(config.mounts(), site)
        if isinstance(config, PostgresContainer | MysqlContainer):
            found |= contents(postgres.find_schemas(service, config, site))
        if service.type == "docker" and service.image is None:
            # Built from its checkout, whose content counts anyway.
            return found
        with Connection(engine_host(self.host)) as connection:
            repository = config.repository if isinstance(config, PresetContainer) else service.type
            name = service.image or (service.version and f"{repository}:{service.version}")
            name = name or newest(connection, repository)
            return {**found, "the image": image_id(connection, name)}

    def clean(self) -> list[str]:
        """What dead owners have left on the engine, and what was built and not used for long, removed."""
        host = engine_host(self.host)
        if no_engine(host):
            return []
        with Connection(host) as connection:
            return [*remains.sweep(connection), *collection.collect(connection)]

    def inventory(self, site: Site) -> Mapping[str, tuple[str, ...]]:
        """What the environment on this site has on the engine, by kind; ProvisionError where that does not answer."""
        with Connection(engine_host(self.host)) as connection:
            return remains.inventory(connection, site.directory)

    @contextmanager
    def around(self, environment: Environment, site: Site, supervisor: Supervisor) -> Generator[None]:
        """A network for the environment, and the promise that nothing of it is left."""
        _check_mounts(environment, site)
        with ground(engine_host(self.host), environment, site, supervisor) as made:
            self._grounds[site.lease] = made
            try:
                yield
            finally:
                del self._grounds[site.lease]

    def start(self, service: Service, place: Place) -> Running:
        """The service as a container; ProvisionError, OSError or UnknownReferenceError where it cannot be."""
        standing = self._grounds[place.site.lease]
        config = _configuration(service)
        if isinstance(config, PostgresContainer):
            return presets.start_postgres(service, place, standing, config, self.pulls)
        if isinstance(config, RedisContainer):
            return presets.start_redis(service, place, standing, config, self.pulls)
        if isinstance(config, PresetContainer):
            return image_presets.start(service, place, standing, config, self.pulls)
        limits = self.pulls if service.application is None else self.builds
        return programs.start(service, place, standing, configuration(service, ImageConfig), limits)


def _configuration(service: Service) -> ContainerConfig:
    return configuration(service, SERVICE_TYPES[service.type])


def _check_mounts(environment: Environment, site: Site) -> None:
    """ProvisionError with every path that cannot be mounted, before anything is started."""
    missing: list[str] = []
    for service in environment.services.values():
        for index, mount in enumerate(_configuration(service).mounts()):
            try:
                if mount.shared:
                    mounts.find(mount, site)
            except ValueError as error:
                missing.append(f"{declared_at(service)}.config.volumes[{index}]: {error}")
    if missing:
        raise ProvisionError("; ".join(missing))
