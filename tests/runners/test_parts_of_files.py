"""A file in parts: each runs what is its own, and together they tell what the whole file would."""

from __future__ import annotations

import pytest

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.builtin.runners.unittest import UnittestRunner
from testflow_core.model import Status

FILE = "test_x.py"

PYTEST = """
    import pytest
    @pytest.fixture(scope="module", autouse=True)
    def setups(): return []
    @pytest.fixture(autouse=True)
    def count(setups): setups.append(1)
    def test_c(setups): return len(setups)
    def test_b(setups): return len(setups)
    class TestA:
        def test_b(self, setups): return len(setups)
        def test_a(self, setups): return len(setups)
    @pytest.mark.parametrize("x", [1, 2])
    def test_a(x, setups): return len(setups)
    """


def ran(checkout, session, *ids, **fields):
    """What came of a batch, in order."""
    return [
        (outcome.test.name, outcome.status, outcome.values)
        for outcome in session.run(checkout.batch(checkout.bench("pytest"), *ids, **fields))
    ]


def test_each_part_runs_its_own_tests_in_the_order_of_the_file_with_fixtures_of_its_own(checkout, to_case):
    checkout.write(FILE, PYTEST)
    others = tuple(to_case(f"{FILE}::{name}") for name in ("test_a", "TestA"))
    with PytestRunner().session(checkout.bench("pytest")) as session:
        first = ran(checkout, session, FILE, exclude=others)
        second = ran(checkout, session, FILE, only=others)
    assert first == [("test_c", Status.PASSED, 1), ("test_b", Status.PASSED, 2)]
    assert second == [
        ("TestA::test_b", Status.PASSED, 1),
        ("TestA::test_a", Status.PASSED, 2),
        ("test_a[1]", Status.PASSED, 3),
        ("test_a[2]", Status.PASSED, 4),
    ]


UNITTEST = """
    import unittest
    setups = []
    def setUpModule(): setups.append("module")
    class B(unittest.TestCase):
        @classmethod
        def setUpClass(cls): setups.append("B")
        def test_b(self): self.assertEqual(setups[-2:], ["module", "B"])
        def test_c(self): self.assertEqual(setups[-2:], ["module", "B"])
    class A(unittest.TestCase):
        def test_a(self): self.assertEqual(setups[-1], "module")
    """


def test_parts_of_a_file_of_unittest_set_up_their_module_and_their_classes(checkout, to_case):
    checkout.write(FILE, UNITTEST)
    bench = checkout.bench("python", "-m", "unittest", "{test_path}")
    others = (to_case(f"{FILE}::B"),)
    with UnittestRunner().session(bench) as session:
        first = list(session.run(checkout.batch(bench, FILE, exclude=others)))
        second = list(session.run(checkout.batch(bench, FILE, only=others)))
    assert [(each.test.name, each.status) for each in first] == [("A::test_a", Status.PASSED)]
    assert [(each.test.name, each.status) for each in second] == [
        ("B::test_b", Status.PASSED),
        ("B::test_c", Status.PASSED),
    ]


@pytest.mark.parametrize(
    ("runner", "command", "text"),
    [(PytestRunner(), ("pytest",), PYTEST), (UnittestRunner(), ("python", "-m", "unittest", "{test_path}"), UNITTEST)],
    ids=["pytest", "unittest"],
)
def test_what_is_no_longer_in_a_part_is_no_matter_and_what_is_named_and_not_there_an_error(
    checkout, to_case, runner, command, text
):
    checkout.write(FILE, text)
    gone = to_case(f"{FILE}::test_gone")
    bench = checkout.bench(*command)
    assert checkout.run(runner, checkout.batch(bench, FILE, only=(gone,))) == []
    (named,) = checkout.run(runner, checkout.batch(bench, f"{FILE}::test_gone", only=(gone,)))
    assert named.status is Status.ERROR
    assert "no test named test_gone" in named.message


@pytest.mark.parametrize("part", ["exclude", "only"])
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("import nothing_of_this_name\n", Status.ERROR),
        ("import pytest; pytest.skip(allow_module_level=True)", "skipped"),
    ],
)
def test_a_file_that_cannot_be_collected_is_told_by_each_part_as_the_whole_file(checkout, to_case, part, text, status):
    checkout.write(FILE, text)
    fields = {part: (to_case(f"{FILE}::test_b"),)}
    (outcome,) = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), FILE, **fields))
    assert (outcome.test, outcome.status) == (to_case(FILE), status)


def test_a_class_that_cannot_be_collected_is_told_by_the_part_that_it_is_in(checkout, to_case):
    text = "import pytest\nclass TestA:\n    @pytest.mark.parametrize('gone', [1])\n    def test_a(self): pass\n"
    checkout.write(FILE, text + "def test_b(): pass\n")
    parts = (to_case(f"{FILE}::TestA"),)
    bench = checkout.bench("pytest")
    (broken,) = checkout.run(PytestRunner(), checkout.batch(bench, FILE, only=parts))
    assert (broken.test.name, broken.status) == ("TestA", Status.ERROR)
    (other,) = checkout.run(PytestRunner(), checkout.batch(bench, FILE, exclude=parts))
    assert (other.test.name, other.status) == ("test_b", Status.PASSED)


@pytest.mark.parametrize(
    ("word", "first", "second"),
    [
        ("test_c", ["test_c"], []),
        ("test_a", [None], ["TestA::test_a", "test_a[1]", "test_a[2]"]),
        ("nothing", [None], []),
    ],
)
def test_what_the_options_deselect_is_told_by_the_first_part_only(checkout, to_case, word, first, second):
    checkout.write(FILE, PYTEST)
    bench = checkout.bench("pytest", "-k", word)
    others = tuple(to_case(f"{FILE}::{name}") for name in ("test_a", "TestA"))
    told = checkout.run(PytestRunner(), checkout.batch(bench, FILE, exclude=others))
    assert [outcome.test.name for outcome in told] == first
    if None in first:
        (skipped,) = told
        assert skipped.status is Status.SKIPPED
        assert skipped.reason.endswith(f"deselect every test in {FILE} that is not left to another batch")
    assert [each.test.name for each in checkout.run(PytestRunner(), checkout.batch(bench, FILE, only=others))] == second


def test_what_a_crash_leaves_of_a_part_runs_in_another_worker(checkout, to_case):
    checkout.write(
        FILE, "import os\ndef test_a(): pass\ndef test_b(): os._exit(3)\ndef test_c(): pass\ndef test_d(): pass\n"
    )
    only = tuple(to_case(f"{FILE}::test_{name}") for name in "bc")
    outcomes = checkout.run(PytestRunner(), checkout.batch(checkout.bench("pytest"), FILE, only=only))
    assert [(each.test.name, each.status) for each in outcomes] == [
        ("test_b", Status.ERROR),
        ("test_c", Status.PASSED),
    ]
