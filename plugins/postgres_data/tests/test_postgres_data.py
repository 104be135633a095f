"""The destination `postgres` on a real server."""

import os
import select
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from attrs import evolve
from postgres_shop import TABLES, databases, left, query, shop
from testflow_postgres_data import PostgresDestination
from testflow_postgres_data.destination import By

import testflow
from testflow_core.errors import DataError
from testflow_core.model import Bench, Column, ColumnType, DataSet, Table, TestData
from testflow_core.provisioning import ledger
from testflow_core.provisioning.process_tree import descendants

pytestmark = pytest.mark.postgres
CONSTRAINTS = (
    "select contype::text, conrelid::regclass::text from pg_constraint"
    " where connamespace = current_schema()::regnamespace order by 1, 2"
)


def refusal(destination: PostgresDestination, data: DataSet, bench: Bench) -> str:
    with pytest.raises(DataError) as caught, destination.load(data, bench):
        pass
    return str(caught.value)


@pytest.mark.parametrize("by", By)
def test_tables_have_keys_and_references_and_all_goes_at_the_end(url, bench, by):
    with PostgresDestination(url=url, by=by).load(shop(), bench) as loaded:
        there = loaded.variables["TESTFLOW_POSTGRES_URL"]
        assert query(there, "select count(*) from orders join users on users.id = orders.user") == [(3,)]
        assert query(there, CONSTRAINTS) == [
            ("f", "orders"),
            ("p", "orders"),
            ("p", "users"),
        ]
    assert left(url) == set()


def test_every_type_arrives_as_it_is(url, bench):
    kinds = {
        "text": (ColumnType.TEXT, 'Zoë\t\\"\n\r🚀\\N', 'Zoë\t\\"\n\r🚀\\N'),
        "nothing": (ColumnType.TEXT, None, None),
        "number": (ColumnType.NUMBER, 0.1, "0.1"),
        "decimal": (ColumnType.DECIMAL, "12345678901234567.10", "12345678901234567.10"),
        "yes": (ColumnType.BOOLEAN, True, "true"),
        "perhaps": (ColumnType.BOOLEAN, None, None),
        "uuid": (ColumnType.UUID, "f27e1b5b-09dd-4a76-81ba-7438d740b489", "f27e1b5b-09dd-4a76-81ba-7438d740b489"),
        "date": (ColumnType.DATE, "2024-02-29", "2024-02-29"),
        "at": (ColumnType.TIMESTAMP, "2025-06-30T10:29:06+00:00", "2025-06-30 10:29:06+00"),
        "json": (ColumnType.JSON, {"a\\": ["\t", None]}, '{"a\\\\": ["\\t", null]}'),
        "empty": (ColumnType.JSON, None, None),
    }
    columns = tuple(Column(name=name, type=kind, nullable=True) for name, (kind, _, _) in kinds.items())
    record = {name: value for name, (_, value, _) in kinds.items()}
    data = DataSet(name="d", records={"x": (record,)}, tables={"x": Table(columns=columns)})
    with PostgresDestination(url=url).load(data, bench) as loaded:
        texts = ", ".join(f'"{name}"::text' for name in kinds)
        there = loaded.variables["TESTFLOW_POSTGRES_URL"] + "?options=-cTimeZone%3DUTC"
        found = query(there, f"select {texts} from x")  # noqa: S608 - names of this test
        assert found == [tuple(text for _, _, text in kinds.values())]


def test_the_second_time_it_is_a_copy_of_a_template_and_another_version_is_not(url, bench):
    destination = PostgresDestination(url=url)
    one, other = shop(version="one"), shop(users=9, version="two")
    for data in (one, evolve(other, identity=one.identity), other):
        with destination.load(data, bench) as loaded:
            there = loaded.variables["TESTFLOW_POSTGRES_URL"]
            count = query(there, "select count(*) from users")
        # What is in place is what the version says, not what stands beside it.
        assert count == [(9 if data is other else 2,)]
        assert left(url) == set()
    templates = {name for name in databases(url) if "template_" in name}
    assert len(templates) == 2
    assert set(ledger.sweep(kept=True)) == {f"database {name}" for name in templates}
    assert databases(url) & templates == set()


def test_what_a_run_changes_is_not_in_the_next_copy(url, bench):
    for _ in range(2):
        with PostgresDestination(url=url).load(shop(version="one"), bench) as loaded:
            there = loaded.variables["TESTFLOW_POSTGRES_URL"]
            assert query(there, "select count(*) from orders") == [(3,)]
            query(there, "delete from orders")


