"""From a service to its running container, whatever it is: names, ports, variables, and when it is ready."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import Endpoint, Readiness
from testflow_core.provisioning.launch import Running
from testflow_docker_env.container_config import size_in_bytes
from testflow_docker_env.containers import LOOPBACK, Recipe
from testflow_docker_env.ground import SERVICE
from testflow_docker_env.mounts import engine_mount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_core.model import Service
    from testflow_core.provisioning.launch import Place
    from testflow_core.provisioning.readiness import Probe
    from testflow_docker_env.container_config import ContainerConfig
    from testflow_docker_env.containers import Container
    from testflow_docker_env.ground import Ground
    from testflow_docker_env.images import HealthCheck

PATIENCE = 2.0
_HOLD = 0.05
_FIRST_MOMENTS = 0.2


def recipe(
    service: Service, place: Place, ground: Ground, image: str, ports: Mapping[int, int], config: ContainerConfig
) -> Recipe:
    """
    A container of an image, known on the network by its service, on the wished ports where they are free.

    ValueError where a file or directory to mount is not there.
    """
    limits = config.limits
    return Recipe(
        service=service.name,
        name=f"{ground.prefix}-{place.directory.name}",
        image=image,
        host=ground.hosts[service.name],
        network=ground.prefix,
        labels={**ground.labels, SERVICE: service.name},
        ports={inside: _port(place, wished) for inside, wished in ports.items()},
        memory=config.memory(),
        mounts=tuple(engine_mount(each, place.site, ground.prefix, ground.labels) for each in config.mounts()),
        shm_size=None if config.shm_size is None else size_in_bytes(config.shm_size),
        memory_limit=None if limits.memory is None else size_in_bytes(limits.memory),
        cpus=limits.cpus,
        pids=limits.pids,
    )


def peer_endpoint(host: str, ports: Mapping[int, int]) -> Endpoint:
    """Where the other containers reach a service: by its name, at the ports inside."""
    inside = {port: port for port in ports}
    return Endpoint(host=host, ports=inside, url=_url(host, inside))


def published_endpoint(container: Container, ports: Mapping[int, int]) -> Endpoint:
    """Where a container's ports are reached from here."""
    published = {inside: container.published[inside] for inside in ports}
    return Endpoint(host=LOOPBACK, ports=published, url=_url(LOOPBACK, published))


def running(
    container: Container,
    place: Place,
    endpoint: Endpoint,
    peer: Endpoint,
    readiness: Readiness,
    health: HealthCheck | None = None,
) -> Running:
    """
    The container with what shows that it can be used.

    A declared command runs inside; where nothing is declared, the health check of its image does, or else a port must
    stay open.
    """
    probes: list[Probe] = []
    if readiness.exec:
        probes.append(exec_probe(container, [place.resolve(word, peer) for word in readiness.exec]))
    elif readiness.http is None and readiness.log is None and health is not None:
        probes.append(exec_probe(container, health.argv, health.patience))
    elif readiness.http is None and readiness.log is None:
        probes.append(alive_probe(container) if endpoint.port is None else open_probe(endpoint.host, endpoint.port))
    return Running(
        endpoint=endpoint,
        peer=peer,
        process=container,
        cwd=place.directory,
        readiness=evolve(readiness, exec=None),
        probes=tuple(probes),
        again=container.again,
    )


def exec_probe(container: Container, argv: Sequence[str], patience: float = PATIENCE) -> Probe:
    """Ready when the command exits 0 inside, within `patience` seconds."""
    missing: str | None = None

    def probe(seconds: float) -> str | None:
        nonlocal missing
        code, said = container.execute(argv, min(seconds, patience))
        if code == 0:
            return None
        # The last look of all may be too short for any answer: what was found before tells more.
        if code is not None or missing is None:
            how = "did not end" if code is None else f"ended with exit code {code}"
            missing = f"{argv[0]} {how}: {said.strip().rpartition(chr(10))[2]}".removesuffix(": ")
        return missing

    return probe


def open_probe(host: str, port: int) -> Probe:
    """
    Ready when the port accepts a connection and keeps it.

    The engine's own proxy accepts in the name of a service that does not listen yet, and then closes.
    """

    def probe(seconds: float) -> str | None:
        try:
            with socket.create_connection((host, port), timeout=min(seconds, PATIENCE)) as connection:
                connection.settimeout(_HOLD)
                closed = not connection.recv(1)
        except TimeoutError:
            return None
        except OSError as error:
            return f"no connection to {host}:{port} ({error.strerror or error})"
        return f"nothing listens behind {host}:{port}" if closed else None

    return probe


def alive_probe(container: Container) -> Probe:
    """Ready when the container has not ended in its first moments; all that can be known of one without ports."""

    def probe(seconds: float) -> str | None:
        container.wait(min(seconds, _FIRST_MOMENTS))
        return None

    return probe


def _port(place: Place, wished: int) -> int:
    # Any that the engine finds would be another one each time the container starts.
    return place.ports.lease(wished or None) if wished or place.site.faults else 0


def _url(host: str, ports: Mapping[int, int]) -> str | None:
    return f"http://{host}:{next(iter(ports.values()))}" if ports else None
