"""Which right lacks, where a server says no more than that one does."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors

from testflow_core.errors import DataError
from testflow_core.tables import quoted
from testflow_postgres_data.server import Connection
from testflow_postgres_data.server import told as told_by_server

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.model import DataSet

DATABASE = (
    'CREATEDB (`ALTER ROLE {role} CREATEDB`); {{"by": "schema"}} takes a schema of the database {database} instead'
)
SCHEMA = "CREATE on the database {database} (`GRANT CREATE ON DATABASE {database} TO {role}`)"
TABLES = (
    "a right in the database {database}, to make tables (`GRANT CREATE ON SCHEMA public TO {role}`) or to fill them"
)


@contextmanager
def told(connection: Connection, data: DataSet, lacking: str) -> Generator[None]:
    """DataError for whatever the server refuses, which is rolled back; with the right that lacks, as the remedy."""
    role, database = connection.info.user, connection.info.dbname
    try:
        yield
    except errors.InsufficientPrivilege as error:
        right = lacking.format(role=quoted(role), database=quoted(database))
        raise DataError(f"{told_by_server(error, data.name)}; the role {role!r} lacks {right}") from error
    except psycopg.Error as error:
        raise told_by_server(error, data.name) from error
    except DataError as error:
        cause = error.__cause__
        if not isinstance(cause, errors.InsufficientPrivilege):
            raise
        right = lacking.format(role=quoted(role), database=quoted(database))
        raise DataError(f"{error}; the role {role!r} lacks {right}") from cause
