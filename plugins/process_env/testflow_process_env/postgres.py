"""A PostgreSQL server of our own: made in a private directory, gone with it, its data not worth a sync."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.model import Readiness
from testflow_core.provisioning import postgres, wiring
from testflow_core.provisioning.launch import Running
from testflow_core.provisioning.leases import LOOPBACK
from testflow_core.provisioning.postgres_copies import CopiedServer, copied
from testflow_core.provisioning.postgres_session import PostgresSession, identifier, literal
from testflow_core.provisioning.readiness import log_probe, tail
from testflow_process_env import binaries as pg_binaries
from testflow_process_env import cache, clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from testflow_core.model import Endpoint, Service
    from testflow_core.provisioning.launch import Place
    from testflow_core.provisioning.postgres import PostgresConfig
    from testflow_core.provisioning.supervised import Supervised
    from testflow_process_env.binaries import Binaries

_SCHEMA_LIMIT = timedelta(seconds=120)
_SOCKET_PATH_LIMIT = 100
# Whatever the language of its user: it speaks that of its data directory, which has none.
_READY = "ready to accept connections$"
_SETTINGS = {
    **clusters.UNSYNCED,
    "listen_addresses": LOOPBACK,
    "logging_collector": "off",
    "log_destination": "stderr",
    # The default is a number of segments, which are small here.
    "max_wal_size": "1GB",
    # What it reads is in memory anyway; to lay out more than this takes longer than to do without.
    "shared_buffers": "32MB",
}
# What was committed outlives a server that is killed on purpose: the system has it, though no disk.
_OUTLIVING = {"synchronous_commit": "on", "full_page_writes": "on"}


def start(service: Service, place: Place, config: PostgresConfig, binaries: Binaries) -> Running:
    """The server, started, its database and schemas to be made once it is ready; ProvisionError where it cannot be."""
    schemas = postgres.find_schemas(service, config, place.site)
    password = config.password or wiring.made_up_password()
    sockets = _socket_directory(place.directory)
    data = _make_data_directory(service.name, place, config.user, None if sockets else password, binaries)
    port = place.ports.lease(config.port or None)
    settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": _listed(sockets)}
    settings |= _OUTLIVING if place.site.faults else {}
    argv = [binaries.program("postgres"), "-D", str(data)]
    argv += clusters.options(settings)
    environment = clusters.surroundings()

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
        # Asked at its port, it would start a process for each answer, while it is busy to get up itself.
        probes=(log_probe(place.log, _READY),),
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


def _socket_directory(directory: Path) -> str:
    """Where the server puts its socket; nowhere where the path is longer than the system's sockets allow."""
    return str(directory) if len(os.fsencode(directory)) + len("/.s.PGSQL.65535") <= _SOCKET_PATH_LIMIT else ""


def _listed(directory: str) -> str:
    """The directory as it stands in a setting that is a list (`SplitDirectoriesString` of PostgreSQL)."""
    return '"{}"'.format(directory.replace('"', '""')) if "," in directory else directory


def _make_data_directory(service: str, place: Place, user: str, password: str | None, binaries: Binaries) -> Path:
    """The data of a new server; without a password it trusts whoever reaches its socket, and comes from the cache."""
    data = place.directory / "data"
    if password is not None:
        clusters.make_with_password(service, place, data, user, password, binaries)
        return data

    def fill(directory: Path) -> None:
        clusters.make(service, place, directory, user, binaries)

    name = clusters.identity(user, binaries)
    entry = cache.find(name)
    if entry is None and _make_in_memory(name, place, data, fill):
        return data
    if entry is None:
        # What hinders it in the cache may not hinder it here.
        with suppress(ProvisionError):
            entry = cache.make(name, fill)
    if entry is None or not (place.supervisor.overlay(entry, data) or cache.take(entry, data)):
        fill(data)
    return data


def _make_in_memory(name: str, place: Place, data: Path, fill: Callable[[Path], None]) -> bool:
    """
    The data of a new server without a file on a disk, which a thousand small ones take most of the time for.

    What it is made of goes to the cache meanwhile, for the next. False where there is no cache, and where memory cannot
    be had, or shown as files, or does not suffice.
    """
    memory = place.directory / "memory"
    if cache.home() is None or not place.supervisor.memory(memory):
        return False
    made = memory / "data"
    with suppress(ProvisionError):
        fill(made)
        cache.keep(name, made, place.supervisor)
        return place.supervisor.overlay(made, data)
    return False


def _prepare(service: str, place: Place, binaries: Binaries, endpoint: Endpoint, schemas: Sequence[Path]) -> None:
    """Make the database, which is also the first query, and load the schemas; ProvisionError with file and line."""
    if _socket_directory(place.directory):
        _introduce(service, place, endpoint)
    else:
        creation = postgres.creation(endpoint.database or "", binaries.version)
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


def _introduce(service: str, place: Place, endpoint: Endpoint) -> None:
    """Give the server its password and its database, by its socket: no program to start, no argument to be read."""
    user, port, database = endpoint.user or "", endpoint.port or 0, endpoint.database or ""
    prepared = identifier(clusters.PREPARED)
    try:
        with PostgresSession(place.directory, port, user, "postgres") as session:
            session.query(f"ALTER ROLE {identifier(user)} PASSWORD{literal(endpoint.password or '')}")
            if database == "postgres":
                session.query(f"DROP DATABASE {prepared}")
            else:
                session.query(f"ALTER DATABASE {prepared} RENAME TO {identifier(database)}")
    except ProvisionError as error:
        raise postgres.sql_failure(service, error.message, tail(place.log)) from error


def _query(service: str, place: Place, argv: Sequence[str], endpoint: Endpoint) -> None:
    output = place.directory / "psql.log"
    output.write_bytes(b"")
    environment = {**clusters.surroundings(), "PGPASSWORD": endpoint.password or ""}
    returncode = clusters.run(argv, place, output, environment, _SCHEMA_LIMIT)
    if returncode == 0:
        return
    said = tail(output).strip()
    if returncode is None:
        said = f"it did not end within {_SCHEMA_LIMIT.total_seconds():g} s\n{said}"
    raise postgres.sql_failure(service, said, tail(place.log))
