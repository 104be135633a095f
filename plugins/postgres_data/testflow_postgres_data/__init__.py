"""Test data in PostgreSQL."""

from testflow_postgres_data.destination import PostgresDestination

__all__ = ["PostgresDestination"]