def test_runs_at_once_make_one_template_and_have_a_database_each(url, bench):
    def load(number: int) -> str:
        with PostgresDestination(url=url).load(shop(version="one"), bench) as loaded:
            there = loaded.variables["TESTFLOW_POSTGRES_URL"]
            query(there, f"insert into users values ({100 + number})")  # noqa: S608 - a number
            assert query(there, "select id from users where id > 99") == [(100 + number,)]
            return there

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(load, range(4)))) == 4
    assert left(url) == set()
    assert len([name for name in databases(url) if "template_" in name]) == 1


def test_without_a_template_none_is_left(url, bench):
    with PostgresDestination(url=url, template=False).load(shop(version="one"), bench):
        pass
    assert [name for name in databases(url) if "template_" in name] == []


@pytest.mark.parametrize("by", By)
def test_what_fails_half_way_is_rolled_back_and_says_where(url, bench, by):
    destination = PostgresDestination(url=url, by=by)
    broken = evolve(shop(), records={**shop().records, "orders": ({"id": 1, "user": 1}, {"id": 2, "user": 99})})
    said = refusal(destination, broken, bench)
    assert "the data set 'shop' cannot be put into PostgreSQL: insert or update on table" in said
    assert 'Key (user)=(99) is not present in table "users"' in said
    assert left(url) == set()
    wrong = evolve(shop(), records={**shop().records, "orders": ({"id": "one", "user": 1},)})
    assert "COPY orders, line 1, column id" in refusal(destination, wrong, bench)
    assert left(url) == set()
    assert ledger.sweep(kept=True) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a\0", "x[1].v cannot be written: PostgreSQL has no text with the character U+0000"),
        ({"a": "\0"}, "x[1].v cannot be written: PostgreSQL has no JSON with the character U+0000"),
        ({1, 2}, "x[1].v cannot be written"),
        (float("nan"), "x[1].v cannot be written"),
        ("\ud800", "x[1].v cannot be written"),
    ],
)
def test_a_value_that_has_no_place_is_named(url, bench, value, said):
    kind = ColumnType.JSON if isinstance(value, dict) else ColumnType.TEXT
    tables = {"x": Table(columns=(Column(name="v", type=kind),))}
    records = {"x": ({"v": {}} if kind is ColumnType.JSON else {"v": "fine"}, {"v": value})}
    assert said in refusal(PostgresDestination(url=url), DataSet(name="d", records=records, tables=tables), bench)


def test_a_record_with_other_fields_or_of_another_type_is_named(url, bench):
    other = DataSet(name="d", records={"users": ({"id": 1}, {"name": "x"})}, tables=TABLES)
    assert "users[1] has the fields name; the table has id" in refusal(PostgresDestination(url=url), other, bench)
    table = Table(columns=(Column(name="v", type=ColumnType.BOOLEAN),))
    data = DataSet(name="d", records={"x": ({"v": "yes"},)}, tables={"x": table})
    assert "x[0].v cannot be written: 'yes' is neither" in refusal(PostgresDestination(url=url), data, bench)


class TestRights:
    @pytest.fixture
    def poor(self, url, server):
        """The URL of a role that may connect and nothing else."""
        query(url, "REVOKE CREATE ON SCHEMA public FROM public")
        query(server, "CREATE ROLE poor LOGIN PASSWORD 'poor'")
        yield url.replace("postgres:", "poor:").replace(url.split(":")[2].split("@")[0], "poor")
        query(server, "DROP ROLE poor")

    @pytest.mark.parametrize(
        ("by", "said"),
        [
            (By.DATABASE, 'the role \'poor\' lacks CREATEDB (`ALTER ROLE "poor" CREATEDB`); {"by": "schema"} takes'),
            (By.SCHEMA, 'lacks CREATE on the database "empty" (`GRANT CREATE ON DATABASE "empty" TO "poor"`)'),
            (By.TABLES, 'lacks a right in the database "empty", to make tables (`GRANT CREATE ON SCHEMA public TO'),
        ],
    )
    def test_the_right_that_lacks_is_named(self, url, poor, bench, by, said):
        answer = refusal(PostgresDestination(url=poor, by=by), shop(version="one"), bench)
        assert "permission denied" in answer
        assert said in answer
        assert left(url) == set()

    def test_a_password_stands_beside_the_url(self, poor, bench):
        without, wrong = poor.replace("poor:poor@", "poor@"), "x"
        assert "lacks CREATEDB" in refusal(PostgresDestination(url=without, password="poor"), shop(), bench)  # noqa: S106
        assert "PostgreSQL cannot be reached: " in refusal(
            PostgresDestination(url=without, password=wrong), shop(), bench
        )


