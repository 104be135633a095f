"""A PostgreSQL server of our own: made in a private directory, gone with it, its data not worth a sync."""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.model import Readiness
from testflow_core.provisioning import postgres
from testflow_core.provisioning.launch import Running
from testflow_core.provisioning.leases import LOOPBACK
from testflow_core.provisioning.readiness import tail
from testflow_process_env import binaries as pg_binaries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testflow_core.model import Endpoint, Service
    from testflow_core.provisioning.launch import Place
    from testflow_core.provisioning.postgres import PostgresConfig
    from testflow_process_env.binaries import Binaries

_INITDB_LIMIT = timedelta(seconds=60)
_SCHEMA_LIMIT = timedelta(seconds=120)
_SOCKET_PATH_LIMIT = 100
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Files of the data directory instead of shared memory that outlives a SIGKILL.
    "dynamic_shared_memory_type": "mmap",
    "logging_collector": "off",
    "log_destination": "stderr",
}


def start(service: Service, place: Place, config: PostgresConfig, binaries: Binaries) -> Running:
    """The server, started, its database and schemas to be made once it is ready; ProvisionError where it cannot be."""
    schemas = postgres.find_schemas(service, config, place.site)
    password = config.password or postgres.made_up_password()
    data = _make_data_directory(service.name, place, config.user, password, binaries)
    port = place.ports.lease(config.port or None)
    settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": _socket_directory(place.directory)}
    argv = [binaries.program("postgres"), "-D", str(data)]
    argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    environment = _environment()
    with place.log.open("ab") as log:
        process = place.supervisor.spawn(
            argv,
            cwd=place.directory,
            env=environment,
            stdout=log.fileno(),
            stderr=log.fileno(),
            unprivileged=True,
            farewell=signal.SIGQUIT,
        )
    endpoint = postgres.endpoint(service, config, host=LOOPBACK, inside=config.port, port=port, password=password)
    return Running(
        endpoint=endpoint,
        process=process,
        cwd=place.site.workspace,
        env={**environment, "PGPASSWORD": password},
        readiness=service.readiness or Readiness(),
        probes=(postgres.accepts_probe(LOOPBACK, port, config.user),),
        prepare=lambda: _prepare(service.name, place, binaries, endpoint, schemas),
        end_signal=signal.SIGINT,
        warnings=_warnings(service, binaries),
    )


def _warnings(service: Service, binaries: Binaries) -> tuple[str, ...]:
    if not pg_binaries.differs(binaries, service.version):
        return ()
    asked = f"{service.name}: PostgreSQL {service.version} was asked for and is not installed here"
    return (f"{asked}; {binaries.version} is used, from {binaries.directory}",)


def _environment() -> dict[str, str]:
    # PGHOST, PGOPTIONS and their sisters would change what the programs do.
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "TMPDIR", "TZ"}}
    return {**kept, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"}


def _socket_directory(directory: Path) -> str:
    """Where the server puts its socket; nowhere where the path is longer than the system's sockets allow."""
    return str(directory) if len(os.fsencode(directory)) + len("/.s.PGSQL.65535") <= _SOCKET_PATH_LIMIT else ""


def _make_data_directory(service: str, place: Place, user: str, password: str, binaries: Binaries) -> Path:
    data, secret = place.directory / "data", place.directory / "password"
    secret.touch(mode=0o600)
    secret.write_text(f"{password}\n", encoding="utf-8")
    # Collation by code point everywhere; some systems lack its UTF-8 flavour.
    for locale in ("C.UTF-8", "C") if sys.platform == "linux" else ("C",):
        argv = [binaries.program("initdb"), "-D", str(data), "-U", user, "-E", "UTF8", f"--locale={locale}"]
        argv += ["-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "--no-instructions"]
        returncode = _run(argv, place, place.log, _environment(), _INITDB_LIMIT, unprivileged=True)
        if returncode == 0:
            secret.unlink()
            return data
    log = tail(place.log)
    message = f"the service {service} cannot be made: initdb of PostgreSQL {binaries.version} failed:\n{log.strip()}"
    raise ProvisionError(message, service=service, logs={service: log})


def _run(
    argv: Sequence[str],
    place: Place,
    output: Path,
    environment: dict[str, str],
    limit: timedelta,
    *,
    unprivileged: bool = False,
) -> int | None:
    """The exit status of a program that ends by itself, None where it did not within `limit`."""
    with output.open("ab") as stream:
        process = place.supervisor.spawn(
            argv,
            cwd=place.directory,
            env=environment,
            stdout=stream.fileno(),
            stderr=stream.fileno(),
            unprivileged=unprivileged,
        )
    returncode = process.wait(limit.total_seconds())
    process.end(0)
    return returncode


def _prepare(service: str, place: Place, binaries: Binaries, endpoint: Endpoint, schemas: Sequence[Path]) -> None:
    """Make the database, which is also the first query, and load the schemas; ProvisionError with file and line."""
    name = endpoint.database or ""
    psql = [binaries.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", LOOPBACK, "-p", str(endpoint.port)]
    psql += ["-U", endpoint.user or "", "-w"]
    _query(service, place, [*psql, "-d", "postgres", "-o", os.devnull, "-c", postgres.creation(name)], endpoint)
    if schemas:
        files = [word for schema in schemas for word in ("-f", str(schema))]
        _query(service, place, [*psql, "-d", postgres.connection_string(name), *files], endpoint)


def _query(service: str, place: Place, argv: Sequence[str], endpoint: Endpoint) -> None:
    output = place.directory / "psql.log"
    output.write_bytes(b"")
    environment = {**_environment(), "PGPASSWORD": endpoint.password or ""}
    returncode = _run(argv, place, output, environment, _SCHEMA_LIMIT)
    if returncode == 0:
        return
    said = tail(output).strip()
    if returncode is None:
        said = f"it did not end within {_SCHEMA_LIMIT.total_seconds():g} s\n{said}"
    raise postgres.sql_failure(service, said, tail(place.log))
