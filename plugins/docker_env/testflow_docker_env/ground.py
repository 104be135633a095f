"""What the containers of one environment stand on: a connection, a network, a name for each, and their removal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import ProvisionError
from testflow_docker_env import remains
from testflow_docker_env.connection import Connection
from testflow_docker_env.names import host_names

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.model import Environment, Site
    from testflow_core.provisioning.supervisor import Supervisor

ENVIRONMENT = "testflow.environment"
SERVICE = "testflow.service"
_ROOT = Path("/")


@frozen(kw_only=True)
class Ground:
    """`prefix` begins the name of everything on the engine; `hosts` maps a service to its name on the network."""

    connection: Connection
    prefix: str
    labels: Mapping[str, str]
    hosts: Mapping[str, str]


@contextmanager
def ground(host: str, environment: Environment, site: Site, supervisor: Supervisor) -> Generator[Ground]:
    """A network of its own on entry; on exit, or when we are killed, nothing of the environment is on the engine."""
    labels = {**remains.marks(site.directory), ENVIRONMENT: environment.name}
    prefix = f"testflow-{site.lease}"
    with Connection(host) as connection:
        remains.sweep(connection)
        program = [sys.executable, "-m", remains.__name__, host, str(site.directory)]
        withdraw = supervisor.bequeath(program, cwd=_ROOT, env=os.environ)
        try:
            with connection.told("no network can be made for the environment"):
                connection.make(lambda: connection.api.create_network(prefix, driver="bridge", labels=labels))
            yield Ground(connection=connection, prefix=prefix, labels=labels, hosts=host_names(environment.services))
        except BaseException:
            connection.hang_up()
            # The first failure is the one to tell; what cannot be removed now stays bequeathed.
            with suppress(ProvisionError):
                remains.remove(connection, site.directory)
                withdraw()
            raise
        remains.remove(connection, site.directory)
        withdraw()
