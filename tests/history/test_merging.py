"""Histories that become one: in whatever order, and however often."""

import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from remembered_runs import case, run

from testflow_core.errors import HistoryError
from testflow_core.history import History
from testflow_core.model import Diagnosis, Status

VERDICTS = st.sampled_from([".", "F", "E", "F.", "S"])
RUNS = st.builds(
    lambda name, started, seconds, tests, warnings: evolve(
        run(name, started, seconds=seconds, **tests), warnings=tuple(warnings)
    ),
    st.sampled_from(["r1", "r2", "r3", "r4"]),
    st.sampled_from([0.0, 1.0, 2.0]),
    st.sampled_from([0.1, 0.7]),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), VERDICTS, min_size=1),
    st.lists(st.sampled_from(["one", "two"]), unique=True),
)
HISTORIES = st.lists(RUNS, max_size=4, unique_by=lambda each: each.run_id)


def remembering(runs):
    history = History(None)
    for each in runs:
        history.record(each)
    return history


def merged(*histories):
    first, *others = histories
    copy = History(None)
    for each in (first, *others):
        copy.merge(each)
    return copy


def content(history):
    """All that a history has, but for its keys and the order in which it was recorded."""
    past = history.past(["shop"])
    tracks = {track.test: evolve(track, failed_in=()) for found in past.tracks.values() for track in found}
    runs = {}
    for each in history.runs():
        found = history.run(each.run_id)
        parts = (set(found.choices), set(found.outcomes), set(found.results), set(found.warnings))
        runs[each.run_id] = (each, *parts, sorted(found.phases))
    return runs, tracks


@settings(max_examples=40)
@given(HISTORIES, HISTORIES)
def test_it_does_not_matter_which_is_merged_into_which(one, two):
    a, b = remembering(one), remembering(two)
    assert content(merged(a, b)) == content(merged(b, a))


@pytest.mark.parametrize(("weaker", "stronger"), [(".", "F"), (".", "E"), ("S", "F"), ("S", "."), ("F.", "FF")])
def test_of_what_two_say_of_a_test_a_failure_stays_and_what_ran_before_what_did_not(weaker, stronger):
    one, other = (remembering([run("r1", a=verdict)]) for verdict in (weaker, stronger))
    for both in (merged(one, other), merged(other, one)):
        assert content(both) == content(other)


@settings(max_examples=25)
@given(HISTORIES, HISTORIES, HISTORIES)
def test_it_does_not_matter_which_are_merged_first(one, two, three):
    a, b, c = map(remembering, (one, two, three))
    assert content(merged(merged(a, b), c)) == content(merged(a, merged(b, c)))


@settings(max_examples=25)
@given(HISTORIES, HISTORIES)
def test_merging_again_changes_nothing(one, two):
    a, b = remembering(one), remembering(two)
    both = merged(a, b)
    before = content(both)
    for other in (b, a, both):
        both.merge(other)
    assert content(both) == before


@settings(max_examples=25)
@given(st.lists(RUNS, max_size=6, unique_by=lambda each: each.run_id), st.integers(0, 6))
def test_a_merged_history_is_that_of_whoever_recorded_all(runs, cut):
    whole = merged(remembering(runs))
    assert content(merged(remembering(runs[:cut]), remembering(runs[cut:]))) == content(whole)


def test_shards_of_one_run_are_one_run_that_failed_where_one_of_them_did(tmp_path):
    first, second, all_of_it = (History(tmp_path / f"{name}.db") for name in ("first", "second", "all"))
    first.record(run("r", 5.0, a="."))
    failing = run("r", 3.0, b="F")
    explained = evolve(
        failing.results[0], diagnosis=Diagnosis(test=case("b"), category="validation", reason="a pattern")
    )
    second.record(evolve(failing, results=(explained,)))
    all_of_it.merge(first)
    assert all_of_it.merge(second).known == ("r",)
    (summary,) = all_of_it.runs()
    assert (summary.ok, summary.started, dict(summary.tests)) == (False, 3.0, {Status.FAILED: 1, Status.PASSED: 1})
    (failed,) = all_of_it.run("r").failed_tests
    assert failed.category == "validation"


def test_failures_of_one_run_have_one_number_after_a_merge(tmp_path):
    history = History(tmp_path / "a.db")
    other = History(tmp_path / "b.db")
    history.record(run("r1", 1.0, a="F"))
    other.record(run("r0", 0.0, c="."))
    other.record(run("r2", 2.0, a="F", b="F"))
    history.merge(other)
    (a,), (b,) = (history.past(["shop"]).of(case(name)) for name in "ab")
    assert len(a.failed_in) == 2
    assert b.failed_in == a.failed_in[:1]


