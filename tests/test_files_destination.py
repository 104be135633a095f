"""The destination `files`."""

import csv
import io
import json
import sqlite3
import tracemalloc
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import testflow
from testflow_core.builtin.destinations.files import FilesDestination, Format
from testflow_core.errors import DataError
from testflow_core.model import Bench, Column, ColumnType, DataSet, Json, Record, Table

ODD = 'Zoë, "O\'Hara"\r\n🚀 \\ '
RECORDS: Sequence[Record] = (
    {"id": 1, "name": ODD, "empty": "", "note": None, "paid": True, "total": 9.5, "tags": {"a": ["ü", 1]}},
    {"id": -2, "name": "x", "empty": "", "note": None, "paid": False, "total": 1e300, "tags": []},
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(directory=tmp_path / "bench", checkout=tmp_path)


def written(form: Format, records: Sequence[Record], bench: Bench) -> str:
    data = DataSet(name="shop", records={"users": records})
    with FilesDestination(formats=(form,)).load(data, bench) as loaded:
        return (Path(loaded.variables["TESTFLOW_FILES"]) / f"users.{form}").read_bytes().decode()


def refusal(form: Format, records: Sequence[Record], bench: Bench) -> str:
    with pytest.raises(DataError) as caught:
        written(form, records, bench)
    assert list(bench.directory.iterdir()) == [], "what was begun is left behind"
    return str(caught.value)


def test_csv_tells_null_from_empty_text_and_nests_json(bench: Bench):
    first, second = (
        written(Format.CSV, RECORDS, bench).removeprefix("id,name,empty,note,paid,total,tags\n").split("\n-2")
    )
    assert first == '1,"Zoë, ""O\'Hara""\r\n🚀 \\ ","",,true,9.5,"{""a"":[""ü"",1]}"'
    assert second == ',x,"",,false,1e+300,[]\n'


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1))
def test_any_text_comes_back_out_of_csv(rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory):
    bench = Bench(directory=tmp_path_factory.getbasetemp() / "any-csv", checkout=Path())
    found = written(Format.CSV, [{"a": one, "b": other} for one, other in rows], bench)
    read = csv.reader(io.StringIO(found, newline=""), strict=True)
    assert [tuple(row) for row in read] == [("a", "b"), *rows]


@given(values=st.lists(TEXTS.filter(lambda text: "\0" not in text) | st.integers(-(2**63), 2**63 - 1) | st.booleans()))
def test_inserts_make_the_same_rows_in_a_database(values: list[Json], tmp_path_factory: pytest.TempPathFactory):
    bench = Bench(directory=tmp_path_factory.getbasetemp() / "any-sql", checkout=Path())
    script = written(Format.SQL, [{'odd "name"': value, "null": None} for value in values], bench)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute('create table users ("odd ""name""", "null")')
        database.executescript(script)
        assert database.execute("select * from users").fetchall() == [(value, None) for value in values]


def test_json_lines_may_have_other_fields_in_each_line(bench: Bench):
    lines = written(Format.JSONL, [{"a": "two\nlines"}, {"b": [1]}], bench).split("\n")
    assert [json.loads(line) for line in lines[:-1]] == [{"a": "two\nlines"}, {"b": [1]}]


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("value", [float("nan"), float("-inf"), {1, 2}, b"bytes", object(), {"deep": [float("nan")]}])
def test_a_value_that_a_format_cannot_hold_is_named_with_its_record_and_field(form: Format, value: Json, bench: Bench):
    said = refusal(form, [{"id": 1, "x": 1}, {"id": 2, "x": value}], bench)
    assert f"the data set 'shop' cannot be written as {form}: users[1].x cannot be written: " in said


def test_sql_refuses_the_null_character_and_csv_other_fields(bench: Bench):
    assert "users[0].x cannot be written: SQL has no text with the character U+0000" in refusal(
        Format.SQL, [{"x": "a\0"}], bench
    )
    assert "users[1] has the fields b, and users[0] has a; give all the same" in refusal(
        Format.CSV, [{"a": 1}, {"b": 1}], bench
    )


def test_half_a_character_is_an_error_that_names_the_entity(bench: Bench):
    assert "the records 'users' of the data set 'shop' hold text that UTF-8 cannot" in refusal(
        Format.CSV, [{"x": "\ud800"}], bench
    )


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    bench = Bench(directory=tmp_path / "file" / "below", checkout=tmp_path)
    with (
        pytest.raises(DataError, match=r"'shop' cannot be put into .*below: Not a directory"),
        FilesDestination().load(DataSet(name="shop", records={}), bench),
    ):
        pass


class Many(Sequence[Record]):
    """Records that nobody holds."""

    def __len__(self) -> int:
        return 25_000

    def __getitem__(self, index: object) -> Record:  # pyright: ignore[reportIncompatibleMethodOverride] - only iterated
        if cast("int", index) >= len(self):
            raise IndexError
        return {"id": index, "name": "x" * 100}  # pyright: ignore[reportReturnType]


