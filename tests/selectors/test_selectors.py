"""The selectors `all`, `failed`, `history` and `sample`."""

from collections.abc import Sequence

import pytest

from testflow_core.builtin.selectors.all import SelectAll
from testflow_core.builtin.selectors.failed import SelectFailed
from testflow_core.builtin.selectors.history import OrderByHistory
from testflow_core.builtin.selectors.sample import SelectSample
from testflow_core.errors import SpecError
from testflow_core.interfaces import Selector
from testflow_core.model import Change, Choice, Context, Past, Status, TestCase, Track

FILE = "tests/test_cart.py"


def case(name: str | None) -> TestCase:
    return TestCase(application="shop", file=FILE, name=name)


def track(name: str, *, runs: int = 10, failures: int = 0, last: Status = Status.PASSED) -> Track:
    return Track(test=case(name), runs=runs, failures=failures, last_status=last, mean_duration=0.1)


def choices(selector: Selector, names: Sequence[str | None], *tracks: Track) -> list[Choice]:
    context = Context(past=Past(tracks={("shop", FILE): tracks}))
    return list(selector.select([case(name) for name in names], context))


@pytest.mark.parametrize("selector", [SelectAll(), SelectFailed(), OrderByHistory(), SelectSample()])
def test_every_test_has_one_choice_with_a_reason(selector: Selector):
    found = choices(selector, ["a", "b", None], track("a"), track("c", last=Status.FAILED))
    assert [choice.test.name for choice in found] == ["a", "b", None]
    assert all(choice.reason for choice in found)


def test_all_selects_all():
    assert all(choice.selected for choice in choices(SelectAll(), ["a", "b"], track("a")))


@pytest.mark.parametrize("last", [status for status in Status if status.failing])
def test_failed_selects_what_failed_last(last: Status):
    (choice,) = choices(SelectFailed(), ["a"], track("a", failures=1, last=last))
    assert (choice.selected, choice.reason) == (True, "failed in its last run")


def test_failed_skips_what_passed_last_however_often_it_failed_before():
    (choice,) = choices(SelectFailed(), ["a"], track("a", failures=9))
    assert (choice.selected, choice.reason) == (False, "passed in its last run")


def test_failed_selects_what_never_ran():
    (choice,) = choices(SelectFailed(), ["a"], track("b"))
    assert (choice.selected, choice.reason) == (True, "never ran")


def test_failed_selects_a_file_for_one_of_its_tests():
    (choice,) = choices(SelectFailed(), [None], track("a"), track("b", last=Status.ERROR))
    assert (choice.selected, choice.reason) == (True, "1 of its 2 tests failed in the last run")


def test_failed_skips_a_file_whose_tests_all_passed():
    (choice,) = choices(SelectFailed(), [None], track("a"), track("b"))
    assert not choice.selected


FILES = [TestCase(application="shop", file=f"tests/test_{number}.py") for number in range(200)]


def drawn(tests: Sequence[TestCase] = FILES, head: str | None = None, **options: object) -> set[str]:
    change = Change(application="shop", files=(), reason="git", head=head)
    found = SelectSample(**options).select(tests, Context(change=change))  # pyright: ignore[reportArgumentType]
    return {choice.test.file for choice in found if choice.selected}


def test_sample_draws_exactly_its_share_and_at_least_one():
    assert len(drawn(share=0.1)) == 20
    assert len(drawn(share=0.001)) == 1
    assert len(drawn(share=1.0)) == 200


def test_sample_draws_the_same_for_the_same_seed_and_others_for_another():
    assert drawn(seed="a") == drawn(seed="a")
    assert len(drawn(seed="a") & drawn(seed="b")) < 10


def test_sample_draws_anew_for_each_commit_where_no_seed_is_given():
    assert drawn(head="4f2a") == drawn(head="4f2a", seed="4f2a") != drawn(head="91c0")


def test_sample_gives_up_at_most_one_for_each_test_that_is_added():
    assert len(drawn(FILES[:-1]) - drawn(FILES)) <= 1


def test_sample_says_how_many_it_drew_and_with_which_seed():
    reasons = {choice.reason for choice in SelectSample(seed="7").select(FILES, Context())}
    assert reasons == {"drawn with 20 of 200 at random (seed '7')", "not drawn with 20 of 200 at random (seed '7')"}


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_sample_refuses_what_is_no_share(share: float):
    with pytest.raises(SpecError, match=r"\$\.share: expected a share above 0, up to 1"):
        SelectSample(share=share)
