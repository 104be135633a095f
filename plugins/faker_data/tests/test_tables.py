"""The tables of declared entities."""

from testflow_faker_data import FakerGenerator

from testflow_core.model import ColumnType, Entity, TestData

SCHEMA = {
    "code": "pattern:[A-Z]{9} | unique",
    "id": "sequence",
    "boss": "ref:people.id | null=0.1",
    "named": "ref:people.name",
    "name": "name",
    "born": "date",
    "seen": "timestamp",
    "pay": "decimal:0.00..9.99",
    "more": "json",
    "state": "enum:a,b",
    "twice": "expression:id * 2",
    "key": "uuid",
    "big": "int:1..9 | null",
}


def table(schema):
    data = TestData(name="d", entities={"people": Entity(count=50, schema=schema)})
    return FakerGenerator().tables(data)["people"]


def test_each_type_has_its_column():
    types = {column.name: column.type for column in table(SCHEMA).columns}
    assert types == {
        "code": ColumnType.TEXT,
        "id": ColumnType.INTEGER,
        "boss": ColumnType.INTEGER,
        "named": ColumnType.TEXT,
        "name": ColumnType.TEXT,
        "born": ColumnType.DATE,
        "seen": ColumnType.TIMESTAMP,
        "pay": ColumnType.DECIMAL,
        "more": ColumnType.JSON,
        "state": ColumnType.TEXT,
        "twice": None,
        "key": ColumnType.UUID,
        "big": ColumnType.INTEGER,
    }


def test_what_may_be_null_and_what_is_unique_is_told():
    found = {column.name: column for column in table(SCHEMA).columns}
    assert {name for name, column in found.items() if column.nullable} == {"boss", "twice", "big"}
    assert {name for name, column in found.items() if column.unique} == {"code", "id", "key"}


def test_a_reference_is_one_of_the_table_where_its_target_is_unique():
    found = {column.name: column.refers for column in table(SCHEMA).columns if column.refers}
    assert found == {"boss": ("people", "id")}


def test_the_key_is_id_or_else_the_first_that_is_unique():
    assert table(SCHEMA).key == "id"
    assert table({key: SCHEMA[key] for key in ("name", "key", "code")}).key == "key"
    assert table({"name": "name", "id": "int"}).key is None