def test_records_are_written_one_by_one(bench: Bench):
    with FilesDestination().load(DataSet(name="warm", records={}), bench):
        pass
    tracemalloc.start()
    try:
        with FilesDestination(formats=tuple(Format)).load(DataSet(name="d", records={"many": Many()}), bench) as loaded:
            _, most = tracemalloc.get_traced_memory()
            sizes = [path.stat().st_size for path in Path(loaded.variables["TESTFLOW_FILES"]).iterdir()]
    finally:
        tracemalloc.stop()
    assert min(sizes) > 2_500_000
    assert most < 1_000_000


ID = Column(name="id", type=ColumnType.INTEGER, unique=True)
TABLES = {
    "orders": Table(columns=(ID, Column(name="user", type=ColumnType.INTEGER, refers=("users", "id"))), key="id"),
    "users": Table(columns=(ID,), key="id"),
}


def test_an_entity_without_records_has_a_header_and_a_table(bench: Bench):
    data = DataSet(name="shop", records={"orders": (), "users": ({"id": 1},)}, tables=TABLES)
    with FilesDestination(formats=(Format.CSV, Format.SQL), tables=True).load(data, bench) as loaded:
        found = {path.name: path.read_text() for path in Path(loaded.variables["TESTFLOW_FILES"]).iterdir()}
    assert found == {
        "orders.csv": "id,user\n",
        "orders.sql": 'CREATE TABLE IF NOT EXISTS "orders" ("id" bigint NOT NULL, "user" bigint NOT NULL,'
        ' PRIMARY KEY ("id"));\n',
        "users.csv": "id\n1\n",
        "users.sql": 'CREATE TABLE IF NOT EXISTS "users" ("id" bigint NOT NULL, PRIMARY KEY ("id"));\n'
        'INSERT INTO "users" ("id") VALUES (1);\n',
        "foreign-keys.sql": 'ALTER TABLE "orders" ADD FOREIGN KEY ("user") REFERENCES "users" ("id");\n',
    }


class TestDeclared:
    @pytest.fixture
    def workflow(self, tmp_path: Path):
        (tmp_path / "test_files.py").write_text(
            "import csv, os, pathlib\n\n\ndef test_files(testflow_data):\n"
            "    with open(pathlib.Path(os.environ['TESTFLOW_FILES']) / 'users.csv', newline='') as file:\n"
            "        assert [row['id'] for row in csv.DictReader(file)] == [u['id'] for u in testflow_data['users']]\n",
            encoding="utf-8",
        )
        self.engine = testflow.Engine(applications={"shop": {"path": str(tmp_path)}})
        return testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})

    @staticmethod
    def data(destinations: dict[str, dict[str, Json]], entity: str = "users"):
        data = testflow.TestData("shop", destinations=destinations)
        return data.add_generator(entity, {"count": 3, "schema": {"id": "uuid"}})

    def test_data_may_have_several_destinations(self, workflow: testflow.TestWorkflow):
        data = self.data({"records": {}, "files": {"formats": ["csv"]}})
        run = self.engine.execute(workflow, test_data=data)
        assert [str(test.status) for test in run.results] == ["passed"], run.failed_tests

    @pytest.mark.parametrize(
        ("destinations", "entity", "said"),
        [
            ({"file": {}}, "users", "no destination named 'file' is installed"),
            ({"files": {"formats": ["xml"]}}, "users", "$.destinations.files.formats[0]: expected"),
            ({"files": {"formats": []}}, "users", "$.destinations.files.formats: name one or more of csv, jsonl, sql"),
            ({"files": {"format": "csv"}}, "users", "$.destinations.files.format: unknown key 'format'"),
            ({"files": {"tables": True}}, "users", "$.destinations.files.tables: only files of SQL make tables"),
            (
                {"files": {"tables": True, "formats": ["sql"]}},
                "foreign-keys",
                "'foreign-keys' and 'foreign-keys' are one file",
            ),
            ({"files": {}}, "../up", "$.generators['../up']: '../up' cannot be the name of a file"),
        ],
    )
    def test_mistakes_are_told_before_anything_is_made(
        self, workflow: testflow.TestWorkflow, destinations: dict[str, dict[str, Json]], entity: str, said: str
    ):
        with pytest.raises((testflow.SpecError, testflow.PluginError)) as caught:
            self.engine.plan(workflow, test_data=self.data(destinations, entity))
        assert said in str(caught.value)

    def test_two_entities_that_are_one_file_somewhere_are_refused(self, workflow: testflow.TestWorkflow):
        data = self.data({"files": {}}).add_generator("Users", {"count": 1, "schema": {"id": "uuid"}})
        with pytest.raises(testflow.SpecError, match="'Users' and 'users' are one file"):
            self.engine.plan(workflow, test_data=data)
