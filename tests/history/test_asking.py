"""What people ask a history: runs, tracks, trends, exports."""

import csv
import json
import sqlite3
from contextlib import closing

import pytest
from remembered_runs import case, run

import testflow
from testflow_core.history import History as Store
from testflow_core.model import Merged, RunSummary, Status, Trial


@pytest.fixture
def history(tmp_path):
    found = testflow.History(tmp_path / "state" / "history.db")
    store = Store(found.path)
    store.record(run("monday", 100.0, seconds=2.0, quick=".", slow="F"))
    store.record(run("tuesday", 200.0, seconds=4.0, slow="F.", left="S"))
    return found


def test_a_history_that_is_not_there_answers_nothing_and_makes_nothing(tmp_path):
    history = testflow.History(tmp_path / "history.db")
    assert (history.runs(), history.slowest(), history.track("a::b"), history.trend("a::b")) == ((), (), None, ())
    assert history.compact().after == 0
    with pytest.raises(testflow.HistoryError, match="there is no run 'r'"):
        history.run("r")
    assert list(tmp_path.iterdir()) == []


def test_the_history_is_that_of_the_engine_where_no_path_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert testflow.History().path == tmp_path / ".testflow" / "history.db"
    monkeypatch.setenv("TESTFLOW_HISTORY", str(tmp_path / "other.db"))
    assert testflow.History().path == tmp_path / "other.db"


def test_runs_are_told_in_short_the_latest_first(history):
    assert history.runs(1) == (
        RunSummary(
            run_id="tuesday",
            workflow="w",
            started=200.0,
            ok=True,
            state="ended",
            seconds=4.0,
            tests={Status.PASSED: 1, Status.SKIPPED: 1},
        ),
    )
    assert [each.run_id for each in history.runs()] == ["tuesday", "monday"]


@pytest.mark.parametrize("original", [run("monday", 100.0, seconds=2.0, quick=".", slow="F")])
def test_a_run_comes_back_as_it_was(history, original):
    found = history.run("monday")
    assert (found.run_id, found.started, dict(found.phases)) == ("monday", 100.0, {"execute": 2.0})
    assert (found.choices, set(found.outcomes), found.results) == (
        original.choices,
        set(original.outcomes),
        original.results,
    )


def test_a_flaky_test_comes_back_as_one_with_its_attempts(history):
    (slow,) = history.run("tuesday").passed_tests
    assert (slow.flaky, slow.attempts) == (True, 2)


def test_an_unknown_run_is_an_error_that_names_the_latest(history):
    with pytest.raises(testflow.HistoryError, match=r"no run 'sunday' \(the latest: tuesday, monday\)"):
        history.run("sunday")


def test_the_slowest_tests_come_first(history):
    assert [(track.test.name, track.mean_duration) for track in history.slowest()] == [("slow", 3.0), ("quick", 2.0)]
    assert len(history.slowest(1)) == 1


def test_a_track_is_the_past_of_one_test(history):
    track = history.track(case("slow").id)
    assert track is not None
    assert (track.runs, track.failures, track.verdicts) == (2, 1, ".F")
    assert history.track(case("left").id) is None


def test_a_trend_has_each_run_the_earliest_first(history):
    assert history.trend(case("slow").id) == (
        Trial(run_id="monday", started=100.0, test=case("slow"), status=Status.FAILED, duration=2.0),
        Trial(run_id="tuesday", started=200.0, test=case("slow"), status=Status.PASSED, duration=4.0, attempts=2),
    )


def test_every_result_is_exported_in_both_formats(history, tmp_path):
    assert history.export(tmp_path / "all.jsonl") == history.export(str(tmp_path / "all.csv")) == 4
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()]
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [{key: "" if value is None else str(value) for key, value in line.items()} for line in lines] == rows
    assert [(line["run_id"], line["name"], line["status"], line["attempts"]) for line in lines] == [
        ("monday", "quick", "passed", 1),
        ("monday", "slow", "failed", 1),
        ("tuesday", "left", "skipped", 1),
        ("tuesday", "slow", "passed", 2),
    ]


def test_an_unknown_format_is_named_with_the_known_ones(history, tmp_path):
    with pytest.raises(testflow.HistoryError, match=r"all\.xml: .*\(known: \.jsonl, \.csv\)"):
        history.export(tmp_path / "all.xml")
    assert not (tmp_path / "all.xml").exists()


def test_what_cannot_be_written_is_named_with_the_remedy(history, tmp_path):
    with pytest.raises(testflow.HistoryError, match=r"cannot be exported to .+out.csv .* a folder that is there"):
        history.export(tmp_path / "no such folder/out.csv")


def test_questions_are_answered_while_a_run_writes(history):
    with closing(sqlite3.connect(history.path, isolation_level=None)) as writer:
        writer.execute("begin immediate")
        writer.execute("update runs set workflow = 'changed'")
        assert {each.workflow for each in history.runs()} == {"w"}
        writer.execute("rollback")


def test_merging_what_is_not_there_is_an_error(history, tmp_path):
    with pytest.raises(testflow.HistoryError, match="no history to merge at"):
        history.merge(tmp_path / "nowhere.db")
    Store(tmp_path / "b.db").record(run("wednesday", 300.0, quick="F"))
    assert history.merge(tmp_path / "b.db") == Merged(added=("wednesday",))
    assert history.merge(testflow.History(tmp_path / "b.db")) == Merged(known=("wednesday",))
