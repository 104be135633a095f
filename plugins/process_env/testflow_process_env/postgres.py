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
from testflow_core.provisioning.postgres_copies import CopiedServer, copied
from testflow_core.provisioning.postgres_session import PostgresSession, identifier, literal
from testflow_core.provisioning.readiness import tail
from testflow_process_env import binaries as pg_binaries
from testflow_process_env import cache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testflow_core.model import Endpoint, Service
    from testflow_core.provisioning.launch import Place
    from testflow_core.provisioning.postgres import PostgresConfig
    from testflow_core.provisioning.supervisor import Supervised
    from testflow_process_env.binaries import Binaries

_INITDB_LIMIT = timedelta(seconds=60)
_SCHEMA_LIMIT = timedelta(seconds=120)
_SOCKET_PATH_LIMIT = 100
_FORMAT = 1
"""Of the entries in the cache: another number where this module makes data directories in another way."""
# Collation by code point everywhere; some systems lack its UTF-8 flavour.
_LOCALES = ("C.UTF-8", "C")
# Its directory is only ours. A password is each server's own, so that none is in the cache.
_TRUSTED_SOCKET = ("--auth-local=trust", "--auth-host=scram-sha-256")
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
# What was committed outlives a server that is killed on purpose: the system has it, though no disk.
_OUTLIVING = {"synchronous_commit": "on", "full_page_writes": "on"}


def start(service: Service, place: Place, config: PostgresConfig, binaries: Binaries) -> Running:
    """The server, started, its database and schemas to be made once it is ready; ProvisionError where it cannot be."""
    schemas = postgres.find_schemas(service, config, place.site)
    password = config.password or postgres.made_up_password()
    sockets = _socket_directory(place.directory)
    data = _make_data_directory(service.name, place, config.user, None if sockets else password, binaries)
    port = place.ports.lease(config.port or None)
    settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": sockets}
    settings |= _OUTLIVING if place.site.faults else {}
    argv = [binaries.program("postgres"), "-D", str(data)]
    argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    environment = _environment()

    def spawn() -> Supervised:
        with place.log.open("ab") as log:
            return place.supervisor.spawn(
                argv,
                cwd=place.directory,
                env=environment,
                stdout=log.fileno(),
                stderr=log.fileno(),
                unprivileged=True,
                farewell=signal.SIGQUIT,
            )

    def again() -> Supervised:
        # One that was killed leaves its number behind, which may be another process's by now.
        for lock in (data / "postmaster.pid", *place.directory.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)
        return spawn()

    endpoint = postgres.endpoint(service, config, host=LOOPBACK, inside=config.port, port=port, password=password)
    running = Running(
        endpoint=endpoint,
        process=spawn(),
        cwd=place.site.workspace,
        env={**environment, "PGPASSWORD": password},
        readiness=service.readiness or Readiness(),
        probes=(postgres.accepts_probe(LOOPBACK, port, config.user),),
        prepare=lambda: _prepare(service.name, place, binaries, endpoint, schemas),
        end_signal=signal.SIGINT,
        warnings=_warnings(service, binaries),
        again=again,
    )
    if not place.site.copies:
        return running
    server = CopiedServer(
        service=service.name,
        place=place.directory if sockets else LOOPBACK,
        endpoint=endpoint,
        load=lambda schema: _load(service.name, place, binaries, endpoint, schemas, schema),
    )
    return copied(running, server)


def _warnings(service: Service, binaries: Binaries) -> tuple[str, ...]:
    if not pg_binaries.differs(binaries, service.version):
        return ()
    asked = f"{service.name}: PostgreSQL {service.version} was asked for and is not installed here"
    return (f"{asked}; {binaries.version} is used, from {binaries.directory}",)


def _environment() -> dict[str, str]:
    return {**pg_binaries.surroundings(), "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"}


def _socket_directory(directory: Path) -> str:
    """Where the server puts its socket; nowhere where the path is longer than the system's sockets allow."""
    return str(directory) if len(os.fsencode(directory)) + len("/.s.PGSQL.65535") <= _SOCKET_PATH_LIMIT else ""


def _make_data_directory(service: str, place: Place, user: str, password: str | None, binaries: Binaries) -> Path:
    """The data of a new server; without a password it trusts whoever reaches its socket, and comes from the cache."""
    data = place.directory / "data"
    locales = _LOCALES if sys.platform == "linux" else _LOCALES[1:]
    if password is not None:
        secret = place.directory / "password"
        secret.touch(mode=0o600)
        secret.write_text(f"{password}\n", encoding="utf-8")
        _initdb(service, place, data, user, locales, ["-A", "scram-sha-256", f"--pwfile={secret}"], binaries)
        secret.unlink()
        return data
    programs = [pg_binaries.fingerprint(binaries, name) for name in ("initdb", "postgres")]
    name = cache.digest([_FORMAT, binaries.version, programs, user, locales, sys.platform])
    entry = cache.find(name)
    if entry is None or not (place.supervisor.overlay(entry, data) or cache.take(entry, data)):
        _initdb(service, place, data, user, locales, _TRUSTED_SOCKET, binaries)
        cache.give(name, data)
    return data


def _initdb(
    service: str,
    place: Place,
    data: Path,
    user: str,
    locales: Sequence[str],
    authentication: Sequence[str],
    binaries: Binaries,
) -> None:
    for locale in locales:
        argv = [binaries.program("initdb"), "-D", str(data), "-U", user, "-E", "UTF8", f"--locale={locale}"]
        argv += [*authentication, "--no-sync", "--no-instructions"]
        if _run(argv, place, place.log, _environment(), _INITDB_LIMIT, unprivileged=True) == 0:
            return
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
    creation = postgres.creation(endpoint.database or "", binaries.version)
    if _socket_directory(place.directory):
        _introduce(service, place, endpoint, creation)
    else:
        psql = [*_psql(binaries, endpoint), "-d", "postgres", "-o", os.devnull, "-c", creation]
        _query(service, place, psql, endpoint)
    _load(service, place, binaries, endpoint, schemas)


def _load(
    service: str, place: Place, binaries: Binaries, endpoint: Endpoint, schemas: Sequence[Path], within: str = ""
) -> None:
    """Load the files of SQL into the database, or into a schema of it."""
    if schemas:
        database = postgres.connection_string(endpoint.database or "", within)
        files = [word for schema in schemas for word in ("-f", str(schema))]
        _query(service, place, [*_psql(binaries, endpoint), "-d", database, *files], endpoint)


def _psql(binaries: Binaries, endpoint: Endpoint) -> list[str]:
    where = ["-h", LOOPBACK, "-p", str(endpoint.port), "-U", endpoint.user or "", "-w"]
    return [binaries.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where]


def _introduce(service: str, place: Place, endpoint: Endpoint, creation: str) -> None:
    """Give the server its password and its database, by its socket: no program to start, no argument to be read."""
    user, port = endpoint.user or "", endpoint.port or 0
    try:
        with PostgresSession(place.directory, port, user, "postgres") as session:
            session.query(f"ALTER ROLE {identifier(user)} PASSWORD{literal(endpoint.password or '')}")
            session.query(creation)
    except ProvisionError as error:
        raise postgres.sql_failure(service, error.message, tail(place.log)) from error


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
