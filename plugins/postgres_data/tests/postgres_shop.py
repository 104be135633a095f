"""A data set of two entities, and what is on a server."""

from __future__ import annotations

import psycopg

from testflow_core.model import Column, ColumnType, DataIdentity, DataSet, Table, TestData

ID = Column(name="id", type=ColumnType.INTEGER, unique=True)
TABLES = {
    "orders": Table(columns=(ID, Column(name="user", type=ColumnType.INTEGER, refers=("users", "id"))), key="id"),
    "users": Table(columns=(ID,), key="id"),
}


def shop(users: int = 2, orders: int = 3, *, version: str = "", **more: object) -> DataSet:
    """Orders that refer to users, and stand before them."""
    records = {
        "orders": tuple({"id": number, "user": number % users} for number in range(orders)),
        "users": tuple({"id": number} for number in range(users)),
    }
    identity = DataIdentity(declared=TestData(name="shop"), corpus={"shop": version}) if version else None
    return DataSet(name="shop", records=records | more, tables=TABLES, identity=identity)


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def databases(url: str) -> set[str]:
    return {str(name) for (name,) in query(url, "select datname from pg_database")}


def left(url: str) -> set[str]:
    """Whatever a test's destination has left: databases but templates, schemas, and tables of the database."""
    there = {name for name in databases(url) if name.startswith("testflow") and "template" not in name}
    there |= {str(name) for (name,) in query(url, "select nspname from pg_namespace where nspname like 'testflow%'")}
    return there | {str(name) for (name,) in query(url, "select tablename from pg_tables where schemaname = 'public'")}
