"""The map is replaced test by test, united when histories are merged, and begun anew where it cannot be trusted."""

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.errors import HistoryError
from testflow_core.history import History
from testflow_core.touched import MapStore, RecordedMap, numbers_of
from testflow_core.touched.bits import of_numbers, pack, unpack

TWO = {
    "lib.py": """
        def one():
            return 1

        def two():
            return 2
    """,
    "test_one.py": """
        import lib
        def test_one(): assert lib.one()
    """,
    "test_two.py": """
        import lib
        def test_two(): assert lib.two()
    """,
}


def entering(map_: RecordedMap, unit: str) -> tuple[str, ...]:
    return map_.places(map_.entering("lib.py", unit))


@given(st.sets(st.integers(0, 5000)))
def test_a_set_is_what_was_packed(numbers):
    tests = of_numbers(sorted(numbers))
    assert unpack(pack(tests)) == tests
    assert numbers_of(tests) == sorted(numbers)


def test_few_of_many_tests_take_little_room_and_many_no_more_than_a_bit_each():
    assert len(pack(of_numbers([99_999]))) == 5
    assert len(pack(of_numbers(list(range(100_000))))) == 12_501


def test_what_is_no_packed_set_is_refused():
    with pytest.raises(ValueError, match="no kind of a packed set"):
        unpack(b"x123")


def test_a_test_that_runs_again_replaces_what_was_known_of_it_alone(project):
    application = project(TWO)
    application.record("test_one.py", "test_two.py")
    application.write("test_one.py", "import lib\ndef test_one(): assert lib.two()\n")
    after = application.record("test_one.py")
    assert entering(after, "one") == ()
    assert sorted(entering(after, "two")) == ["test_one.py::test_one", "test_two.py::test_two"]


def test_a_file_is_out_of_date_for_the_tests_that_have_not_seen_it_as_it_is(project):
    application = project(TWO)
    first = application.record("test_one.py", "test_two.py")
    assert not list(first.outdated(application.checkout))
    before = (application.checkout / "lib.py").read_bytes()
    application.write("lib.py", "def one():\n    return 3\n\ndef two():\n    return 2\n")
    (found,) = first.outdated(application.checkout)
    assert (found.path, found.before, found.now) == ("lib.py", before, (application.checkout / "lib.py").read_bytes())
    assert sorted(first.places(found.tests)) == ["test_one.py::test_one", "test_two.py::test_two"]
    again = application.record("test_one.py")
    (found,) = again.outdated(application.checkout)
    assert again.places(found.tests) == ("test_two.py::test_two",)


def test_a_file_with_another_time_and_the_same_content_is_not_out_of_date(project):
    application = project(TWO)
    found = application.record("test_one.py")
    path = application.checkout / "lib.py"
    path.write_bytes(path.read_bytes())
    assert not list(found.outdated(application.checkout))


def test_a_file_that_is_gone_is_out_of_date(project):
    application = project(TWO)
    found = application.record("test_one.py")
    (application.checkout / "lib.py").unlink()
    (gone,) = found.outdated(application.checkout)
    assert gone.now is None
    assert gone.before


def test_what_can_be_asked_of_a_file_as_a_whole(project):
    application = project(TWO)
    found = application.record("test_one.py", "test_two.py")
    assert found.using("lib.py") == found.recorded
    assert found.places(found.units("lib.py")["one"]) == ("test_one.py::test_one",)


def test_of_a_test_that_fails_as_much_is_known_and_of_one_that_dies_nothing(project):
    application = project(
        {
            "lib.py": "def one():\n    return 1\n",
            "test_it.py": """
                import os, lib
                def test_fails(): assert not lib.one()
                def test_dies():
                    lib.one()
                    os._exit(3)
            """,
        }
    )
    outcomes, noted = application.run("test_it.py")
    assert {str(outcome.status) for outcome in outcomes} == {"failed", "error"}
    application.store.record("shop", application.checkout, noted)
    assert entering(application.map(), "one") == ("test_it.py::test_fails",)


