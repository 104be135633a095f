"""Waves of things that depend on each other, and the circles that have none."""

import time
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.graph import CycleError, cycles, waves


def test_nothing_has_no_waves():
    assert waves({}) == ()


def test_a_member_comes_a_wave_after_the_last_of_those_it_needs():
    needs = {"web": ["api", "cdn"], "api": ["db", "cache"], "cache": [], "db": [], "cdn": []}
    assert waves(needs) == (("cache", "db", "cdn"), ("api",), ("web",))


def test_a_wave_is_in_the_order_of_declaration():
    assert waves({"z": [], "a": [], "m": []}) == (("z", "a", "m"),)


def test_what_is_no_member_is_left_out():
    assert waves({"api": ["db", "elsewhere"], "db": ["elsewhere"]}) == (("db",), ("api",))


def test_what_is_needed_may_be_told_twice_and_by_an_iterator():
    assert waves({"api": iter(["db", "db"]), "db": iter(())}) == (("db",), ("api",))


@pytest.mark.parametrize(
    ("needs", "path"),
    [
        ({"a": ["a"]}, ("a", "a")),
        ({"a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, ("a", "b", "c", "a")),
        ({"first": ["b"], "c": ["b"], "b": ["c"], "last": ["c"]}, ("c", "b", "c")),
    ],
)
def test_a_circle_is_told_from_its_first_declared_member_along_what_each_needs(
    needs: Mapping[str, list[str]], path: tuple[str, ...]
):
    with pytest.raises(CycleError) as raised:
        waves(needs)
    assert raised.value.path == path
    assert str(raised.value) == " -> ".join(path)


@pytest.mark.parametrize("reverse", [False, True], ids=["producers first", "consumers first"])
@pytest.mark.parametrize("circle", [False, True], ids=["chain", "chain into a circle"])
def test_a_long_chain_is_ordered_in_linear_time(reverse: bool, circle: bool):
    size = 3_000
    needs = {str(each): [str(each - 1)] if each else [] for each in range(size)}
    if circle:
        needs["0"] = ["1"]
    ordered = dict(sorted(needs.items(), key=lambda item: int(item[0]), reverse=reverse))
    began = time.monotonic()
    if circle:
        with pytest.raises(CycleError) as raised:
            waves(ordered)
        assert set(raised.value.path) == {"0", "1"}
    else:
        assert waves(ordered) == tuple((str(each),) for each in range(size))
    # It takes hundredths of a second; a walk from every member would take more than a minute.
    assert time.monotonic() - began < 15


def test_each_set_of_members_that_need_each_other_has_a_circle_of_its_own():
    needs = {"free": ["b"], "a": ["b"], "b": ["a"], "self": ["self"], "c": ["d"], "d": ["c"]}
    assert cycles(needs) == (("a", "b", "a"), ("self", "self"), ("c", "d", "c"))


def test_what_has_an_order_has_no_circles():
    assert cycles({"a": ["b"], "b": []}) == ()


NAMES = st.sampled_from("abcdefg")
NEEDS = st.dictionaries(NAMES, st.lists(NAMES, max_size=3))


@given(needs=NEEDS)
def test_any_needs_have_the_earliest_waves_or_a_circle(needs: dict[str, list[str]]):
    try:
        found = waves(needs)
    except CycleError as error:
        circle = error.path
    else:
        wave_of = {member: index for index, wave in enumerate(found) for member in wave}
        assert sorted(wave_of) == sorted(needs)
        for member, needed in needs.items():
            before = [wave_of[each] for each in needed if each in needs]
            assert wave_of[member] == max(before, default=-1) + 1
        return
    assert circle[0] == circle[-1]
    assert len(set(circle)) == len(circle) - 1
    assert all(following in needs[member] for member, following in pairwise(circle))
