"""What a service of type `postgres` is declared with and answers, whoever starts it."""

from __future__ import annotations

import re
import socket
import struct
import time
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from attrs import field, frozen

from testflow_core.errors import Problem, ProvisionError
from testflow_core.model import Endpoint
from testflow_core.provisioning import versions
from testflow_core.specs import key_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testflow_core.model import Service, Site
    from testflow_core.provisioning.readiness import Probe

DEFAULT_PORT = 5432
_MAX_PORT = 65535
_NAME_LIMIT = 63
_PROTOCOL_3 = 196608
_STRATEGIES = 15


@frozen(kw_only=True)
class PostgresConfig:
    """The `config` of a service of type `postgres`; `port` is a wish, `schemas` are files of SQL loaded in order."""

    port: int = DEFAULT_PORT
    schemas: tuple[str, ...] = ()
    user: str = "postgres"
    password: str | None = field(default=None, repr=False)
    database: str | None = None


def mistakes(service: Service, config: PostgresConfig) -> Iterator[Problem]:
    """What is wrong with a config whose types are right."""
    if not 0 <= config.port <= _MAX_PORT:
        path = f"{key_path('$.services', service.name)}.config.port"
        yield Problem(path, f"expected a port from 0 (any) to {_MAX_PORT}, got {config.port}")


def endpoint(service: Service, config: PostgresConfig, *, host: str, inside: int, port: int, password: str) -> Endpoint:
    """Where the server is reached that listens on the port `inside`, at a host and a port; with its URL."""
    database = config.database or re.sub(r"[^a-z0-9_]", "_", service.name.lower())[:_NAME_LIMIT]
    credentials = f"{quote(config.user, safe='')}:{quote(password, safe='')}"
    return Endpoint(
        host=host,
        ports={inside: port},
        url=f"postgresql://{credentials}@{host}:{port}/{quote(database, safe='')}",
        user=config.user,
        password=password,
        database=database,
    )


class HasSchemas(Protocol):
    """The `config` of a database."""

    @property
    def schemas(self) -> tuple[str, ...]:
        """Files of SQL, as they are declared."""
        ...


def find_schemas(service: Service, config: HasSchemas, site: Site) -> list[Path]:
    """The files of SQL, each in the workspace or else in a checkout; ProvisionError where one is in neither."""
    return [_find_schema(service.name, name, site) for name in config.schemas]


def accepts_probe(host: str, port: int, user: str) -> Probe:
    """Ready when the server asks who we are; while it starts or recovers it refuses."""
    parameters = b"\0".join([b"user", user.encode(), b"database", b"postgres", b"", b""])
    message = struct.pack("!ii", 8 + len(parameters), _PROTOCOL_3) + parameters

    def probe(seconds: float) -> str | None:
        deadline = time.monotonic() + seconds
        try:
            with socket.create_connection((host, port), timeout=seconds) as connection:
                connection.sendall(message)
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                answer = connection.recv(1)
        except OSError as error:
            return f"PostgreSQL does not answer on {host}:{port} ({error})"
        return None if answer == b"R" else f"PostgreSQL on {host}:{port} is still starting"

    return probe


def connection_string(database: str, schema: str = "") -> str:
    """
    A database's name as psql takes none for anything else: one with `=` in it, or one that begins as a URL.

    With a schema, whose name is plain, that is where all is looked for and made.
    """
    escaped = database.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{escaped}'" + (f" options='-csearch_path={schema}'" if schema else "")


def creation(database: str, version: str = "") -> str:
    """The SQL that makes the database, the faster way where the server's version has one; the first query anyway."""
    quoted = database.replace('"', '""')
    return "SELECT 1" if database == "postgres" else f'CREATE DATABASE "{quoted}"{strategy(version)}'


def strategy(version: str) -> str:
    """The SQL that copies a database the faster way, after its name; nothing where the server's version has but one."""
    major, _ = versions.numbers(version) or (0, 0)
    # Through the log, each page is written twice; a server without syncs has nothing to fear of the checkpoints.
    return " STRATEGY file_copy" if major >= _STRATEGIES else ""


def sql_failure(service: str, said: str, log: str) -> ProvisionError:
    """The error of a service whose psql failed: file and line of the mistake, what psql said, and the server's log."""
    located = re.search(r"^psql:(.+):(\d+): (.*)$", said, re.MULTILINE)
    what = f"an SQL error in {located[1]}, line {located[2]}: {located[3]}" if located else "psql failed"
    logs = {service: f"{said}\n\n{log}"}
    return ProvisionError(f"the service {service} could not be prepared: {what}\n{said}", service=service, logs=logs)


def _find_schema(service: str, name: str, site: Site) -> Path:
    places = [site.workspace, *site.checkouts.values()]
    for each in places:
        if (each / name).is_file():
            return each / name
    looked = ", ".join(str(each / name) for each in places)
    raise ProvisionError(f"the service {service} has no schema file {name!r}; looked for {looked}", service=service)
