"""What an issue remembers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.tracking import Memory, read

FIRST = Memory(fingerprint="1:aa").with_run("run-1", 100.0, 3, ["a::t.py::x", "a::t.py::y"])


def test_a_run_is_counted_once():
    assert (FIRST.failures, FIRST.runs, FIRST.first, FIRST.last, FIRST.seen) == (3, 1, 100.0, 100.0, ("run-1",))
    assert FIRST.with_run("run-1", 999.0, 9, ["b::t.py::z"]) is FIRST


def test_tests_that_failed_last_come_first_and_those_of_a_late_report_last():
    later = FIRST.with_run("run-2", 200.0, 1, ["a::t.py::z"])
    assert (later.first, later.last, later.tests) == (100.0, 200.0, ("a::t.py::z", "a::t.py::x", "a::t.py::y"))
    late = later.with_run("run-0", 50.0, 1, ["a::t.py::old"])
    assert (late.first, late.last, late.tests[0], late.tests[-1]) == (50.0, 200.0, "a::t.py::z", "a::t.py::old")


def test_no_more_than_the_latest_runs_and_tests_are_kept():
    memory = FIRST
    for number in range(100):
        memory = memory.with_run(f"r{number}", 200.0 + number, 1, [f"a::t.py::{number}"])
    assert (len(memory.seen), len(memory.tests), memory.seen[0], memory.runs) == (20, 20, "r99", 101)


@given(st.lists(st.text(), max_size=25), st.text(), st.text())
def test_any_memory_is_read_as_it_was_written_and_ends_no_comment(tests, fingerprint, run_id):
    names = [each.encode("utf-8", "replace").decode() for each in (fingerprint, run_id)]
    memory = Memory(fingerprint=names[0]).with_run(names[1], 1.0, 2, tests)
    written = memory.written()
    assert read(written) == memory
    assert not {"-", "<", ">", "\n"} & set(written)


def test_a_memory_of_long_names_is_cut_and_can_still_be_read():
    memory = FIRST.with_run("run-2", 200.0, 20, [f"{number}{'-' * 500}" for number in range(20)])
    assert len(memory.written()) <= 8_000
    found = read(memory.written())
    assert found is not None
    assert (found.fingerprint, found.failures) == ("1:aa", 23)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", "{}", '{"fingerprint": "a"}', FIRST.written().replace("100.0", '"x"')]
)
def test_what_is_no_memory_is_none(text):
    assert read(text) is None