def test_maps_that_are_merged_say_what_either_says(project, tmp_path):
    application = project(TWO)
    here, there = MapStore(tmp_path / "here.map"), MapStore(tmp_path / "there.map")
    for store, file in ((here, "test_one.py"), (there, "test_two.py"), (there, "test_one.py")):
        _, noted = application.run(file)
        store.record("shop", application.checkout, noted)
    here.merge(there)
    here.merge(there)
    found, why = here.map_of("shop")
    assert not why
    assert entering(found, "one") == ("test_one.py::test_one",)
    assert entering(found, "two") == ("test_two.py::test_two",)
    assert sorted(found.places(found.recorded)) == ["test_one.py::test_one", "test_two.py::test_two"]
    assert not list(found.outdated(application.checkout))


def test_histories_that_are_merged_unite_their_maps(project, tmp_path):
    application = project(TWO)
    ours, theirs = History(tmp_path / "ours.db"), History(tmp_path / "theirs.db")
    _, noted = application.run("test_one.py")
    theirs.touched.record("shop", application.checkout, noted)
    ours.merge(theirs)
    assert ours.touched.map_of("shop")[0].tests == ("test_one.py::test_one",)


def test_a_map_of_another_python_is_begun_anew_and_that_is_said(project):
    application = project(TWO)
    application.record("test_one.py", "test_two.py")
    _, noted = application.run("test_one.py")
    for shard in noted.iterdir():
        head, rest = shard.read_text().split("\n", 1)
        shard.write_text(json.dumps({**json.loads(head), "python": "3.99"}) + "\n" + rest)
    told = application.store.record("shop", application.checkout, noted)
    assert "begun anew with Python 3.99" in told.remarks[0]
    found = application.map()
    assert (found.python, found.tests) == ("3.99", ("test_one.py::test_one",))


@pytest.mark.parametrize("damage", [b"SQLite format 3\0" + b"x" * 5000, b"nonsense" * 1000])
def test_a_damaged_map_is_said_to_be_and_rebuilt(project, damage):
    application = project(TWO)
    application.record("test_one.py", "test_two.py")
    application.store.path.write_bytes(damage)
    found, why = application.store.map_of("shop")
    assert found is None
    assert "rebuilt by the next record" in why
    _, noted = application.run("test_one.py")
    told = application.store.record("shop", application.checkout, noted)
    assert "was damaged and is begun anew" in told.remarks[0]
    assert application.map().tests == ("test_one.py::test_one",)


def test_a_map_of_another_format_is_stale_and_that_is_said(project):
    application = project(TWO)
    application.record("test_one.py")
    with closing(sqlite3.connect(application.store.path)) as connection, connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    found, why = application.store.map_of("shop")
    assert found is None
    assert "stale" in why
    assert application.record("test_two.py").tests == ("test_two.py::test_two",)


def test_a_map_that_cannot_be_written_is_an_error_that_names_it(project, tmp_path):
    application = project(TWO)
    _, noted = application.run("test_one.py")
    (tmp_path / "folder").mkdir()
    with pytest.raises(HistoryError, match="folder cannot be written"):
        MapStore(tmp_path / "folder").record("shop", application.checkout, noted)


def test_nobody_has_a_map_before_the_first_record(tmp_path):
    store = MapStore(tmp_path / "none.map")
    assert store.map_of("shop") == (None, "")
    (tmp_path / "noted").mkdir()
    assert not store.record("shop", tmp_path, tmp_path / "noted").tests
    assert store.map_of("shop") == (None, "")


def test_half_a_line_of_a_worker_that_was_killed_is_passed_by(project):
    application = project(TWO)
    _, noted = application.run("test_one.py")
    (shard,) = noted.iterdir()
    with shard.open("a") as stream:
        stream.write('{"c": 7, "k": "te')
    application.store.record("shop", application.checkout, noted)
    assert application.map().tests == ("test_one.py::test_one",)


def test_a_history_in_memory_has_no_map():
    assert History(None).touched is None
