"""The destination `records`."""

import json
import resource
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import testflow
from testflow_core.builtin.destinations.records import RecordsDestination
from testflow_core.errors import DataError
from testflow_core.model import Bench, DataSet, Json


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(directory=tmp_path / "bench", checkout=tmp_path)


def test_the_variable_names_a_json_file_with_the_records_by_entity(bench: Bench):
    data = DataSet(name="d", records={"users": ({"id": 1, "name": "Zoë"},), "cards": ()})
    with RecordsDestination().load(data, bench) as loaded:
        path = Path(loaded.variables["TESTFLOW_DATA"])
        assert path.parent.parent == bench.directory
        assert json.loads(path.read_text("utf-8")) == {"users": [{"id": 1, "name": "Zoë"}], "cards": []}


def test_the_file_is_gone_on_exit(bench: Bench):
    with RecordsDestination().load(DataSet(name="d", records={}), bench) as loaded:
        path = Path(loaded.variables["TESTFLOW_DATA"])
    assert not path.exists()
    assert list(bench.directory.iterdir()) == []


def test_the_file_is_kept_for_a_time(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with RecordsDestination().load(DataSet(name="d", records={"users": ({"id": 1},)}), bench) as loaded:
        assert loaded.keep is not None
        place = Path(loaded.keep(60.0))
    assert json.loads(place.read_text("utf-8")) == {"users": [{"id": 1}]}
    assert testflow.clean() == ()
    assert testflow.clean(kept=True) == (f"test data in {place.parent}",)
    assert not place.exists()


def test_a_file_that_cannot_be_written_is_a_data_error(bench: Bench):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    data = DataSet(name="d", records={"users": ({"about": "x" * 1000},)})
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(DataError, match="cannot be written to"), RecordsDestination().load(data, bench):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(bench.directory.iterdir()) == []


def test_the_file_is_gone_after_an_error(bench: Bench):
    with pytest.raises(KeyError), RecordsDestination().load(DataSet(name="d", records={}), bench):
        raise KeyError
    assert list(bench.directory.iterdir()) == []


def test_two_data_sets_on_one_bench_have_two_files(bench: Bench):
    one, two = (DataSet(name="d", records={name: ()}) for name in ("one", "two"))
    destination = RecordsDestination()
    with destination.load(one, bench) as first, destination.load(two, bench) as second:
        assert first.variables != second.variables


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", object()])
def test_a_value_that_is_not_json_is_an_error_that_names_data_set_and_entity(bench: Bench, value: Json):
    data = DataSet(name="shop-data", records={"users": ({"id": 1},), "cards": ({"number": value},)})
    with (
        pytest.raises(DataError, match=r"'cards' of the data set 'shop-data'"),
        RecordsDestination().load(data, bench),
    ):
        pass


def test_views_of_mappings_are_written_as_objects(bench: Bench):
    record = MappingProxyType({"details": MappingProxyType({"a": (1, 2)})})
    with RecordsDestination().load(DataSet(name="d", records={"x": (record,)}), bench) as loaded:
        written = json.loads(Path(loaded.variables["TESTFLOW_DATA"]).read_text("utf-8"))
    assert written == {"x": [{"details": {"a": [1, 2]}}]}


def test_a_directory_that_cannot_be_made_is_a_data_error(tmp_path: Path):
    (tmp_path / "file").touch()
    bench = Bench(directory=tmp_path / "file" / "below", checkout=tmp_path)
    with (
        pytest.raises(DataError, match="cannot be put into"),
        RecordsDestination().load(DataSet(name="d", records={}), bench),
    ):
        pass


JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


RECORDS = st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=3)


@given(records=st.dictionaries(st.text(), RECORDS, max_size=3))
def test_any_json_arrives_as_it_was_made(
    records: dict[str, list[dict[str, Json]]], tmp_path_factory: pytest.TempPathFactory
):
    bench = Bench(directory=tmp_path_factory.getbasetemp() / "any-json", checkout=Path())
    data = DataSet(name="d", records={entity: tuple(made) for entity, made in records.items()})
    with RecordsDestination().load(data, bench) as loaded:
        assert json.loads(Path(loaded.variables["TESTFLOW_DATA"]).read_text("utf-8")) == records
