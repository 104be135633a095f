"""What is removed once a run has ended, in whatever way."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import psycopg
from psycopg import errors

from testflow_core.errors import DataError
from testflow_core.tables import quoted
from testflow_postgres_data.server import Connection, Server, ServerAbsentError, execute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testflow_core.provisioning.ledger import Entry

REMOVER = f"{__name__}:remove"


def remove(entries: Sequence[Entry]) -> Iterator[str]:
    """Remove databases, schemas and tables; what is gone already, with its server or without, is no matter."""
    for entry in entries:
        server = Server(url=str(entry["url"]))
        try:
            with server.session(autocommit=entry["kind"] == "database") as session:
                yield from {"database": _database, "schema": _schema, "tables": _tables}[str(entry["kind"])](
                    session, entry
                )
        except ServerAbsentError as error:
            # A server of an environment ends with everything on it.
            if not error.local:
                raise
        except psycopg.Error as error:
            what = f"the {entry['kind']} {entry.get('name', '')}".strip()
            raise DataError(f"{what} of test data cannot be removed: {str(error).strip()}") from error


def _database(session: Connection, entry: Entry) -> Iterator[str]:
    name = str(entry["name"])
    if execute(session, "SELECT 1 FROM pg_database WHERE datname = %s", (name,)):
        execute(session, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
        yield f"database {name}"


def _schema(session: Connection, entry: Entry) -> Iterator[str]:
    name = str(entry["name"])
    if execute(session, "SELECT 1 FROM pg_namespace WHERE nspname = %s", (name,)):
        execute(session, f"DROP SCHEMA {quoted(name)} CASCADE")
        yield f"schema {name}"


def _tables(session: Connection, entry: Entry) -> Iterator[str]:
    mark = str(entry["mark"])
    if execute(session, "SELECT to_regclass(%s)", (quoted(mark),)) == [(None,)]:
        return
    made = cast("Sequence[str]", entry["made"])
    there = cast("Sequence[str]", entry["there"])
    # In one statement each, which minds no circle.
    execute(session, f"DROP TABLE IF EXISTS {', '.join(map(quoted, [mark, *reversed(made)]))}")
    if there:
        _empty(session, list(reversed(there)))
    yield from (f"table {name}" for name in reversed(made))
    yield from (f"rows of {name}" for name in reversed(there))


def _empty(session: Connection, tables: Sequence[str]) -> None:
    try:
        with session.transaction():
            execute(session, f"TRUNCATE {', '.join(map(quoted, tables))}")
    except errors.FeatureNotSupported:
        # Tables of others refer to these, with or without rows.
        for table in tables:
            execute(session, f"DELETE FROM {quoted(table)}")  # noqa: S608 - quoted
