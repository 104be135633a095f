"""A provisioner whose services are small Python programs, and environments of them."""

from __future__ import annotations

import os
import socket
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import ProvisionError
from testflow_core.model import Application, Endpoint, Environment, Readiness, Service, Site
from testflow_core.provisioning.launch import Place, Running
from testflow_core.provisioning.services import ServiceProvisioner, configuration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.provisioning.supervised import Supervised

SERVER = """
import os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("ended", NAME, file=open(ENDS, "a")) or 0))
print("pid", os.getpid(), flush=True)
open(PIDS, "a").write(str(os.getpid()) + " ")
server = socket.create_server(("127.0.0.1", PORT))
print("ready", flush=True)
signal.pause()
"""


@frozen(kw_only=True)
class ServerConfig:
    """What a server may be told."""

    port: int | None = None
    program: str | None = None
    warn: str | None = None
    prepare: str | None = None


class Servers(ServiceProvisioner):
    """Each service is a Python program that listens."""

    def service_types(self) -> Mapping[str, type[object]]:
        return {"server": ServerConfig}

    def refuses_service(self, service: Service) -> str | None:
        return f"{service.name}: no version 9 here" if service.version == "9" else None

    def start(self, service: Service, place: Place) -> Running:
        config = configuration(service, ServerConfig)
        port = place.ports.lease(config.port)
        endpoint = Endpoint(host="127.0.0.1", ports={port: port})
        head = (
            f"NAME={service.name!r}; PORT={port}; ENDS={str(place.site.workspace / 'ends')!r};"
            f"PIDS={str(place.site.workspace / 'pids')!r}\n"
        )
        env = {key: place.resolve(value, endpoint) for key, value in service.env.items()} | dict(place.variables)
        (place.directory / "env").write_text(repr(sorted(env.items())))

        def spawn() -> Supervised:
            with place.log.open("ab") as log:
                return place.supervisor.spawn(
                    [sys.executable, "-I", "-S", "-c", head + (config.program or SERVER)],
                    cwd=place.directory,
                    env=env,
                    stdout=log.fileno(),
                    stderr=log.fileno(),
                )

        def prepare() -> None:
            if config.prepare:
                raise ProvisionError(config.prepare, service=service.name)
            with (place.site.workspace / "prepared").open("a") as note:
                note.write(f"{service.name} ")

        return Running(
            endpoint=endpoint,
            process=spawn(),
            cwd=place.directory,
            env={"PATH": os.environ["PATH"]},
            readiness=service.readiness or Readiness(timeout=timedelta(seconds=20)),
            prepare=prepare,
            warnings=(config.warn,) if config.warn else (),
            again=spawn,
        )


def server(name: str, *needs: str, application: Application | None = None, **config: str | int) -> Service:
    return Service(name=name, type="server", depends_on=needs, config=config, application=application)


def environment(*services: Service) -> Environment:
    return Environment(name="e", services={service.name: service for service in services})


def accepts(port: int | None) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port or 0)) == 0


def pids(site: Site) -> list[int]:
    return [int(pid) for pid in (site.workspace / "pids").read_text().split()]
