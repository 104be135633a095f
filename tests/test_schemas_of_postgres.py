"""Schemas that are read from a real PostgreSQL make records that go into its tables."""

import json
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from testflow_faker_data.schemas import from_postgres
from testflow_process_env import ProcessProvisioner

import testflow
from testflow_core.model import Environment, Service, Site

pytestmark = pytest.mark.postgres

SHOP = """
create type mood as enum ('sad', 'it''s fine');
create table users (id bigserial primary key, key uuid not null unique, email varchar(200) not null unique, name text,
  born date, boss bigint references users, plan text not null check (plan in ('free', 'pro')), state varchar(9) not null
  check (state in ('on', 'off')), score numeric(5, 2) not null, code char(4) not null, active boolean not null,
  mood mood not null, about jsonb, seen timestamptz not null, n smallint generated always as identity,
  loud text generated always as (upper(name)) stored);
create table orders (id integer primary key, buyer bigint not null references users, total numeric not null);
"""


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    directory = Path(tempfile.mkdtemp(prefix="testflow-test-"))
    site = Site(lease="test", directory=directory, workspace=tmp_path_factory.mktemp("workspace"))
    environment = Environment(name="e", services={"db": Service(name="db", type="postgres")})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTFLOW_POSTGRES_CACHE", str(tmp_path_factory.mktemp("cache")))
        with ProcessProvisioner().provision(environment, site) as up:
            endpoint = up.endpoints["db"]
            with psycopg.connect(endpoint.url, autocommit=True) as connected:
                connected.execute(SHOP)
                yield connected
    shutil.rmtree(directory, ignore_errors=True)


def test_records_go_into_the_tables_that_they_were_read_from(connection):
    schemas = from_postgres(connection, ["users", "orders"])
    assert schemas["users"]["mood"] == {"type": "enum", "values": ["sad", "it's fine"]}
    assert "loud" not in schemas["users"]
    data = testflow.TestData("shop")
    for name, schema in schemas.items():
        data.add_generator(name, {"count": 50, "schema": schema})
    for name, rows in testflow.generate(data, locked=False).items():
        fields = [each for each in schemas[name] if each != "n"]
        command = f"insert into {name} ({', '.join(fields)}) values ({', '.join(['%s'] * len(fields))})"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.executemany(command, [[written(row[each]) for each in fields] for row in rows])
    (count,) = connection.execute("select count(*) from orders join users on users.id = buyer").fetchone()
    assert count == 50


def written(value):
    return json.dumps(value) if isinstance(value, dict) else value


def test_what_tables_cannot_say_is_told_with_its_path(connection):
    connection.execute(
        "create schema odd; create table odd.a (x inet, y int[], z int check (z > 3), primary key (y, z))"
    )
    with pytest.raises(testflow.SpecError) as caught:
        from_postgres(connection, schema="odd")
    said = [str(problem).split(" (known")[0].split("; give")[0] for problem in caught.value.problems]
    assert said == [
        "$.a.x: the type 'inet' cannot be said",
        "$.a.y: the type 'ARRAY' cannot be said",
        "$.a.z: a key of several columns (y, z) cannot be kept",
        "$.a.z: the condition '(z > 3)' cannot be kept",
    ]
    given = {"$.a.x": "pattern:10\\.0\\.0\\.\\d", "$.a.y": {"type": "list", "of": "int"}, "$.a.z": "int:4..9 | unique"}
    assert from_postgres(connection, schema="odd", replace=given) == {
        "a": dict(zip("xyz", given.values(), strict=True))
    }
    with pytest.raises(testflow.SpecError, match=r"there is no such table in the schema 'odd' \(known: a\)"):
        from_postgres(connection, ["b"], schema="odd")