class TestTables:
    def test_tables_that_are_there_are_filled_as_they_are_and_emptied(self, url, bench):
        query(url, "create table users (id int primary key, more jsonb, state text default 'new')")
        data = shop(users=2, version="one")
        users = ({"id": 0, "more": {"a": 1}}, {"id": 1, "more": None})
        tables = {
            **TABLES,
            "users": Table(columns=(*TABLES["users"].columns, Column(name="more", type=None)), key="id"),
        }
        data = evolve(data, records={**data.records, "users": users}, tables=tables)
        with PostgresDestination(url=url, by=By.TABLES).load(data, bench) as loaded:
            assert loaded.variables["TESTFLOW_POSTGRES_URL"] == url
            assert query(url, "select * from users") == [(0, {"a": 1}, "new"), (1, None, "new")]
            assert query(url, "select count(*) from orders") == [(3,)]
        assert left(url) == {"users"}
        assert query(url, "select * from users") == []

    def test_rows_of_others_are_neither_joined_nor_removed(self, url, bench):
        query(url, "create table users (id int primary key); insert into users values (7)")
        said = refusal(PostgresDestination(url=url, by=By.TABLES), shop(), bench)
        assert "the table 'users' has rows already, which another run may need" in said
        assert query(url, "select * from users") == [(7,)]
        assert left(url) == {"users"}

    def test_a_second_run_on_the_same_tables_is_refused(self, url, bench):
        destination = PostgresDestination(url=url, by=By.TABLES)
        with destination.load(shop(), bench):
            assert "has rows already" in refusal(destination, shop(), bench)
            assert query(url, "select count(*) from orders") == [(3,)]
        assert left(url) == set()

    def test_a_table_of_others_that_refers_to_ours_is_no_hindrance(self, url, bench):
        query(url, "create table users (id int primary key); create table visits (u int references users)")
        with PostgresDestination(url=url, by=By.TABLES).load(shop(), bench):
            pass
        assert query(url, "select * from users") == []

    def test_what_cannot_be_removed_is_told_and_left_to_the_next(self, url, bench):
        with (
            pytest.raises(
                DataError, match=r"the tables of test data cannot be removed: (?s:.*)visits depends on table users"
            ),
            PostgresDestination(url=url, by=By.TABLES).load(shop(), bench),
        ):
            query(url, "create table visits (u bigint references users)")
        query(url, "drop table visits")
        assert "table users" in ledger.sweep()
        assert left(url) == set()

    def test_a_table_that_lacks_a_column_is_told(self, url, bench):
        query(url, "create table users (name text)")
        said = refusal(PostgresDestination(url=url, by=By.TABLES), shop(), bench)
        assert "the table 'users' has no column id (it has name)" in said


def test_files_of_sql_make_tables_first_and_another_file_is_another_template(url, bench, tmp_path):
    for state in ("new", "old"):
        (tmp_path / "shop.sql").write_text(f"create table users (id int primary key, state text default '{state}');")
        with PostgresDestination(url=url, schemas=("shop.sql",)).load(shop(version="one"), bench) as loaded:
            there = loaded.variables["TESTFLOW_POSTGRES_URL"]
            assert query(there, "select distinct state from users") == [(state,)]
    (tmp_path / "shop.sql").write_text("create tabel users")
    said = refusal(PostgresDestination(url=url, schemas=("shop.sql",)), shop(version="one"), bench)
    assert 'an SQL error in shop.sql: syntax error at or near "tabel"' in said
    assert "absent.sql cannot be read" in refusal(PostgresDestination(url=url, schemas=("absent.sql",)), shop(), bench)
    assert left(url) == set()


def test_a_url_is_looked_at_before_anything_is_made():
    def said(url: str) -> list[str]:
        return [problem.message for problem in PostgresDestination(url=url).problems(TestData(name="d"))]

    assert said("{db.url}") == said("postgresql://tester@db.example.org/shop") == []
    assert "does not tell where PostgreSQL is" in said("no url")[0]
    assert "leave the password out" in said("postgresql://tester:secret@db.example.org/shop")[0]


