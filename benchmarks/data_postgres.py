"""The case `postgres` of `data.py`: 100,000 records into a real server, which this program starts beside the ways."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from psycopg.types.json import Jsonb
from testflow_faker_data import FakerGenerator
from testflow_postgres_data import PostgresDestination
from testflow_process_env import ProcessProvisioner

from testflow_core.data_making import made_by
from testflow_core.model import Bench, DataSet, Entity, Environment, Service, Site, TestData

Load: TypeAlias = Callable[[str, DataSet], None]

SCHEMA = {
    "id": "uuid",
    "name": "name",
    "email": "email",
    "created": "timestamp",
    "friend": "ref:users.id",
    "plan": "enum:free,pro,team",
    "about": "json",
}
TABLE = """
CREATE TABLE users (id uuid PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE, created timestamptz NOT NULL,
  friend uuid NOT NULL, plan text NOT NULL, about jsonb NOT NULL)
"""
REFERENCE = "ALTER TABLE users ADD FOREIGN KEY (friend) REFERENCES users (id)"
INSERT = f"INSERT INTO users VALUES ({', '.join(f'%({name})s' for name in SCHEMA)})"  # noqa: S608 - names of ours


def by_psycopg(url: str, data: DataSet) -> None:
    """One `executemany` of all records."""
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS users")
        connection.execute(TABLE.encode())
        rows = [{**record, "about": Jsonb(record["about"])} for record in data["users"]]
        connection.cursor().executemany(INSERT.encode(), rows)
        connection.execute(REFERENCE)


def by_sqlalchemy(url: str, data: DataSet) -> None:
    """One `insert` of all records, as its documentation shows."""
    # Installed for the peers alone.
    sqlalchemy: Any = import_module("sqlalchemy")
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS users")
        connection.exec_driver_sql(TABLE)
        table = sqlalchemy.Table("users", sqlalchemy.MetaData(), autoload_with=connection)
        connection.execute(sqlalchemy.insert(table), [dict(record) for record in data["users"]])
        connection.exec_driver_sql(REFERENCE)
    engine.dispose()


def by_testflow(bench: Bench) -> Load:
    """The destination `postgres`: a database of its own, and the template for the next one."""

    def load(url: str, data: DataSet) -> None:
        with PostgresDestination(url=url).load(data, bench) as loaded:
            ENDS.append(time.perf_counter())
            with psycopg.connect(loaded.variables["TESTFLOW_POSTGRES_URL"]) as connection:
                (found,) = connection.execute("SELECT count(*) FROM users").fetchone() or (0,)
            if found != len(data["users"]):
                raise SystemExit(f"{found} records are in place")

    return load


ENDS: list[float] = []
"""When data was in place, where that is before the end of a way."""


def seconds(load: Load, url: str, data: DataSet) -> float:
    """How long a way takes until the data is in place; making records is part of it."""
    ENDS.clear()
    began = time.perf_counter()
    load(url, data)
    return (ENDS[-1] if ENDS else time.perf_counter()) - began


def measured(url: str, bench: Bench, count: int, rounds: int) -> Mapping[str, float]:
    """The best of some rounds of each way, in turns."""
    ours = by_testflow(bench)
    best: dict[str, float] = {}
    for number in range(rounds):
        entities = {"users": Entity(count=count, schema=SCHEMA)}
        data = made_by(FakerGenerator(), TestData(name="bench", seed=number, entities=entities))
        ways: Mapping[str, Load] = {
            "psycopg, executemany": by_psycopg,
            "SQLAlchemy, insert": by_sqlalchemy,
            "testflow, first time": ours,
            "testflow, second time": ours,
        }
        for name, load in ways.items():
            best[name] = min(best.get(name, 9e9), seconds(load, url, data))
    return best


def main(count: int, rounds: int) -> None:
    """Start a server, and print what was measured as JSON."""
    with tempfile.TemporaryDirectory(prefix="tf-") as name:
        directory = Path(name)
        (directory / "site").mkdir()
        site = Site(lease="bench", directory=directory / "site", workspace=directory)
        environment = Environment(name="bench", services={"db": Service(name="db", type="postgres")})
        with ProcessProvisioner().provision(environment, site) as up:
            url = up.endpoints["db"].url or ""
            print(json.dumps(measured(url, Bench(directory=directory / "bench", checkout=directory), count, rounds)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
