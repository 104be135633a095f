"""The destination `sqlite`."""

import sqlite3
from contextlib import closing

import pytest

import testflow
from testflow_core.builtin.destinations.sqlite import SqliteDestination
from testflow_core.errors import DataError
from testflow_core.model import Bench, Column, ColumnType, DataSet, Table

ID = Column(name="id", type=ColumnType.INTEGER, unique=True)
TABLES = {
    "orders": Table(columns=(ID, Column(name="user", type=ColumnType.INTEGER, refers=("users", "id"))), key="id"),
    "users": Table(columns=(ID,), key="id"),
}


@pytest.fixture
def bench(tmp_path):
    return Bench(directory=tmp_path / "bench", checkout=tmp_path)


def shop(users, orders):
    records = {"orders": tuple({"id": n, "user": u} for n, u in orders), "users": tuple({"id": u} for u in users)}
    return DataSet(name="shop", records=records, tables=TABLES)


def rows(loaded, statement):
    with closing(sqlite3.connect(loaded.variables["TESTFLOW_SQLITE"])) as database:
        return database.execute(statement).fetchall()


def refusal(data, bench, destination=None):
    with pytest.raises(DataError) as caught, (destination or SqliteDestination()).load(data, bench):
        pass
    assert list(bench.directory.iterdir()) == [], "what was begun is left behind"
    return str(caught.value)


def test_tables_have_keys_and_references_also_where_there_is_no_record(bench):
    with SqliteDestination().load(shop([], []), bench) as loaded:
        assert rows(loaded, "select name from pragma_table_info('orders') where pk") == [("id",)]
        assert rows(loaded, 'select "table", "from", "to" from pragma_foreign_key_list(\'orders\')') == [
            ("users", "user", "id")
        ]


def test_a_decimal_keeps_its_digits_and_json_is_text(bench):
    table = Table(columns=(Column(name="sum", type=ColumnType.DECIMAL), Column(name="more", type=ColumnType.JSON)))
    records = {"x": ({"sum": "12345678901234567.10", "more": {"ü": [1, True]}},)}
    with SqliteDestination().load(DataSet(name="d", records=records, tables={"x": table}), bench) as loaded:
        assert rows(loaded, "select * from x") == [("12345678901234567.10", '{"ü":[1,true]}')]


def test_a_reference_to_a_row_that_is_not_there_is_told(bench):
    said = refusal(shop([1], [(1, 1), (2, 9)]), bench)
    assert "row 2 of 'orders' refers to a row of 'users' that is not there" in said


def test_what_fails_half_way_names_the_record_and_leaves_nothing(bench):
    assert "orders[2]: UNIQUE constraint failed: orders.id" in refusal(shop([1], [(1, 1), (2, 1), (1, 1)]), bench)
    too_much = DataSet(name="d", records={"x": ({"n": 1}, {"n": 2**63})})
    assert "'d' cannot be put into SQLite: x[1]: Python int too large" in refusal(too_much, bench)
    other = DataSet(name="d", records={"users": ({"id": 1}, {"name": "x"})}, tables=TABLES)
    assert "users[1] has the fields name; the table has id" in refusal(other, bench)


def test_tables_of_a_file_of_sql_are_filled_as_they_are(bench, tmp_path):
    (tmp_path / "shop.sql").write_text("create table users (id integer primary key, state text default 'new');")
    with SqliteDestination(schemas=("shop.sql",)).load(shop([1, 2], []), bench) as loaded:
        assert rows(loaded, "select * from users") == [(1, "new"), (2, "new")]
        assert rows(loaded, "select count(*) from orders") == [(0,)]


def test_a_file_of_sql_that_is_missing_or_wrong_is_named(bench, tmp_path):
    (tmp_path / "wrong.sql").write_text("create tabel users;")
    said = refusal(shop([], []), bench, SqliteDestination(schemas=("wrong.sql",)))
    assert "an SQL error in" in said
    assert "wrong.sql" in said
    assert "absent.sql cannot be read: No such file" in refusal(
        shop([], []), bench, SqliteDestination(schemas=("absent.sql",))
    )


def test_a_run_has_what_is_declared_in_a_database(tmp_path):
    (tmp_path / "test_shop.py").write_text(
        "import os, sqlite3\n\n\ndef test_shop(testflow_data):\n"
        "    database = sqlite3.connect(os.environ['TESTFLOW_SQLITE'])\n"
        "    joined = 'select orders.id, buyer from orders join users on users.id = buyer'\n"
        "    found = database.execute(joined).fetchall()\n"
        "    database.close()\n"
        "    assert sorted(found) == sorted((o['id'], o['buyer']) for o in testflow_data['orders'])\n"
        "    assert len(found) == 5\n",
        encoding="utf-8",
    )
    data = testflow.TestData("shop", destinations={"records": {}, "sqlite": {}})
    data.add_generator("orders", {"count": 5, "schema": {"id": "uuid", "buyer": "ref:users.id"}})
    data.add_generator("users", {"count": 2, "schema": {"id": "sequence"}})
    workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
    run = testflow.Engine(applications={"shop": {"path": str(tmp_path)}}).execute(workflow, test_data=data)
    assert [str(test.status) for test in run.results] == ["passed"], run.failed_tests