def test_a_server_that_does_not_answer_is_told_without_the_password(bench):
    said = refusal(PostgresDestination(url="postgresql://x@127.0.0.1:1/x", password="secret"), shop(), bench)  # noqa: S106
    assert "PostgreSQL cannot be reached: " in said
    assert "secret" not in said
    assert "does not tell where PostgreSQL is" in refusal(PostgresDestination(url="nothing"), shop(), bench)


ENGINE = """
import signal, sys
from pathlib import Path
from postgres_shop import shop
from testflow_core.model import Bench
from testflow_postgres_data import PostgresDestination
from testflow_postgres_data.destination import By
with PostgresDestination(url=sys.argv[1], by=By(sys.argv[2])).load(shop(), Bench(directory=Path(), checkout=Path())):
    print(flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("by", By)
def test_nothing_is_left_of_a_run_that_was_killed(url, by):
    program = [sys.executable, "-c", ENGINE, url, by.value]
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(program, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        assert left(url)
        heirs = [os.pidfd_open(process.pid) for process in descendants(engine.pid)]
        engine.send_signal(signal.SIGKILL)
    for heir in heirs:
        assert select.select([heir], [], [], 60)[0], "who is to remove it does not end"
        os.close(heir)
    assert left(url) == set()


def test_what_a_server_took_with_it_is_no_matter(url, bench):
    entry = {"kind": "database", "name": "x", "url": "postgresql://x@127.0.0.1:1/x"}
    ledger.keep("testflow_postgres_data.remains:remove", "x", entry, -1)
    assert ledger.sweep() == []


def test_two_engines_on_one_database_do_not_see_each_others_rows(url, tmp_path):
    (tmp_path / "test_shop.py").write_text(
        "import os, psycopg\n\n\ndef test_shop():\n"
        "    with psycopg.connect(os.environ['TESTFLOW_POSTGRES_URL']) as connection:\n"
        "        connection.execute('insert into users values (1000)')\n"
        "        return connection.execute('select count(*), max(id) from users').fetchone()\n",
        encoding="utf-8",
    )

    def run(by: str, count: int) -> object:
        password = psycopg.conninfo.conninfo_to_dict(url)["password"]
        options = {"url": url.replace(f":{password}@", "@"), "password": password, "by": by}
        data = testflow.TestData("shop", destinations={"postgres": options})
        data.add_generator("users", {"count": count, "schema": {"id": "sequence"}})
        workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
        result = testflow.Engine(applications={"shop": {"path": str(tmp_path)}}).execute(workflow, test_data=data)
        assert [str(test.status) for test in result.results] == ["passed"], result.failed_tests
        (outcome,) = result.outcomes
        return outcome.values

    with ThreadPoolExecutor(4) as pool:
        asked = [("database", 2), ("database", 3), ("schema", 2), ("schema", 4)]
        found = list(pool.map(lambda each: run(*each), asked))
    assert found == [[3, 1000], [4, 1000], [3, 1000], [5, 1000]]
    assert left(url) == set()


@pytest.mark.parametrize("by", [By.DATABASE, By.SCHEMA])
def test_a_copy_is_as_it_was_made_and_gone_before_the_rest(url, bench, by):
    with PostgresDestination(url=url, by=by).load(shop(version="one"), bench) as loaded:
        there = loaded.variables["TESTFLOW_POSTGRES_URL"]
        query(there, "delete from orders")
        assert loaded.clone is not None
        with loaded.clone() as copy:
            assert query(copy.variables["TESTFLOW_POSTGRES_URL"], "select count(*) from orders") == [(3,)]
            assert len(left(url)) == 2
        assert len(left(url)) == 1
    assert left(url) == set()


def test_of_tables_that_are_there_is_no_copy(url, bench):
    with PostgresDestination(url=url, by=By.TABLES).load(shop(), bench) as loaded:
        assert loaded.clone is None


def test_what_is_kept_stays_until_it_is_removed_by_hand(url, bench):
    with PostgresDestination(url=url).load(shop(), bench) as loaded:
        assert loaded.keep is not None
        where = loaded.keep(1000)
        there = loaded.variables["TESTFLOW_POSTGRES_URL"]
    password = psycopg.conninfo.conninfo_to_dict(url)["password"]
    assert where == there.replace(f":{password}@", "@")
    assert loaded.secrets[0] == password
    assert query(there, "select count(*) from orders") == [(3,)]
    assert ledger.sweep() == []
    (line,) = ledger.sweep(kept=True)
    assert line.startswith("database testflow_")
    assert left(url) == set()
