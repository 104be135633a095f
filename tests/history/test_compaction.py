"""Histories made small: what is dropped, what stays, and what a kill in the middle leaves."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from remembered_runs import case, run

from testflow_core.history import History
from testflow_core.model import Status

ROOT = Path(__file__).parents[1]
DAY = 86_400.0


def outcomes(found):
    return {(each.test.name, each.attempt, each.status) for each in found.outcomes}


def test_attempts_that_say_nothing_new_are_dropped_and_come_back_from_the_results(tmp_path):
    history = History(tmp_path / "history.db")
    history.record(run("r", 5.0, quick=".", flaky="F.", broken="F"))
    before = history.run("r")
    history.compact()
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        assert connection.execute("select count(*) from attempts").fetchone() == (3,)
    after = history.run("r")
    assert outcomes(after) == outcomes(before)
    assert after.results == before.results


def test_what_a_run_that_can_be_resumed_needs_stays(tmp_path):
    history = History(tmp_path / "history.db")
    history.record(run("r", 5.0, quick="."))
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        connection.execute("update runs set state = 'stopped'")
        connection.commit()
    history.compact(keep=timedelta(days=1), max_bytes=1)
    assert [each.batch for each in history.run("r").outcomes] == ["b1"]


def test_old_runs_go_and_stay_counted(tmp_path):
    history = History(tmp_path / "history.db")
    now = time.time()
    history.record(run("old", now - 9 * DAY, a="F", gone="."))
    history.record(run("older", now - 10 * DAY, a="F"))
    history.record(run("new", now - DAY, a="."))
    before = history.track(case("a").id)
    assert history.compact(keep=timedelta(days=5)).dropped == ("older", "old")
    assert [each.run_id for each in history.runs()] == ["new"]
    assert history.track(case("a").id) == before
    assert history.track(case("gone").id) is None


def test_what_was_dropped_is_counted_once_when_it_is_recorded_late_or_merged(tmp_path):
    history, other = History(tmp_path / "a.db"), History(tmp_path / "b.db")
    now = time.time()
    for each in (history, other):
        each.record(run("old", now - 9 * DAY, a="F"))
        each.record(run("new", now - DAY, a="."))
    history.compact(keep=timedelta(days=5))
    history.merge(other)
    history.record(run("old", now - 9 * DAY, a="F"))
    # Late, so that all is counted anew.
    history.record(run("between", now - 2 * DAY, a="F"))
    track = history.track(case("a").id)
    assert track is not None
    assert (track.runs, track.failures, track.verdicts, track.last_status) == (3, 2, ".FF", Status.PASSED)


def test_the_oldest_runs_go_until_the_size_is_kept(tmp_path):
    history = History(tmp_path / "history.db")
    for number in range(30):
        history.record(run(str(number), float(number), **{f"test_{each}": "F" for each in range(600)}))
    whole = history.compact()
    done = history.compact(max_bytes=whole.after // 2)
    assert done.before == whole.after
    assert done.after <= whole.after // 2
    assert (tmp_path / "history.db").stat().st_size == done.after
    left = [int(each.run_id) for each in history.runs()]
    assert left == list(range(29, 29 - len(left), -1))
    assert len(left) > 3
    track = history.track(case("test_1").id)
    assert track is not None
    assert track.runs == 30


def test_one_run_stays_however_small_the_history_must_be(tmp_path):
    history = History(tmp_path / "history.db")
    for number in range(3):
        history.record(run(str(number), float(number), a="F"))
    assert history.compact(max_bytes=1).dropped == ("0", "1")


def test_a_history_in_memory_is_compacted_too():
    history = History(None)
    for number in range(3):
        history.record(run(str(number), float(number), a="."))
    assert history.compact(max_bytes=1).dropped == ("0", "1")
    assert [each.run_id for each in history.runs()] == ["2"]


WORK = """
import sys
from pathlib import Path
from remembered_runs import run
from testflow_core.history import History
path, what = Path(sys.argv[1]), sys.argv[2]
history = History(path)
for number in range(1000):
    if what == "record":
        history.record(run(f"again {number}", 1000.0 + number, **{f"t{each}": "F" for each in range(200)}))
    elif what == "merge":
        other = History(None)
        other.record(run(f"theirs {number}", 1000.0 + number, **{f"t{each}": "F" for each in range(200)}))
        history.merge(other)
    else:
        history.record(run(f"more {number}", 1000.0 + number, **{f"t{each}": "F" for each in range(200)}))
        history.compact(max_bytes=200_000)
    print(number, flush=True)
"""


@pytest.mark.parametrize("what", ["record", "merge", "compact"])
@pytest.mark.parametrize("rounds", [1, 4])
def test_a_kill_in_the_middle_leaves_a_whole_history(tmp_path, what, rounds):
    path = tmp_path / "history.db"
    History(path).record(run("first", 1.0, a="F"))
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{WORK}", str(path), what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(rounds):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    history = History(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        counted = connection.execute(
            "select tracks.runs - coalesce(pruned.runs, 0) - (select count(*) from results where test = tracks.test)"
            " from tracks left join pruned using (test)"
        ).fetchall()
    assert set(counted) == {(0,)}
    assert history.track(case("a").id) is not None
    history.record(run("after", 9999.0, a="."))
    assert history.runs()[0].run_id == "after"
