"""A plan in parts for several machines."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.model import Choice, DataFlow, Plan, PlannedBatch, TestCase, TestWorkflow
from testflow_core.planning.weights import in_order, put_together


def case(file, name=None):
    return TestCase(application="shop", file=file, name=name)


def batch(file, expected=0.0, **fields):
    return PlannedBatch(
        **{"id": f"shop::{file}", "application": "shop", "runner": "r", "tests": (case(file),), "expected": expected}
        | fields
    )


def plan(*batches, seconds=None, left_out=(), **fields):
    files = {test.file: None for each in batches for test in each.tests}
    known = {f"shop::{file}": sum(each.expected for each in batches if each.tests[0].file == file) for file in files}
    chosen = [Choice(test=case(file), selected=True, reason="r") for file in files]
    choices = (*chosen, *(Choice(test=case(file), selected=False, reason="not") for file in left_out))
    return Plan(
        workflow=TestWorkflow(name="w"),
        batches=tuple(batches),
        choices=choices,
        seconds=known if seconds is None else seconds,
        **fields,
    )


def files(part):
    return {test.file for each in part.batches for test in each.tests}


def loads(parts):
    return [sum(part.seconds[f"shop::{file}"] for file in files(part)) for part in parts]


SECONDS = st.dictionaries(st.integers(0, 60), st.floats(0.001, 100.0), min_size=1, max_size=30)


@given(SECONDS, st.integers(1, 8), st.randoms(use_true_random=False))
def test_each_file_is_in_one_part_the_same_whatever_the_order_and_no_part_takes_much_longer_than_it_must(
    seconds, number, draw
):
    batches = [batch(f"test_{name}.py", taken) for name, taken in seconds.items()]
    parts = plan(*batches).shards(number)
    assert len(parts) == number
    found = [file for part in parts for file in files(part)]
    assert sorted(found) == sorted(f"test_{name}.py" for name in seconds)
    # Graham's bound for any list; each file is rounded to a millisecond.
    most = sum(seconds.values()) / number + max(seconds.values()) * (1 - 1 / number)
    assert max(loads(parts)) <= most + 0.001 * len(seconds)
    draw.shuffle(batches)
    assert [files(part) for part in plan(*batches).shards(number)] == [files(part) for part in parts]


def test_the_longest_is_placed_first():
    batches = [batch("test_a.py", 1.0), batch("test_b.py", 1.0), batch("test_c.py", 2.0)]
    assert list(map(files, plan(*batches).shards(2))) == [{"test_c.py"}, {"test_a.py", "test_b.py"}]


def test_small_files_that_were_put_together_are_taken_apart():
    batches = put_together([batch(f"test_{number}.py", 0.001) for number in range(10)])
    assert len(batches) == 1
    seconds = {f"shop::test_{number}.py": 0.001 for number in range(10)}
    first, second = plan(*batches, seconds=seconds).shards(2)
    assert len(files(first)) == len(files(second)) == 5
    assert [each.id for each in first.batches] == ["shop::test_0.py and 4 more"]
    assert first.batches[0].expected == pytest.approx(0.005)


def test_how_many_workers_split_a_file_does_not_matter():
    others = [batch(f"test_{number}.py", 1.0) for number in range(6)]
    one = batch("test_long.py", 4.0)
    split = [
        evolve(one, id=f"{one.id} ({n} of 3)", expected=4 / 3, only=(case("test_long.py", f"t{n}"),)) for n in (1, 2, 3)
    ]
    seconds = {f"shop::{each.tests[0].file}": each.expected for each in (*others, one)}
    whole, parts = (plan(*others, *some, seconds=seconds).shards(3) for some in ([one], split))
    assert [files(part) for part in whole] == [files(part) for part in parts]
    assert sum(len(part.batches) for part in parts) == 9


@pytest.mark.parametrize(
    "bond",
    [
        {"after": ("shop::test_a.py",)},
        {"needs": ("shop::test_a.py",)},
        {"feeds": (("shop::test_a.py", DataFlow(name="f", producer=0, source=(), consumer=1, target=())),)},
    ],
)
def test_what_waits_for_another_is_with_it_and_so_is_what_waits_for_that(bond):
    batches = [
        batch("test_a.py", 1.0),
        batch("test_b.py", 1.0, **bond),
        batch("test_c.py", 1.0, after=("shop::test_b.py",)),
        batch("test_d.py", 0.1),
    ]
    assert sorted(map(files, plan(*batches).shards(2)), key=len) == [
        {"test_d.py"},
        {"test_a.py", "test_b.py", "test_c.py"},
    ]


def test_what_must_be_one_session_stays_one():
    whole = put_together([batch(f"test_{number}.py", 1.0) for number in range(4)], {"shop"})
    parts = plan(*whole, seconds={}).shards(3)
    assert [len(files(part)) for part in parts] == [4, 0, 0]
    assert parts[0].batches == tuple(whole)


def test_without_a_history_files_are_shared_out_by_their_number():
    parts = plan(*(batch(f"test_{number}.py") for number in range(9))).shards(3)
    assert [len(files(part)) for part in parts] == [3, 3, 3]


def test_a_file_that_no_run_has_seen_counts_as_the_mean_one():
    known = [batch(f"test_{number}.py", 2.0) for number in range(4)]
    new = [batch(f"test_new_{number}.py") for number in range(4)]
    parts = plan(*known, *new).shards(2)
    assert [len(files(part)) for part in parts] == [4, 4]


def test_tests_of_others_are_no_longer_chosen_and_what_is_left_out_is_told_by_the_first():
    batches = [batch("test_a.py", 1.0), batch("test_b.py", 1.0)]
    gone = {case("test_gone.py"): "no checkout"}
    whole = plan(*batches, left_out=["test_c.py"], unavailable=gone, warnings=("careful",))
    # A selector may leave out one test of a file, others of which run elsewhere.
    apart = Choice(test=case("test_b.py", "slow"), selected=False, reason="not")
    first, second = evolve(whole, choices=(*whole.choices, apart)).shards(2)
    told = [{(each.test.file, each.selected) for each in part.choices} for part in (first, second)]
    assert told == [{("test_a.py", True), ("test_c.py", False), ("test_b.py", False)}, {("test_b.py", True)}]
    assert (first.unavailable, second.unavailable) == (gone, {})
    assert (first.warnings, second.warnings) == (("careful",), ())


def test_the_order_of_what_is_left_stays():
    batches = in_order([batch(f"test_{number}.py", float(number + 1)) for number in range(8)])
    for part in plan(*batches).shards(3):
        assert list(part.batches) == [each for each in batches if each in part.batches]


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "2"])
def test_there_is_one_shard_or_more(number):
    with pytest.raises(ValueError, match="1 shard or more"):
        plan().shards(number)


def test_one_shard_is_the_plan():
    whole = plan(batch("test_a.py", 1.0), batch("test_b.py"), left_out=["test_c.py"])
    assert whole.shards(1) == (whole,)
