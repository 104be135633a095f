"""Databases that are filled once and copied from then on."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING, TypeAlias

from psycopg import errors

from testflow_core.errors import DataError
from testflow_core.provisioning import ledger as ledgers
from testflow_core.tables import quoted
from testflow_postgres_data.filling import fill
from testflow_postgres_data.remains import REMOVER
from testflow_postgres_data.server import Connection, Server, execute

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testflow_core.model import DataSet
    from testflow_core.provisioning.ledger import Ledger

Files: TypeAlias = "Sequence[tuple[str, str]]"
"""Files of SQL: what they are called, and what is in them."""

# Another way to make the same tables is another template.
_FORM = 1
_STRATEGIES = 15_00_00
_KEPT = 30 * 24 * 3600.0


def read(names: Sequence[str], workspace: Path) -> Files:
    """The files of SQL of a workspace; DataError where one cannot be read."""
    found: list[tuple[str, str]] = []
    for name in names:
        try:
            found.append((name, (workspace / name).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise DataError(f"the file of SQL {workspace / name} cannot be read: {error}") from error
    return found


def name(session: Connection, data: DataSet, schemas: Files) -> str:
    """What the template of a data set is called: another one for other records, files or roles."""
    tables = {entity: repr(table) for entity, table in data.tables.items()}
    told = json.dumps([_FORM, session.info.user, data.name, data.version, tables, list(schemas)], sort_keys=True)
    return f"testflow_template_{hashlib.sha256(told.encode()).hexdigest()[:24]}"


def made(there: Server, session: Connection, database: str, data: DataSet, schemas: Files) -> None:
    """A new database with the data in it."""
    execute(session, f"CREATE DATABASE {quoted(database)}")
    with there.session(database, autocommit=False) as inside:
        fill(inside, data, schemas)


def make(there: Server, session: Connection, template: str, data: DataSet, schemas: Files, mine: Ledger) -> None:
    """A template with the data in it: what bears its name is complete, whoever is killed while making it."""
    making = f"testflow_making_{secrets.token_hex(6)}"
    mine.note({"kind": "database", "name": making, "url": there.url})
    made(there, session, making, data, schemas)
    keep(there, template)
    execute(session, f"ALTER DATABASE {quoted(making)} WITH ALLOW_CONNECTIONS false")
    try:
        execute(session, f"ALTER DATABASE {quoted(making)} RENAME TO {quoted(template)}")
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        # Another run has made the same meanwhile; ours goes with the ledger.
        return


def copied(session: Connection, database: str, template: str) -> bool:
    """A new database that is a copy of a template; False where there is no such template."""
    # Copied as files, it is not written to the log, too, and the server makes two checkpoints, which cost nothing where
    # nothing is synced; elsewhere they may take as long as whatever others have written lately.
    unsynced = session.info.server_version >= _STRATEGIES and execute(session, "SHOW fsync") == [("off",)]
    how = " STRATEGY file_copy" if unsynced else ""
    try:
        execute(session, f"CREATE DATABASE {quoted(database)} TEMPLATE {quoted(template)}{how}")
    except errors.InvalidCatalogName:
        return False
    return True


def keep(there: Server, template: str) -> None:
    """Let a template stay for another 30 days."""
    entry = {"kind": "database", "name": template, "url": there.url}
    where = hashlib.sha256(f"{template} {there.address()}".encode()).hexdigest()[:16]
    ledgers.keep(REMOVER, where, entry, _KEPT)
