"""Records that can be read by columns are sent in PostgreSQL's binary format, and are the same there."""

from collections.abc import Sequence

import pytest
from attrs import evolve
from postgres_shop import query
from testflow_faker_data import FakerGenerator
from testflow_postgres_data import PostgresDestination, binary
from testflow_postgres_data.destination import By

from testflow_core.data_making import made_by
from testflow_core.errors import DataError
from testflow_core.model import Column, ColumnType, DataSet, Entity, Table, TestData

pytestmark = pytest.mark.postgres
SCHEMA = {
    "id": "uuid",
    "number": "sequence",
    "name": "name | null=0.2",
    "born": "date:0001-01-01..9999-12-31 | null=0.1",
    "at": "timestamp:0001-01-02..9999-12-30",
    "rate": "float:-1..1",
    "ok": "bool | null=0.3",
    "friend": {"type": "ref", "to": "users.id", "earlier": True},
    "about": "json | null=0.2",
    "lines": {"type": "list", "min": 0, "max": 2, "of": "word"},
    "note": {"type": "text", "min": 0, "max": 30, "edge": 0.2},
}


class ByColumns(Sequence):
    """Records that are kept as columns."""

    def __init__(self, **columns):
        self._columns = columns

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def __getitem__(self, index):
        return {name: values[index] for name, values in self._columns.items()}

    def columns(self, fields, rows, /, encoded=()):
        return [self._columns[name][rows.start : rows.stop] for name in fields]


def users(count, **schema):
    entities = {"users": Entity(count=count, schema=schema or SCHEMA)}
    return made_by(FakerGenerator(locale="de_DE"), TestData(name="shop", entities=entities))


def loaded(url, bench, data, by=By.DATABASE):
    with PostgresDestination(url=url, by=by, template=False).load(data, bench) as found:
        return query(found.variables["TESTFLOW_POSTGRES_URL"], "select users::text from users")


def test_binary_rows_are_those_of_text(url, bench):
    made = users(binary.CHUNK + 500)
    as_text = evolve(made, records={"users": list(made["users"])})
    assert list(binary.copied(made.tables["users"], made["users"])), "it is binary"
    assert loaded(url, bench, made) == loaded(url, bench, as_text)


@pytest.mark.parametrize("by", By)
def test_what_has_no_binary_form_is_sent_as_text(url, bench, by):
    made = users(20, id="sequence", price="decimal:0.00..9.99")
    with pytest.raises(binary.NotBinaryError):
        list(binary.copied(made.tables["users"], made["users"]))
    assert len(loaded(url, bench, made, by)) == 20


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (ColumnType.UUID, "f27e1b5b09dd4a7681ba7438d740b489", "ok"),
        (ColumnType.UUID, "g27e1b5b-09dd-4a76-81ba-7438d740b489", "invalid input syntax for type uuid"),
        (ColumnType.TIMESTAMP, "2025-06-30T10:29:06", "ok"),
        (ColumnType.TIMESTAMP, "2025-06-31T10:29:06+00:00", "date/time field value out of range"),
        (ColumnType.DATE, "2025-W01-1", "invalid input syntax for type date"),
        (ColumnType.TIMESTAMP, "2025-W01-1T10:29:06+00:00", "invalid input syntax for type timestamp"),
        (ColumnType.DATE, "20250101", "ok"),
        (ColumnType.INTEGER, 2**63, "out of range for type bigint"),
        (ColumnType.INTEGER, True, "invalid input syntax for type bigint"),
        (ColumnType.NUMBER, float("inf"), "users[1].v cannot be written: inf is no number"),
        (ColumnType.BOOLEAN, 1, "users[1].v cannot be written: 1 is neither true nor false"),
        (ColumnType.TEXT, "a\0", "users[1].v cannot be written: PostgreSQL has no text with the character U+0000"),
        (ColumnType.TEXT, "\ud800", "users[1].v cannot be written"),
    ],
)
def test_what_the_binary_format_has_no_place_for_is_left_to_text(url, bench, kind, value, said):
    table = Table(columns=(Column(name="v", type=kind, nullable=True),))
    records = ByColumns(v=[None, value])
    with pytest.raises(binary.NotBinaryError):
        list(binary.copied(table, records))
    data = DataSet(name="shop", records={"users": records}, tables={"users": table})
    if said == "ok":
        assert len(loaded(url, bench, data)) == 2
    else:
        with pytest.raises(DataError) as caught:
            loaded(url, bench, data)
        assert said in str(caught.value)
