"""Types that stand for an image and how it is used: `postgres`, `redis`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import Readiness
from testflow_core.provisioning import postgres, redis, redis_copies
from testflow_core.provisioning.postgres_copies import CopiedServer, copied
from testflow_core.provisioning.readiness import tail
from testflow_core.provisioning.wiring import made_up_password
from testflow_docker_env import containers, launching
from testflow_docker_env.archives import archive
from testflow_docker_env.containers import LOOPBACK
from testflow_docker_env.images import find_image, find_version
from testflow_docker_env.programs import teller

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testflow_core.model import Endpoint, Service
    from testflow_core.provisioning.launch import Place, Running
    from testflow_docker_env.container_config import PostgresContainer, RedisContainer
    from testflow_docker_env.containers import Container
    from testflow_docker_env.ground import Ground
    from testflow_docker_env.long_work import Limits

_MEMORY = "/testflow"
_SQL = "/testflow-sql"
_SQL_LIMIT = 120.0
_REDIS_SETTINGS = "/testflow-redis.conf"
# The locale is the one that servers have as local processes: the same encoding, the same order of texts.
_SURROUNDINGS = {"LANG": "C.UTF-8", "PGDATA": f"{_MEMORY}/data"}
# The data lives as long as the container, so nothing of it is worth a sync.
_UNSYNCED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# What was committed outlives a server that is ended on purpose: its files are the container's then, not in memory.
_OUTLIVING = ("fsync=off",)


def start_postgres(
    service: Service, place: Place, ground: Ground, config: PostgresContainer, limits: Limits
) -> Running:
    """
    The server; the database and the schemas are made by its own psql once it is ready.

    Its data is in memory, but where it may be ended on purpose.
    """
    schemas = postgres.find_schemas(service, config, place.site)
    image, warnings = chosen_image(service, place, ground, service.type, limits)
    inside = config.port or postgres.DEFAULT_PORT
    password = config.password or made_up_password()
    settings = [
        *(_OUTLIVING if place.site.faults else _UNSYNCED),
        *([] if inside == postgres.DEFAULT_PORT else [f"port={inside}"]),
    ]
    recipe = evolve(
        launching.recipe(service, place, ground, image, {inside: config.port}, config),
        command=tuple(word for setting in settings for word in ("-c", setting)),
        env={**_SURROUNDINGS, "POSTGRES_USER": config.user, "POSTGRES_PASSWORD": password, **service.env},
    )
    if not place.site.faults:
        recipe = evolve(recipe, memory={**recipe.memory, _MEMORY: ""})
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
    psql = _Psql(service.name, place, container, reached(LOOPBACK, inside), schemas)
    up = evolve(
        up,
        probes=(postgres.accepts_probe(LOOPBACK, published, config.user), *up.probes),
        prepare=psql.prepare,
        warnings=warnings,
    )
    if not place.site.copies:
        return up
    return copied(up, CopiedServer(service=service.name, place=LOOPBACK, endpoint=up.endpoint, load=psql.load))


def start_redis(service: Service, place: Place, ground: Ground, config: RedisContainer, limits: Limits) -> Running:
    """The server, which writes nothing down."""
    image, warnings = chosen_image(service, place, ground, service.type, limits)
    inside = config.port or redis.DEFAULT_PORT
    password = redis.password(config)
    settings = {**redis.UNSAVED, "port": str(inside), "requirepass": password}
    recipe = evolve(
        launching.recipe(service, place, ground, image, {inside: config.port}, config),
        # In a file, as everybody may read the words of a command. Options go to the server that the image starts.
        command=("--include", _REDIS_SETTINGS),
        env=dict(service.env),
        files={_REDIS_SETTINGS: redis.settings_file(settings)},
    )
    container = containers.start(ground.connection, recipe, place.log)
    published = container.published[inside]
    up = launching.running(
        container,
        place,
        redis.endpoint(config, host=LOOPBACK, port=published, password=password),
        redis.endpoint(config, host=recipe.host, port=inside, password=password),
        service.readiness or Readiness(),
    )
    up = evolve(up, probes=(redis.ping_probe(LOOPBACK, published), *up.probes), warnings=warnings)
    return redis_copies.copied(up, service.name) if place.site.copies else up


def chosen_image(
    service: Service, place: Place, ground: Ground, repository: str, limits: Limits
) -> tuple[str, tuple[str, ...]]:
    """The image that the service names, else one of the repository in its version, with what to say about it."""
    tell = teller(service, place)
    if service.image is not None:
        return find_image(ground.connection, service.image, limits, tell), ()
    image, reason = find_version(ground.connection, repository, service.version, limits, tell)
    if reason is None:
        return image, ()
    asked = f"{service.name}: {service.type} {service.version} was asked for"
    return image, (f"{asked} and cannot be had; {image} is used, the nearest that is there ({reason})",)


class _Psql:
    """The server's own psql, which makes the database and loads the schemas; ProvisionError with file and line."""

    def __init__(
        self, service: str, place: Place, container: Container, own: Endpoint, schemas: Sequence[Path]
    ) -> None:
        self._service = service
        self._place = place
        self._container = container
        self._own = own
        self._inside = {f"{_SQL}/{number}/{schema.name}": schema for number, schema in enumerate(schemas)}

    def prepare(self) -> None:
        """Make the database, which is also the first query, and load the schemas."""
        self._query("-d", "postgres", "-c", postgres.creation(self._own.database or ""))
        if self._inside:
            self._container.put(archive(self._inside), "/")
        self.load("")

    def load(self, schema: str) -> None:
        """Load the files of SQL into the database, or into a schema of it."""
        if self._inside:
            database = postgres.connection_string(self._own.database or "", schema)
            self._query("-d", database, *(word for copy in self._inside for word in ("-f", copy)))

    def _query(self, *words: str) -> None:
        own = self._own
        argv = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", own.host, "-p", str(own.port), "-U", own.user or ""]
        argv += ["-w", "-o", "/dev/null", *words]
        environment = {"PGPASSWORD": own.password or "", "PGCONNECT_TIMEOUT": "10"}
        code, said = self._container.execute(argv, _SQL_LIMIT, environment)
        for copy, schema in self._inside.items():
            said = said.replace(copy, str(schema))
        if code is None:
            said = f"it did not end within {_SQL_LIMIT:g} s\n{said}"
        if code != 0:
            raise postgres.sql_failure(self._service, said.strip(), tail(self._place.log))
