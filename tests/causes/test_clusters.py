"""Failures of one cause are one cluster."""

import pytest
from caused_results import failed, told

from testflow_core.history import History
from testflow_core.model import Status, TestResult


def test_failures_with_one_fingerprint_are_one_cluster_with_their_tests_in_order():
    (cluster,) = told([failed("test_b"), failed("test_a", evidence="bang")])
    assert cluster.id == "1:aa"
    assert cluster.tests == ("shop::tests/test_cart.py::test_b", "shop::tests/test_cart.py::test_a")
    assert cluster.count == len(cluster.tests)
    assert cluster.diagnosis.evidence.text == "boom"
    assert cluster.fingerprints == ("1:aa",)
    assert cluster.new


def test_what_fails_the_run_comes_first_then_the_most_frequent():
    results = [
        failed("test_flaky_1", "1:bb", status=Status.PASSED, flaky=True),
        failed("test_flaky_2", "1:bb", status=Status.PASSED, flaky=True),
        failed("test_flaky_3", "1:bb", status=Status.PASSED, flaky=True),
        failed("test_held", "1:cc", quarantined="until tomorrow"),
        failed("test_rare", "1:dd"),
        failed("test_one"),
        failed("test_two"),
    ]
    found = told(results)
    assert [each.id for each in found] == ["1:aa", "1:dd", "1:bb", "1:cc"]
    assert [each.blocking for each in found] == [True, True, False, False]


def test_of_as_many_failures_the_file_decides_whichever_ended_first():
    of_a, of_b = failed("test_a", "1:aa", application="api"), failed("test_b", "1:bb", application="web")
    assert [each.id for each in told([of_a, of_b])] == ["1:aa", "1:bb"]
    assert [each.id for each in told([of_b, of_a])] == ["1:aa", "1:bb"]
    # In one file they end one after the other.
    assert [each.id for each in told([failed("test_b", "1:bb"), failed("test_a", "1:aa")])] == ["1:bb", "1:aa"]


def test_what_passed_at_once_is_in_no_cluster():
    assert told([TestResult(test_id="shop::a.py::test", status=Status.PASSED)]) == ()


def test_the_owner_is_the_team_of_most_of_its_failures():
    teams = ["lea", "cart-team", "cart-team", "unassigned", "unassigned", "unassigned"]
    (cluster,) = told([failed(f"test_{at}", assigned_to=team) for at, team in enumerate(teams)])
    assert cluster.owner == "cart-team"


def test_a_cluster_of_nobody_has_no_owner():
    (cluster,) = told([failed(assigned_to="unassigned")])
    assert cluster.owner is None


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({"title": "no <thing>\nleft", "evidence": "no apples left"}, "no <thing> left"),
        ({"message": "\n\x1b[31mboom\x1b[0m  twice\nand more"}, "boom twice"),
        ({"message": "", "evidence": "bang"}, "bang"),
        ({"message": "", "evidence": ""}, "it said so"),
        ({"title": "x" * 500}, "x" * 200),
    ],
)
def test_the_title_is_one_line_of_what_there_is(said, title):
    (cluster,) = told([failed(**said)])
    assert cluster.title == title


def test_failures_without_a_fingerprint_are_told_apart_by_category_and_message():
    results = [
        failed("test_a", "", message="port 5432 is taken"),
        failed("test_b", "", message="port 6379 is taken"),
        failed("test_c", "", message="port 6379 is open"),
        failed("test_d", "", message="port 6379 is taken", category="network"),
    ]
    assert [each.count for each in told(results)] == [2, 1, 1]


def test_a_history_that_cannot_be_read_takes_no_cause_away(tmp_path):
    (tmp_path / "history.db").write_bytes(b"no database" * 100)
    (cluster,) = told([failed()], History(tmp_path / "history.db"))
    assert (cluster.id, cluster.times, cluster.also_red_on_main) == ("1:aa", 0, None)
