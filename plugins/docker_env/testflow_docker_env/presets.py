"""Types that stand for an image and how it is used: `postgres`, `redis`."""

from __future__ import annotations

import io
import socket
import tarfile
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import evolve, field, frozen

from testflow_core.errors import Problem
from testflow_core.model import Endpoint, Readiness
from testflow_core.provisioning import postgres
from testflow_core.provisioning.readiness import tail
from testflow_docker_env import containers, launching
from testflow_docker_env.containers import LOOPBACK
from testflow_docker_env.images import find_image, find_version
from testflow_docker_env.programs import teller

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from testflow_core.model import Service
    from testflow_core.provisioning.launch import Place, Running
    from testflow_core.provisioning.postgres import PostgresConfig
    from testflow_core.provisioning.readiness import Probe
    from testflow_docker_env.containers import Container
    from testflow_docker_env.ground import Ground
    from testflow_docker_env.long_work import Limits

_REDIS_PORT = 6379
_MAX_PORT = 65535
_MEMORY = "/testflow"
_SQL = "/testflow-sql"
_SQL_LIMIT = 120.0
# The locale is the one that servers have as local processes: the same encoding, the same order of texts.
_SURROUNDINGS = {"LANG": "C.UTF-8", "PGDATA": f"{_MEMORY}/data"}
# The data lives as long as the container, so nothing of it is worth a sync.
_UNSYNCED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@frozen(kw_only=True)
class RedisConfig:
    """The `config` of a service of type `redis`; `port` is a wish."""

    port: int = _REDIS_PORT
    password: str | None = field(default=None, repr=False)


def redis_mistakes(service: Service, config: RedisConfig) -> Iterator[Problem]:
    """What is wrong with a config whose types are right."""
    if not 0 <= config.port <= _MAX_PORT:
        path = f"$.services.{service.name}.config.port"
        yield Problem(path, f"expected a port from 0 (any) to {_MAX_PORT}, got {config.port}")


def start_postgres(service: Service, place: Place, ground: Ground, config: PostgresConfig, limits: Limits) -> Running:
    """The server, its data in memory; the database and the schemas are made by its own psql once it is ready."""
    schemas = postgres.find_schemas(service, config, place.site)
    image, warnings = _version(service, place, ground, limits)
    inside = config.port or postgres.DEFAULT_PORT
    password = config.password or postgres.made_up_password()
    settings = [*_UNSYNCED, *([] if inside == postgres.DEFAULT_PORT else [f"port={inside}"])]
    recipe = evolve(
        launching.recipe(service, place, ground, image, {inside: config.port}),
        command=tuple(word for setting in settings for word in ("-c", setting)),
        env={**_SURROUNDINGS, "POSTGRES_USER": config.user, "POSTGRES_PASSWORD": password, **service.env},
        memory=(_MEMORY,),
    )
    container = containers.start(ground.connection, recipe, place.log)

    def reached(host: str, port: int) -> Endpoint:
        return postgres.endpoint(service, config, host=host, inside=config.port, port=port, password=password)

    published = container.published[inside]
    up = launching.running(
        container,
        place,
        reached(LOOPBACK, published),
        reached(recipe.host, inside),
        service.readiness or Readiness(),
    )
    return evolve(
        up,
        probes=(postgres.accepts_probe(LOOPBACK, published, config.user), *up.probes),
        prepare=lambda: _prepare(service.name, place, container, reached(LOOPBACK, inside), schemas),
        warnings=warnings,
    )


def start_redis(service: Service, place: Place, ground: Ground, config: RedisConfig, limits: Limits) -> Running:
    """The server, which writes nothing down."""
    image, warnings = _version(service, place, ground, limits)
    inside = config.port or _REDIS_PORT
    settings = ["--port", str(inside), "--save", "", "--appendonly", "no"]
    settings += ["--requirepass", config.password] if config.password else []
    recipe = evolve(
        launching.recipe(service, place, ground, image, {inside: config.port}),
        command=tuple(settings),
        env=dict(service.env),
    )
    container = containers.start(ground.connection, recipe, place.log)
    published = container.published[inside]
    up = launching.running(
        container,
        place,
        _redis_endpoint(config, LOOPBACK, published),
        _redis_endpoint(config, recipe.host, inside),
        service.readiness or Readiness(),
    )
    return evolve(up, probes=(_ping_probe(LOOPBACK, published), *up.probes), warnings=warnings)


def _version(service: Service, place: Place, ground: Ground, limits: Limits) -> tuple[str, tuple[str, ...]]:
    """The image that the service names, else the official one in the version it asks for, with what to say about it."""
    tell = teller(service, place)
    if service.image is not None:
        return find_image(ground.connection, service.image, limits, tell), ()
    image, reason = find_version(ground.connection, service.type, service.version, limits, tell)
    if reason is None:
        return image, ()
    asked = f"{service.name}: {service.type} {service.version} was asked for"
    return image, (f"{asked} and cannot be had; {image} is used, the nearest that is there ({reason})",)


def _redis_endpoint(config: RedisConfig, host: str, port: int) -> Endpoint:
    credentials = f":{quote(config.password, safe='')}@" if config.password else ""
    return Endpoint(
        host=host, ports={config.port: port}, url=f"redis://{credentials}{host}:{port}", password=config.password
    )


def _ping_probe(host: str, port: int) -> Probe:
    """Ready when the server answers, if only that a password is missing."""

    def probe(seconds: float) -> str | None:
        try:
            with socket.create_connection((host, port), timeout=min(seconds, launching.PATIENCE)) as connection:
                connection.sendall(b"PING\r\n")
                answer = connection.recv(64)
        except OSError as error:
            return f"Redis does not answer on {host}:{port} ({error})"
        return None if answer.startswith((b"+PONG", b"-NOAUTH")) else f"Redis on {host}:{port} is still starting"

    return probe


def _prepare(service: str, place: Place, container: Container, own: Endpoint, schemas: Sequence[Path]) -> None:
    """Make the database, which is also the first query, and load the schemas; ProvisionError with file and line."""
    name = own.database or ""
    psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", own.host, "-p", str(own.port), "-U", own.user or ""]
    psql += ["-w", "-o", "/dev/null"]
    inside = {f"{_SQL}/{number}/{schema.name}": schema for number, schema in enumerate(schemas)}

    def query(*argv: str) -> None:
        code, said = container.execute(argv, _SQL_LIMIT, {"PGPASSWORD": own.password or "", "PGCONNECT_TIMEOUT": "10"})
        for copy, schema in inside.items():
            said = said.replace(copy, str(schema))
        if code is None:
            said = f"it did not end within {_SQL_LIMIT:g} s\n{said}"
        if code != 0:
            raise postgres.sql_failure(service, said.strip(), tail(place.log))

    query(*psql, "-d", "postgres", "-c", postgres.creation(name))
    if schemas:
        container.put(_archive(inside), "/")
        query(*psql, "-d", postgres.connection_string(name), *(word for copy in inside for word in ("-f", copy)))


def _archive(files: Mapping[str, Path]) -> bytes:
    """Files as they are to be called inside."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, file in files.items():
            tar.add(file, arcname=name, filter=_readable)
    return archive.getvalue()


def _readable(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The server's own user, whoever that is, may read it."""
    member.mode |= 0o444
    return member
