"""How a long file is split: which tests stay together, and how long the parts are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testflow_core.model import Past, PlannedBatch, Status, Terms, TestCase, Track
from testflow_core.planning.parts import SHARE, Division, bound, divided
from testflow_core.planning.weights import SMALL, timed, weighed

FILE = "test_a.py"
DIVISION = Division(applications={"shop"}, workers=2, capacities={"chrome": 2})


def case(name):
    return TestCase(application="shop", file=FILE, name=name)


def past(seconds):
    """What past runs tell of the tests of the file, in this order."""
    tracks = tuple(
        Track(test=case(name), runs=2, failures=0, last_status=Status.PASSED, mean_duration=duration)
        for name, duration in seconds.items()
    )
    return Past(tracks={("shop", FILE): tracks})


def batch(*names, **fields):
    tests = tuple(map(case, names)) or (case(None),)
    return PlannedBatch(id=FILE, application="shop", runner="r", tests=tests, **fields)


def parts(seconds, whole=None, least=8.0, division=DIVISION):
    """The parts of a file whose parts are to take a second, unless another bound is given."""
    return divided([weighed(whole or batch(), past(seconds))], past(seconds), least, division)


def names(part, seconds):
    """What of the known tests runs in a part, in the order of the file."""
    return [test.name for test, _ in timed(part, past(seconds))]


def shared_out(seconds, **fields):
    return [names(part, seconds) for part in parts(seconds, **fields)]


def test_no_run_falls_below_its_share_of_all_nor_below_the_longest_test():
    known = past({"test_one": 3.0, "test_two": 1.0})
    assert bound([weighed(batch(), known)], known, 1) == 4.0
    assert bound([weighed(batch(), known)], known, 2) == 3.0
    assert bound([], known, 2) == 0.0


FOUR = {f"test_{name}": 0.5 for name in "abcd"}


def test_a_file_that_takes_more_than_its_share_is_split_in_slices_that_take_as_long():
    assert shared_out(FOUR) == [["test_a", "test_b"], ["test_c", "test_d"]]
    assert [part.expected for part in parts(FOUR)] == [1.0, 1.0]
    assert [part.id for part in parts(FOUR)] == [f"{FILE} (1 of 2)", f"{FILE} (2 of 2)"]


def test_a_file_that_takes_just_its_share_stays_whole():
    assert parts(FOUR, least=SHARE * 2.0) == [weighed(batch(), past(FOUR))]


def test_what_the_history_does_not_know_is_in_the_first_part_alone():
    first, second = parts(FOUR)
    assert (first.tests, first.only, first.exclude) == ((case(None),), (), (case("test_c"), case("test_d")))
    assert (second.tests, second.only, second.exclude) == ((case(None),), (case("test_c"), case("test_d")), ())


def test_tests_that_were_named_are_shared_out_by_their_names():
    found = parts(FOUR, batch("test_d", "test_new", "test_b", "test_a"))
    assert [[test.name for test in part.tests] for part in found] == [["test_d", "test_new", "test_b"], ["test_a"]]
    assert all(part.only == part.exclude == () for part in found)


def test_tests_that_run_elsewhere_stay_there():
    first, second = parts({"test_0": 9.0, **FOUR}, batch(exclude=(case("test_0"),)))
    assert first.exclude == (case("test_0"), case("test_c"), case("test_d"))
    assert second.only == (case("test_c"), case("test_d"))


def test_a_class_stays_together_with_what_is_new_in_it():
    seconds = {"TestA::test_a": 0.9, "TestA::test_b": 0.9, "test_c": 0.9, "TestB::TestC::test_d[x::y]": 0.9}
    # Came later into the class, and so stands last in the history.
    seconds["TestA::test_e"] = 0.9
    found = parts(seconds)
    assert [names(part, seconds) for part in found] == [
        ["TestA::test_a", "TestA::test_b", "TestA::test_e"],
        ["test_c"],
        ["TestB::TestC::test_d[x::y]"],
    ]
    assert [[test.name for test in part.only] for part in found] == [[], ["test_c"], ["TestB"]]


def test_the_variants_of_a_function_stay_together_unless_they_alone_take_too_long():
    short = {"test_a[1]": 0.3, "test_a[2]": 0.3, "test_b[1::1]": 0.3, "test_b[[2]": 0.3, "test_b": 0.3}
    assert shared_out(short) == [["test_a[1]", "test_a[2]"], ["test_b[1::1]", "test_b[[2]", "test_b"]]
    assert [test.name for test in parts(short)[1].only] == ["test_b"]
    long = {"test_a[1]": 0.7, "test_a[2]": 0.7, "test_ab": 0.3}
    assert shared_out(long) == [["test_a[1]"], ["test_a[2]", "test_ab"]]
    assert [test.name for test in parts(long)[1].only] == ["test_a[2]", "test_ab"]


def test_a_name_that_means_other_tests_too_does_not_draw_them_into_its_part():
    given_parameters = {"test_0": 0.7, "test_a": 0.7, "test_a[1]": 0.7, "test_a[2]": 0.7}
    assert shared_out(given_parameters) == [["test_0", "test_a"], ["test_a[1]"], ["test_a[2]"]]
    assert shared_out(given_parameters, whole=batch(*given_parameters)) == [
        ["test_0"],
        ["test_a", "test_a[1]", "test_a[2]"],
    ]


def test_no_part_is_too_short_to_be_worth_a_batch():
    seconds = {"test_a": SMALL / 2, "test_b": 2.0, "test_c": SMALL / 2, "test_d": 2.0, "test_e": SMALL / 2}
    assert shared_out(seconds) == [["test_a", "test_b"], ["test_c", "test_d", "test_e"]]


def test_what_the_first_test_may_have_set_up_for_all_is_not_paid_for_less_than_that():
    costly = {"test_0": 10.0, **{f"test_{number}": 0.5 for number in range(1, 9)}}
    assert len(parts(costly)) == 1
    worth_it = {"test_0": 2.0, **{f"test_{number}": 0.5 for number in range(1, 9)}}
    assert [sum(map(worth_it.get, names)) for names in shared_out(worth_it)] == [2.0, 1.5, 2.5]


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": "performance"},
        {"resources": {"exclusive": 1}},
        {"resources": {"printer": 1}},
        {"resources": {"chrome": 2}},
    ],
)
def test_what_must_run_one_after_the_other_is_not_split(terms):
    assert len(parts(FOUR, batch(terms=Terms(**terms)))) == 1


def test_what_may_run_at_the_same_time_is_split():
    assert len(parts(FOUR, batch(terms=Terms(resources={"chrome": 1}, attempts=3)))) == 2


@pytest.mark.parametrize(
    "division",
    [
        Division(applications={"shop"}, workers=1, capacities={}),
        Division(applications={"other"}, workers=2, capacities={}),
    ],
)
def test_nothing_is_split_for_one_worker_or_a_runner_that_cannot(division):
    assert len(parts(FOUR, division=division)) == 1


@pytest.mark.parametrize("seconds", [{}, {None: 9.0}, {"test_a": 9.0}, {"TestA::test_a": 9.0, "TestA::test_b": 9.0}])
def test_what_cannot_be_divided_stays_whole(seconds):
    assert len(parts(seconds)) == 1


NAMES = st.from_regex(r"(Test[AB]::){0,2}test_[ab](\[[12]\]){0,2}", fullmatch=True)


@given(st.dictionaries(NAMES, st.floats(0, 3), max_size=15), st.booleans(), st.floats(0, 16))
def test_every_test_is_in_one_part_in_the_order_of_the_file_and_its_class_in_the_same(seconds, by_name, least):
    whole = batch(*seconds) if by_name and seconds else batch()
    found = shared_out(seconds, whole=whole, least=least)
    assert sorted(name for part in found for name in part) == sorted(seconds)
    place = list(seconds).index
    assert all(part == sorted(part, key=place) for part in found)
    classes = [{name.partition("::")[0] for name in part if "::" in name} for part in found]
    assert len(set().union(*classes)) == sum(map(len, classes))
    if len(found) > 1:
        assert all(sum(map(seconds.get, part)) >= SMALL - 1e-9 for part in found)
