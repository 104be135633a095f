"""A history remembers the causes of failures: which runs had them, and whether one of the main branch did."""

from datetime import timedelta

import pytest
from attrs import evolve
from caused_results import VERDICT, caused, failed, told
from hypothesis import given, settings
from hypothesis import strategies as st

from testflow_core.history import History
from testflow_core.model import Status, TestResult

PASSED = TestResult(test_id=failed().test_id, status=Status.PASSED)


@pytest.fixture(params=["file", "memory"])
def history(request, tmp_path):
    return History(tmp_path / "history.db" if request.param == "file" else None)


def test_the_next_run_tells_since_when_a_cause_is_there_and_how_often(history):
    for name, started in (("r1", 10.0), ("r2", 30.0), ("r3", 20.0)):
        caused(name, started, [failed("test_a"), failed("test_b")], history)
    (cluster, other) = told([failed("test_a"), failed("test_c", "1:bb")], history)
    assert (cluster.first_seen, cluster.last_seen, cluster.times, cluster.new) == (10.0, 30.0, 3, False)
    assert (other.first_seen, other.last_seen, other.times, other.new) == (None, None, 0, True)


def test_a_run_that_is_resumed_has_not_seen_its_own_causes_before(history):
    caused("now", 100.0, [failed()], history)
    (cluster,) = told([failed()], history)
    assert cluster.new


def test_what_later_runs_have_is_no_past(history):
    caused("later", 200.0, [failed()], history)
    (cluster,) = told([failed()], history)
    assert cluster.new


def test_a_remembered_run_has_its_clusters(history):
    results = [
        failed("test_a", assigned_to="cart-team", tracker="CART", title="no <thing> left"),
        failed("test_b", "1:bb", quarantined="until tomorrow"),
    ]
    run = caused("r1", 10.0, results, on_main=("shop",))
    run = evolve(run, clusters=tuple(evolve(each, verdict=VERDICT) for each in run.clusters))
    history.record(run)
    again = history.run("r1")
    assert again.on_main == ("shop",)
    shown = [evolve(each, diagnosis=run.clusters[0].diagnosis, fingerprints=()) for each in again.clusters]
    assert shown == [evolve(each, diagnosis=run.clusters[0].diagnosis, fingerprints=()) for each in run.clusters]
    assert [each.diagnosis.category for each in again.clusters] == ["data", "data"]


@pytest.mark.parametrize(
    ("runs", "red"),
    [
        ([], None),
        ([("shop", [failed()])], True),
        ([("shop", [PASSED])], False),
        ([("shop", [failed(fingerprint="1:bb")])], False),
        ([("web", [failed()])], None),
        ([("shop", [failed("test_other", "1:bb")])], None),
        ([("shop", [failed()]), ("shop", [PASSED])], False),
        ([("shop", [PASSED]), ("shop", [failed()])], True),
        ([("shop", [failed()]), ("shop", [failed("test_other", "1:bb")])], True),
    ],
)
def test_the_latest_run_of_the_main_branch_that_had_one_of_its_tests_tells_whether_it_is_red_there(history, runs, red):
    caused("branch", 5.0, [failed()], history)
    for number, (application, results) in enumerate(runs):
        caused(f"r{number}", 10.0 + number, results, history, on_main=(application,))
    (cluster,) = told([failed()], history)
    assert cluster.also_red_on_main is red


def test_a_cause_in_two_applications_is_told_by_runs_that_had_main_of_both(history):
    both = [failed(), failed(application="web")]
    caused("r1", 10.0, both, history, on_main=("shop",))
    assert told(both, history)[0].also_red_on_main is None
    caused("r2", 20.0, both, history, on_main=("shop", "web"))
    assert told(both, history)[0].also_red_on_main is True


def test_runs_that_were_dropped_are_counted_until_nobody_has_the_cause_any_more(tmp_path):
    history = History(tmp_path / "history.db")
    now = 1_900_000_000.0
    caused("old", 10.0, [failed(), failed("test_b", "1:bb")], history)
    caused("new", now, [failed()], history)
    history.compact(keep=timedelta(days=1))
    by_id = {each.id: each for each in told([failed(), failed("test_b", "1:bb")], history, started=now + 1)}
    assert (by_id["1:aa"].first_seen, by_id["1:aa"].times) == (10.0, 2)
    assert by_id["1:bb"].new
    assert [each.id for each in history.known_causes(9)] == ["1:aa"]


RUNS = st.lists(
    st.builds(
        lambda name, started, prints, main: caused(
            name,
            started,
            [failed(test, print_, title=print_, assigned_to=test) for test, print_ in prints.items()],
            on_main=main,
        ),
        st.sampled_from(["r1", "r2", "r3"]),
        st.sampled_from([1.0, 2.0]),
        st.dictionaries(st.sampled_from(["test_a", "test_b"]), st.sampled_from(["1:aa", "1:bb"])),
        st.sampled_from([(), ("shop",)]),
    ),
    max_size=3,
    unique_by=lambda run: run.run_id,
)


def content(histories):
    merged = History(None)
    for each in histories:
        merged.merge(each)
    runs = {each.run_id: merged.run(each.run_id) for each in merged.runs()}
    told_of = {
        name: (run.on_main, [evolve(each, diagnosis=None, tests=sorted(each.tests)) for each in run.clusters])
        for name, run in runs.items()
    }
    return told_of, merged.known_causes(9)


@settings(max_examples=40)
@given(RUNS, RUNS)
def test_histories_are_merged_in_any_order_and_again_with_the_same_causes(one, two):
    histories = []
    for runs in (one, two):
        histories.append(History(None))
        for run in runs:
            histories[-1].record(run)
    first, second = histories
    assert content([first, second]) == content([second, first]) == content([first, second, first])
