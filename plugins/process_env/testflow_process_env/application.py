"""Services that are programs: a registered application from its checkout, or any command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import ProvisionError
from testflow_core.model import Endpoint, Readiness
from testflow_core.provisioning.launch import Running
from testflow_core.provisioning.leases import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.model import Application, Service
    from testflow_core.provisioning.launch import Place
    from testflow_core.provisioning.supervised import Supervised


@frozen(kw_only=True)
class NoConfig:
    """The `config` of a service whose type takes none."""


def start_application(service: Service, place: Place) -> Running:
    """The application, started in its checkout; it is told HOST and PORT, and a first port is leased in any case."""
    application = service.application
    if application is None or application.path is None:
        raise ProvisionError(f"the service {service.name} has no application with a checkout", service=service.name)
    start = application.start
    command = service.command or (start.command if start is not None else ())
    if not command:
        raise ProvisionError(f"nothing says how {service.name} is started; give `start` in its testflow.toml")
    if command[0] == "python":
        command = (interpreter(application, application.path), *command[1:])
    ports = lease_ports(service, place) or {(port := place.ports.lease()): port}
    readiness = service.readiness or (start.readiness if start is not None else Readiness())
    env = {**(start.env if start is not None else {}), **service.env}
    return run(place, command=command, cwd=application.path, ports=ports, env=env, readiness=readiness)


def start_command(service: Service, place: Place) -> Running:
    """The command, started in the workspace; it is told HOST, and PORT where ports are declared."""
    command = service.command or ()
    if not command:
        raise ProvisionError(f"the service {service.name} has no command", service=service.name)
    readiness = service.readiness or Readiness()
    ports = lease_ports(service, place)
    return run(place, command=command, cwd=place.site.workspace, ports=ports, env=service.env, readiness=readiness)


def run(
    place: Place,
    *,
    command: tuple[str, ...],
    cwd: Path,
    ports: Mapping[int, int],
    env: Mapping[str, str],
    readiness: Readiness,
) -> Running:
    """A program with its references resolved and its output in its log; what `env` says wins."""
    endpoint = Endpoint(
        host=LOOPBACK, ports=ports, url=f"http://{LOOPBACK}:{next(iter(ports.values()))}" if ports else None
    )
    told = {"HOST": LOOPBACK}
    for place_in_order, (inside, port) in enumerate(ports.items()):
        told |= {f"PORT_{inside}": str(port)} if place_in_order else {"PORT": str(port)}
    resolved = {key: place.resolve(value, endpoint) for key, value in env.items()}
    environment = {**os.environ, **place.variables, **told, **resolved}
    argv = [place.resolve(word, endpoint) for word in command]

    def spawn() -> Supervised:
        with place.log.open("ab") as log:
            return place.supervisor.spawn(argv, cwd=cwd, env=environment, stdout=log.fileno(), stderr=log.fileno())

    return Running(endpoint=endpoint, process=spawn(), cwd=cwd, env=environment, readiness=readiness, again=spawn)


def interpreter(application: Application, checkout: Path) -> str:
    """What `python` means for an application: what it names, else its virtual environment's, else ours."""
    if application.python is not None:
        named = Path(application.python).expanduser()
        return str(checkout / named) if len(named.parts) > 1 else str(named)
    own = checkout / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def lease_ports(service: Service, place: Place) -> dict[int, int]:
    """The declared ports, each with the one that was leased: the wished one where it is free, any where that is 0."""
    return {inside: place.ports.lease(wished or None) for inside, wished in service.ports.items()}
