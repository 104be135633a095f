"""The size of batches and their order, by what past runs tell."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.model import Past, PlannedBatch, Status, Terms, TestCase, Track
from testflow_core.planning.weights import SMALL, in_order, put_together, weighed


def batch(name, expected=0.0, priority=0.0, **fields):
    tests = (TestCase(application="shop", file=name),)
    return PlannedBatch(
        id=name, application="shop", runner="r", tests=tests, expected=expected, priority=priority, **fields
    )


def past(**seconds):
    tracks = {}
    for test, duration in seconds.items():
        case = TestCase(application="shop", file="test_a.py", name=test)
        track = Track(test=case, runs=2, failures=0, last_status=Status.PASSED, mean_duration=duration)
        tracks.setdefault(("shop", "test_a.py"), []).append(track)
    return Past(tracks={key: tuple(found) for key, found in tracks.items()})


def test_a_batch_takes_as_long_as_its_tests_did_without_those_that_run_elsewhere():
    elsewhere = TestCase(application="shop", file="test_a.py", name="test_two")
    known = past(test_one=1.5, test_two=4.0, test_three=0.25)
    assert weighed(batch("test_a.py"), known).expected == 5.75
    assert weighed(batch("test_a.py", exclude=(elsewhere,)), known).expected == 1.75
    assert weighed(batch("test_new.py"), known).expected == 0


def test_the_most_urgent_class_comes_first_and_within_it_the_longest():
    given_order = [batch("a", 1, 0.9), batch("b", 5, 0.1), batch("c", 2, 2.4), batch("d", 3, 2.1), batch("e", 0, 1.5)]
    assert [each.id for each in in_order(given_order)] == ["d", "c", "e", "b", "a"]


def test_those_of_whom_nothing_is_known_keep_their_order():
    assert [each.id for each in in_order([batch(name) for name in "dbca"])] == list("dbca")


def test_a_step_is_as_long_as_all_that_waits_for_it():
    flow = [batch("f/1", 1, flow="f"), batch("f/2", 1, flow="f", after=("f/1",)), batch("f/3", 2, after=("f/2",))]
    alone = [batch("three and a half", 3.5), batch("four and a half", 4.5)]
    ordered = [each.id for each in in_order([*flow, *alone])]
    assert ordered == ["four and a half", "f/1", "three and a half", "f/2", "f/3"]


def test_small_batches_are_put_together_until_they_are_worth_the_way():
    joined = put_together([batch(f"test_{number}.py", SMALL / 2.5) for number in range(5)])
    assert [[test.file for test in each.tests] for each in joined] == [
        ["test_0.py", "test_1.py", "test_2.py"],
        ["test_3.py", "test_4.py"],
    ]
    assert joined[0].id == "test_0.py and 2 more"
    assert joined[0].expected == pytest.approx(SMALL * 1.2)


@pytest.mark.parametrize(
    "difference",
    [
        {"terms": Terms(timeout=timedelta(1))},
        {"terms": Terms(environment=False)},
        {"terms": Terms(resources={"chrome": 1})},
        {"after": ("d",)},
        {"priority": 2.0},
        {"expected": 0.0},
        {"expected": SMALL},
    ],
)
def test_what_differs_or_is_large_or_unknown_stays_alone(difference):
    batches = [batch("a", SMALL / 2), batch("b", **{"expected": SMALL / 2, **difference}), batch("c", SMALL / 2)]
    joined = put_together(batches)
    assert sorted(len(each.tests) for each in joined) == [1, 2]
    assert next(each for each in joined if len(each.tests) == 1).id == "b"


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.5, 2.0]))))
def test_no_test_is_lost_or_doubled(drawn):
    batches = [batch(f"test_{at}.py", expected, priority) for at, (expected, priority) in enumerate(drawn)]
    ordered = in_order(put_together(batches))
    assert sorted(test.file for each in ordered for test in each.tests) == sorted(each.id for each in batches)
    classes = [int(each.priority) for each in ordered]
    assert classes == sorted(classes, reverse=True)
