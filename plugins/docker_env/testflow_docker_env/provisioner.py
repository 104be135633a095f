"""The provisioner `docker`: every service is a container."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from testflow_core.provisioning import postgres, redis
from testflow_core.provisioning.identity import contents
from testflow_core.provisioning.services import ServiceProvisioner, configuration
from testflow_docker_env import presets, programs, remains
from testflow_docker_env.build import DOCKERFILE
from testflow_docker_env.connection import Connection
from testflow_docker_env.ground import Ground, ground
from testflow_docker_env.hosts import engine_host, no_engine
from testflow_docker_env.images import image_id
from testflow_docker_env.long_work import Limits

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from testflow_core.errors import Problem
    from testflow_core.model import Environment, Service, Site
    from testflow_core.provisioning.launch import Place, Running
    from testflow_core.provisioning.supervisor import Supervisor

SERVICE_TYPES = {
    "docker": programs.NoConfig,
    "postgres": postgres.PostgresConfig,
    "redis": redis.RedisConfig,
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
        """`docker`, for registered applications and any image; `postgres` and `redis`."""
        return SERVICE_TYPES

    def mistakes(self, service: Service) -> Iterator[Problem]:
        """A port that is none; those of `ports` were checked when they were declared."""
        if service.type == "postgres":
            yield from postgres.mistakes(service, configuration(service, postgres.PostgresConfig))
        if service.type == "redis":
            yield from redis.mistakes(service, configuration(service, redis.RedisConfig))

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
        """The image as the engine has it now, and what the schemas of a database say."""
        found: dict[str, str] = {}
        if service.type == "postgres":
            config = configuration(service, postgres.PostgresConfig)
            found |= contents(postgres.find_schemas(service, config, site))
        if service.type == "docker" and service.image is None:
            # Built from its checkout, whose content counts anyway.
            return found
        with Connection(engine_host(self.host)) as connection:
            name = service.image or f"{service.type}:{service.version or 'latest'}"
            return {**found, "the image": image_id(connection, name)}

    def clean(self) -> list[str]:
        """What dead owners have left on the engine, removed; nothing where none answers."""
        host = engine_host(self.host)
        if no_engine(host):
            return []
        with Connection(host) as connection:
            return remains.sweep(connection)

    @contextmanager
    def around(self, environment: Environment, site: Site, supervisor: Supervisor) -> Generator[None]:
        """A network for the environment, and the promise that nothing of it is left."""
        with ground(engine_host(self.host), environment, site, supervisor) as made:
            self._grounds[site.lease] = made
            try:
                yield
            finally:
                del self._grounds[site.lease]

    def start(self, service: Service, place: Place) -> Running:
        """The service as a container; ProvisionError, OSError or UnknownReferenceError where it cannot be."""
        standing = self._grounds[place.site.lease]
        if service.type == "postgres":
            config = configuration(service, postgres.PostgresConfig)
            return presets.start_postgres(service, place, standing, config, self.pulls)
        if service.type == "redis":
            return presets.start_redis(service, place, standing, configuration(service, redis.RedisConfig), self.pulls)
        limits = self.pulls if service.application is None else self.builds
        return programs.start(service, place, standing, limits)
