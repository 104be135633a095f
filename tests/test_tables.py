"""Tables for records."""

import pytest

from testflow_core.model import Column, ColumnType, DataSet, Table
from testflow_core.tables import STANDARD, creation, filling_order, tables_of

ID = Column(name="id", type=ColumnType.INTEGER, unique=True)


def columns(*records, tables=None):
    found = tables_of(DataSet(name="d", records={"x": records}, tables=tables or {}))["x"].columns
    return {column.name: (column.type, column.nullable) for column in found}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 2), (ColumnType.INTEGER, False)),
        ((1, 0.5), (ColumnType.NUMBER, False)),
        ((True, None), (ColumnType.BOOLEAN, True)),
        (("a", "b"), (ColumnType.TEXT, False)),
        (([1], {"a": 1}), (ColumnType.JSON, False)),
        (("a", 1), (ColumnType.JSON, False)),
        ((None, None), (ColumnType.TEXT, True)),
    ],
)
def test_records_show_the_type_of_a_column_that_nobody_tells(values, expected):
    assert columns(*({"a": value} for value in values)) == {"a": expected}


def test_a_field_that_a_record_lacks_may_be_null():
    assert columns({"a": 1}, {"a": 1, "b": 2}) == {"a": (ColumnType.INTEGER, False), "b": (ColumnType.INTEGER, True)}


def test_what_is_told_stays_and_is_completed():
    told = {"x": Table(columns=(ID, Column(name="sum", type=None)), key="id")}
    assert columns({"id": 1, "sum": "9.50"}, tables=told)["sum"] == (ColumnType.TEXT, False)
    assert columns(tables=told) == {"id": (ColumnType.INTEGER, False), "sum": (ColumnType.TEXT, False)}


def refering(*others):
    return Table(columns=(ID, *(Column(name=f"to_{o}", type=ColumnType.INTEGER, refers=(o, "id")) for o in others)))


def test_what_is_referred_to_is_filled_first_and_circles_are_broken_at_their_first():
    assert filling_order({"c": refering("b"), "b": refering("a"), "a": refering("a", "elsewhere")}) == ("a", "b", "c")
    assert set(filling_order({"a": refering("b"), "b": refering("a")})) == {"a", "b"}


def test_a_table_is_made_with_its_key_and_what_it_refers_to():
    table = Table(columns=(ID, Column(name='o"dd', type=None, nullable=True, unique=True), *refering("b").columns[1:]))
    assert creation("x", table, STANDARD) == (
        'CREATE TABLE IF NOT EXISTS "x" ("id" bigint NOT NULL, "o""dd" text, "to_b" bigint NOT NULL,'
        ' UNIQUE ("id"), UNIQUE ("o""dd"), FOREIGN KEY ("to_b") REFERENCES "b" ("id"))'
    )
