"""The destination `postgres` keeps the contract of its interface, whatever it makes."""

import psycopg
import pytest
from psycopg.rows import dict_row
from testflow_postgres_data import PostgresDestination
from testflow_postgres_data.destination import By

from testflow_core.model import DataSet
from testflow_core.testing.contracts import DestinationContract, DestinationWithCopies

pytestmark = pytest.mark.postgres


class PostgresContract(DestinationContract):
    by = By.DATABASE

    @pytest.fixture
    def destination(self, url):
        return PostgresDestination(url=url, by=self.by)

    @pytest.fixture
    def read(self):
        def records(loaded, data):
            try:
                with psycopg.connect(loaded.variables["TESTFLOW_POSTGRES_URL"], row_factory=dict_row) as connection:
                    return {entity: rows(connection, entity) for entity in data.records}
            except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
                return None

        def rows(connection, entity):
            return connection.execute(f'select * from "{entity}"'.encode()).fetchall()  # noqa: S608 - of the contract

        return records

    @pytest.fixture
    def impossible(self, destination, bench):
        return destination, DataSet(name="shop", records={"users": ({"id": {1, 2}},)}), bench


class TestDatabase(PostgresContract, DestinationWithCopies):
    pass


class TestSchema(PostgresContract, DestinationWithCopies):
    by = By.SCHEMA


class TestTables(PostgresContract):
    by = By.TABLES
    # The second is refused.
    apart = False
