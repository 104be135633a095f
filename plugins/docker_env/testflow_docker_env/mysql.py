"""The types `mysql` and `mariadb`: the official images, by the variables that their entrypoints read."""

from __future__ import annotations

import re
import socket
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from attrs import field, frozen

from testflow_core.errors import ProvisionError
from testflow_core.model import Endpoint
from testflow_core.provisioning.postgres import find_schemas
from testflow_core.provisioning.readiness import tail
from testflow_core.provisioning.wiring import made_up_password
from testflow_docker_env.archives import archive
from testflow_docker_env.containers import LOOPBACK
from testflow_docker_env.preset import PresetContainer, Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from testflow_core.model import Service, Site
    from testflow_core.provisioning.launch import Place
    from testflow_core.provisioning.readiness import Probe
    from testflow_docker_env.containers import Container
    from testflow_docker_env.preset import Address

_DATA = "/var/lib/mysql"
_SQL = "/testflow-sql"
_SQL_LIMIT = 120.0
_PATIENCE = 2.0
_ROOT = "root"
_NAME_LIMIT = 64
# The data lives as long as the container, so nothing of it is worth a sync; a killed server loses nothing by it.
_UNSYNCED = ("--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", "--character-set-server=utf8mb4")
# A page that a killed server had written in part would be lost; in memory its data goes with it anyway.
_FORGETFUL = ("--innodb-doublewrite=0",)
# MySQL's entrypoint writes them into SQL and into a file of options as they are.
_ODD = re.compile(r"['\"\\`\x00-\x1f]")
_LOCATED = re.compile(r"^ERROR .* at line (\d+): (.*)$", re.MULTILINE)
# The client's own `source` goes on after an error, and ends as if there was none.
_FROM_FILE = ("sh", "-c", 'file=$1; shift; exec "$@" <"$file"', "load")
_GREETING = 10
"""The version of the protocol, with which the server begins its greeting."""


@frozen(kw_only=True, slots=False)
class MysqlContainer(PresetContainer):
    """The `config` of a service of type `mysql`; `schemas` are files of SQL loaded in order, by the `user`."""

    inside: ClassVar[int] = 3306
    prefix: ClassVar[str] = "MYSQL"
    client: ClassVar[str] = "mysql"

    port: int = 3306
    schemas: tuple[str, ...] = ()
    user: str = _ROOT
    password: str | None = field(default=None, repr=False)
    database: str | None = None

    @property
    def repository(self) -> str:
        """The official image."""
        return "mysql"

    def problems(self) -> Iterator[tuple[str, str]]:
        """Characters that the image's entrypoint does not bear."""
        for key in ("user", "password", "database"):
            if _ODD.search(getattr(self, key) or ""):
                yield key, "the image's entrypoint takes no quotes, backslashes or control characters; leave them out"

    def use(self, service: Service, site: Site, address: Address) -> Use:  # noqa: ARG002 - it needs no address
        """An account that is `root`, or one that may do all with the database."""
        password = self.password or made_up_password()
        database = self.database or re.sub(r"[^a-z0-9_]", "_", service.name.lower())[:_NAME_LIMIT]
        env = {"ROOT_PASSWORD": password, "DATABASE": database}
        if self.user != _ROOT:
            env |= {"USER": self.user, "PASSWORD": password}
        account = (self.user, password, database)
        loading = _Loading(service.name, self.client, account, find_schemas(service, self, site))
        return Use(
            published=self.inside,
            reached=partial(_endpoint, self.inside, account),
            probe=greeting_probe,
            command=_UNSYNCED if site.faults else (*_UNSYNCED, *_FORGETFUL),
            env={f"{self.prefix}_{key}": value for key, value in env.items()},
            data=_DATA,
            prepare=loading.prepare,
        )


@frozen(kw_only=True, slots=False)
class MariadbContainer(MysqlContainer):
    """The `config` of a service of type `mariadb`."""

    prefix: ClassVar[str] = "MARIADB"
    client: ClassVar[str] = "mariadb"

    @property
    def repository(self) -> str:
        """The official image."""
        return "mariadb"


def greeting_probe(host: str, port: int) -> Probe:
    """Ready when the server greets, as it does before anything is asked; that which prepares the data is on no port."""

    def probe(seconds: float) -> str | None:
        try:
            with socket.create_connection((host, port), timeout=min(seconds, _PATIENCE)) as connection:
                greeting = connection.makefile("rb").read(5)
        except OSError as error:
            return f"no server greets on {host}:{port} ({error})"
        return None if greeting[4:] == bytes([_GREETING]) else f"the server on {host}:{port} is still starting"

    return probe


def _endpoint(inside: int, account: tuple[str, str, str], host: str, port: int) -> Endpoint:
    user, password, database = account
    words = [quote(each, safe="") for each in account]
    return Endpoint(
        host=host,
        ports={inside: port},
        url=f"mysql://{words[0]}:{words[1]}@{host}:{port}/{words[2]}",
        user=user,
        password=password,
        database=database,
    )


class _Loading:
    """The image's own client, which loads the schemas; ProvisionError with file and line."""

    def __init__(self, service: str, client: str, account: tuple[str, str, str], schemas: Sequence[Path]) -> None:
        self._service = service
        self._client = client
        self._account = account
        self._inside = {f"{_SQL}/{number}.sql": schema for number, schema in enumerate(schemas)}

    def prepare(self, container: Container, place: Place) -> None:
        """Log in, which is the first query, and load the schemas one by one."""
        if self._inside:
            container.put(archive(self._inside), "/")
        self._run(container, place, "/dev/null", "the account")
        for copy, schema in self._inside.items():
            self._run(container, place, copy, str(schema))

    def _run(self, container: Container, place: Place, file: str, what: str) -> None:
        user, password, database = self._account
        argv = [
            *_FROM_FILE,
            file,
            self._client,
            "--protocol=TCP",
            f"--host={LOOPBACK}",
            f"--port={MysqlContainer.inside}",
        ]
        argv += [f"--user={user}", f"--database={database}", "--default-character-set=utf8mb4", "--batch", "--silent"]
        # In the environment, as everybody may read the words of a command.
        code, said = container.execute(argv, _SQL_LIMIT, {"MYSQL_PWD": password})
        if code == 0:
            return
        located = _LOCATED.search(said)
        why = f"an SQL error in {what}, line {located[1]}: {located[2]}" if located else f"{what}: {said.strip()}"
        if code is None:
            why = f"{what}: it did not end within {_SQL_LIMIT:g} s"
        message = f"the service {self._service} could not be prepared: {why}"
        raise ProvisionError(message, service=self._service, logs={self._service: f"{said}\n\n{tail(place.log)}"})
