"""The selectors `all`, `failed` and `history`."""

from collections.abc import Sequence

import pytest

from testflow_core.builtin.selectors.all import SelectAll
from testflow_core.builtin.selectors.failed import SelectFailed
from testflow_core.builtin.selectors.history import OrderByHistory
from testflow_core.interfaces import Selector
from testflow_core.model import Choice, Context, Past, Status, TestCase, Track

FILE = "tests/test_cart.py"


def case(name: str | None) -> TestCase:
    return TestCase(application="shop", file=FILE, name=name)


def track(name: str, *, runs: int = 10, failures: int = 0, last: Status = Status.PASSED) -> Track:
    return Track(test=case(name), runs=runs, failures=failures, last_status=last, mean_duration=0.1)


def choices(selector: Selector, names: Sequence[str | None], *tracks: Track) -> list[Choice]:
    context = Context(past=Past(tracks={("shop", FILE): tracks}))
    return list(selector.select([case(name) for name in names], context))


@pytest.mark.parametrize("selector", [SelectAll(), SelectFailed(), OrderByHistory()])
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


def test_history_orders_last_failed_then_never_ran_then_by_failure_rate():
    found = choices(
        OrderByHistory(),
        ["steady", "shaky", "always-but-last", "new", "broken-once", "broken-often"],
        track("steady"),
        track("shaky", failures=3),
        track("always-but-last", runs=10, failures=9),
        track("broken-once", failures=1, last=Status.FAILED),
        track("broken-often", failures=8, last=Status.TIMED_OUT),
    )
    assert all(choice.selected for choice in found)
    ordered = sorted(found, key=lambda choice: -choice.priority)
    assert [choice.test.name for choice in ordered] == [
        "broken-often",
        "broken-once",
        "new",
        "always-but-last",
        "shaky",
        "steady",
    ]


def test_history_gives_its_reasons():
    found = choices(
        OrderByHistory(),
        ["broken", "new", "shaky", None],
        track("broken", failures=1, last=Status.FAILED),
        track("shaky", failures=3),
    )
    assert [choice.reason for choice in found] == [
        "failed in its last run",
        "never ran",
        "failed in 3 of 10 runs",
        "its test broken failed in its last run",
    ]
