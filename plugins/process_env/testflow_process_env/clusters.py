"""Data directories of PostgreSQL servers, made by the server's own programs."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import postgres, versions
from testflow_core.provisioning.readiness import tail
from testflow_process_env import binaries as pg_binaries
from testflow_process_env import cache

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from testflow_core.provisioning.launch import Place
    from testflow_process_env.binaries import Binaries

PREPARED = "testflow_prepared"
"""An empty database of every new server: to rename it takes a fiftieth of the time that it takes to make one."""

_FORMAT = 2
"""Of the entries in the cache: another number where this module makes data directories in another way."""
_LIMIT = timedelta(seconds=60)
# Collation by code point everywhere; some systems lack its UTF-8 flavour.
_LOCALES = ("C.UTF-8", "C") if sys.platform == "linux" else ("C",)
# Its directory is only ours. A password is each server's own, so that none is in the cache.
_TRUSTED_SOCKET = ("--auth-local=trust", "--auth-host=scram-sha-256")
_SEGMENTS_OF_ANY_SIZE = 11
UNSYNCED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Files of the data directory instead of shared memory that outlives a SIGKILL.
    "dynamic_shared_memory_type": "mmap",
}


def identity(user: str, binaries: Binaries) -> str:
    """What tells data directories apart that are made without a password."""
    programs = [pg_binaries.fingerprint(binaries, name) for name in ("initdb", "postgres")]
    return cache.digest([_FORMAT, binaries.version, programs, user, _LOCALES, sys.platform])


def make(service: str, place: Place, data: Path, user: str, binaries: Binaries) -> None:
    """A data directory whose server trusts whoever reaches its socket, with an empty database; ProvisionError."""
    _initdb(service, place, data, user, _TRUSTED_SOCKET, binaries)
    creation = f"{postgres.creation(PREPARED, binaries.version)}\n"
    argv = [binaries.program("postgres"), "--single", "-D", str(data), *options(UNSYNCED), "template1"]
    if run(argv, place, place.log, surroundings(), _LIMIT, said=creation, unprivileged=True) != 0:
        raise _failure(service, place, "postgres --single", binaries)


def make_with_password(service: str, place: Place, data: Path, user: str, password: str, binaries: Binaries) -> None:
    """A data directory whose server wants the password of everybody; ProvisionError."""
    secret = place.directory / "password"
    secret.touch(mode=0o600)
    secret.write_text(f"{password}\n", encoding="utf-8")
    _initdb(service, place, data, user, ["-A", "scram-sha-256", f"--pwfile={secret}"], binaries)
    secret.unlink()


def options(settings: Mapping[str, str]) -> list[str]:
    """Settings as the words of a server's command."""
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def surroundings() -> dict[str, str]:
    """The variables that programs of PostgreSQL are started with."""
    return {**pg_binaries.surroundings(), "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"}


def run(
    argv: Sequence[str],
    place: Place,
    output: Path,
    environment: dict[str, str],
    limit: timedelta,
    *,
    said: str = "",
    unprivileged: bool = False,
) -> int | None:
    """The exit status of a program that reads a few words and ends by itself; None where it did not within `limit`."""
    reader, writer = os.pipe()
    try:
        # Less than a pipe holds, so nobody has to read yet.
        os.write(writer, said.encode())
        os.close(writer)
        with output.open("ab") as stream:
            process = place.supervisor.spawn(
                argv,
                cwd=place.directory,
                env=environment,
                stdin=reader,
                stdout=stream.fileno(),
                stderr=stream.fileno(),
                unprivileged=unprivileged,
            )
    finally:
        os.close(reader)
    returncode = process.wait(limit.total_seconds())
    process.end(0)
    return returncode


def _initdb(
    service: str, place: Place, data: Path, user: str, authentication: Sequence[str], binaries: Binaries
) -> None:
    major, _ = versions.numbers(binaries.version) or (0, 0)
    # Small ones cost less where a server is shown its first by an overlay, which copies what is written to.
    segments = ["--wal-segsize=1"] if major >= _SEGMENTS_OF_ANY_SIZE else []
    for locale in _LOCALES:
        argv = [binaries.program("initdb"), "-D", str(data), "-U", user, "-E", "UTF8", f"--locale={locale}"]
        argv += [*authentication, *segments, "--no-sync", "--no-instructions"]
        if run(argv, place, place.log, surroundings(), _LIMIT, unprivileged=True) == 0:
            return
    raise _failure(service, place, "initdb", binaries)


def _failure(service: str, place: Place, program: str, binaries: Binaries) -> ProvisionError:
    log = tail(place.log)
    message = f"the service {service} cannot be made: {program} of PostgreSQL {binaries.version} failed"
    return ProvisionError(f"{message}:\n{log.strip()}", service=service, logs={service: log})