def test_what_failures_have_in_common_is_kept_however_they_came_here():
    def failing(name, started, **messages):
        made = run(name, started, **dict.fromkeys(messages, "F"))
        return evolve(
            made, outcomes=tuple(evolve(each, message=messages[each.test.name or ""]) for each in made.outcomes)
        )

    refused = "ConnectionRefusedError: 127.0.0.1:{}"
    now = time.time()
    first = failing("r1", now - 1000, a=refused.format(5432), b="assert 1 == 2")
    second = failing("r2", now, a="KeyError: 'id'", b=refused.format(40117))
    recorded = remembering([first, second])
    for history in (recorded, remembering([second, first]), merged(remembering([second]), remembering([first]))):
        a, b = (history.track(case(name).id) for name in "ab")
        assert a is not None
        assert b is not None
        assert a.causes[1] == b.causes[0] != a.causes[0]
        assert b.causes[1] == ""
    before = recorded.track(case("a").id)
    assert recorded.compact(keep=timedelta(seconds=500)).dropped == ("r1",)
    recorded.merge(remembering([failing("r3", now - 100, a="")]))
    after = recorded.track(case("a").id)
    assert before is not None
    assert after is not None
    assert after.causes == (before.causes[0], "", before.causes[1])


def test_a_run_that_goes_on_here_is_left_alone_and_one_that_goes_on_there_is_not_taken(tmp_path):
    history, other = History(tmp_path / "a.db"), History(tmp_path / "b.db")
    for each, name in ((history, "here"), (other, "there")):
        each.record(run(name, a="."))
        with closing(sqlite3.connect(each.path)) as connection:
            connection.execute("update runs set state = 'running'")
            connection.commit()
    other.record(run("here", a="F"))
    assert history.merge(other).added == ()
    assert [(each.run_id, each.ok) for each in history.runs()] == [("here", True)]


def test_a_merge_that_fails_leaves_nothing_of_itself(tmp_path):
    history, other = History(tmp_path / "a.db"), History(tmp_path / "b.db")
    history.record(run("r1", a="."))
    other.record(run("r2", a="F"))
    with closing(sqlite3.connect(other.path)) as connection:
        connection.execute("pragma foreign_keys = off")
        connection.execute("drop table timings")
        connection.commit()
    before = content(history)
    with pytest.raises(Exception, match="timings"):
        history.merge(other)
    assert content(history) == before


def test_a_history_merged_into_itself_stays_as_it_is(tmp_path):
    history = History(tmp_path / "a.db")
    history.record(run("r1", a="F"))
    before = content(history)
    assert history.merge(History(history.path)).known == ("r1",)
    assert content(history) == before


@pytest.mark.parametrize("side", ["here", "there"])
def test_a_merge_waits_for_no_writer_of_the_other_history_and_hinders_none(tmp_path, side):
    quick = timedelta(seconds=0.1)
    history, other = (History(tmp_path / name, patience=quick) for name in ("a.db", "b.db"))
    for each, name in ((history, "r1"), (other, "r2")):
        each.record(run(name, a="."))
    with closing(sqlite3.connect((history if side == "here" else other).path, isolation_level=None)) as connection:
        connection.execute("begin immediate")
        if side == "here":
            with pytest.raises(HistoryError, match=r"a\.db is locked by another process"):
                history.merge(other)
        else:
            assert history.merge(other).added == ("r2",)
    assert history.merge(other).known == (() if side == "here" else ("r2",))


def test_of_two_histories_the_damaged_one_is_named(tmp_path):
    history, other = History(tmp_path / "a.db"), History(tmp_path / "b.db")
    history.record(run("r1", a="."))
    other.record(run("r2", **{f"test_{number}": "." for number in range(500)}))
    damaged = bytearray(other.path.read_bytes())
    damaged[8192:-8192] = b"\xff" * (len(damaged) - 16384)
    other.path.write_bytes(damaged)
    before = content(history)
    with pytest.raises(HistoryError, match=r"the history \S+b\.db is damaged"):
        history.merge(other)
    assert content(history) == before


def test_the_other_history_is_only_read(tmp_path):
    history, other = History(tmp_path / "a.db"), History(tmp_path / "b.db")
    other.record(run("r", a="."))
    before = (tmp_path / "b.db").read_bytes()
    history.merge(other)
    assert (tmp_path / "b.db").read_bytes() == before
