"""The history: what is written, and what the next run reads of it."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from attrs import evolve

from testflow_core.history import History
from testflow_core.history.connection import SCHEMA_VERSION
from testflow_core.model import (
    Choice,
    Diagnosis,
    Evidence,
    Outcome,
    Past,
    PluginFailure,
    Route,
    Run,
    Status,
    TestCase,
    TestResult,
    Track,
)

TEST = TestCase(application="shop", file="tests/test_cart.py", name="test_total")


def run(run_id: str, status: Status = Status.PASSED, *, seconds: float = 1.0, started: float = 0.0) -> Run:
    return Run(
        run_id=run_id,
        workflow="w",
        started=started,
        results=(TestResult(test_id=TEST.id, status=status, duration=seconds),),
    )


def full_run() -> Run:
    left_out = TestCase(application="shop", file="tests/test_menu.py")
    evidence = Evidence(kind="message", text="no stock", rank=0)
    return Run(
        run_id="r1",
        workflow="checkout",
        started=5.0,
        choices=(
            Choice(test=TEST, selected=True, reason="its file changed", priority=2.0),
            Choice(test=left_out, selected=False, reason="nothing it covers changed"),
        ),
        outcomes=(
            Outcome(test=TEST, status=Status.FAILED, duration=1.5, message="no stock", text="Traceback", started=6.0),
            Outcome(test=TEST, status=Status.FAILED, duration=2.5, attempt=2, flow="buy"),
            Outcome(test=TEST, status=Status.FAILED, duration=2.5, attempt=2, flow="buy"),
        ),
        results=(
            TestResult(
                test_id=TEST.id,
                status=Status.FAILED,
                duration=4.0,
                diagnosis=Diagnosis(test=TEST, category="validation", reason="a pattern", evidence=evidence),
                route=Route(test=TEST, team="api-team", reason="the table"),
            ),
            TestResult(test_id=left_out.id, status=Status.SKIPPED, reason="nothing it covers changed"),
        ),
        warnings=("one", "two"),
        plugin_failures=(PluginFailure(kind="reporter", name="chat", traceback="Traceback\nOSError: gone"),),
        phases={"plan": 0.25, "execute": 4.0},
        provisioner="process",
    )


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(params=["file", "memory"])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> History:
    return History(tmp_path / "state" / "history.db" if request.param == "file" else None)


def test_before_the_first_run_the_past_is_empty(history: History):
    assert history.past(["shop"]) == Past()


def test_reading_makes_no_file(tmp_path: Path):
    History(tmp_path / "state" / "history.db").past(["shop"])
    assert list(tmp_path.iterdir()) == []


def test_a_recorded_test_has_a_track(history: History):
    history.record(run("a", Status.FAILED, seconds=3.0))
    (track,) = history.past(["shop"]).of(TEST)
    assert evolve(track, failed_in=(), causes=()) == Track(
        test=TEST, runs=1, failures=1, last_status=Status.FAILED, mean_duration=3.0, verdicts="F"
    )
    assert len(track.failed_in) == 1


def test_tracks_sum_up_all_runs(history: History):
    for number, (status, seconds) in enumerate([(Status.PASSED, 1.0), (Status.TIMED_OUT, 2.0), (Status.PASSED, 6.0)]):
        history.record(run(str(number), status, seconds=seconds, started=float(number)))
    (track,) = history.past(["shop"]).of(TEST)
    assert (track.runs, track.failures, track.last_status) == (3, 1, Status.PASSED)
    assert track.mean_duration == pytest.approx(3.0)


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.UNAVAILABLE, Status.INTERRUPTED])
def test_a_test_without_a_verdict_did_not_run(history: History, status: Status):
    history.record(run("a", status))
    assert history.past(["shop"]).of(TEST) == ()
    history.record(run("b", Status.FAILED))
    history.record(run("c", status))
    (track,) = history.past(["shop"]).of(TEST)
    assert (track.runs, track.last_status) == (1, Status.FAILED)


@pytest.mark.parametrize("status", [status for status in Status if status.failing])
def test_every_failing_status_counts_as_a_failure(history: History, status: Status):
    history.record(run("a", status))
    (track,) = history.past(["shop"]).of(TEST)
    assert (track.failures, track.last_status) == (1, status)


def test_the_run_that_started_last_tells_the_last_status_whenever_it_is_recorded(history: History):
    history.record(run("late", Status.FAILED, started=20.0))
    history.record(run("early", Status.PASSED, started=10.0))
    (track,) = history.past(["shop"]).of(TEST)
    assert (track.runs, track.last_status) == (2, Status.FAILED)


def test_a_run_that_is_recorded_twice_counts_once(history: History):
    history.record(run("a"))
    history.record(run("a"))
    (track,) = history.past(["shop"]).of(TEST)
    assert track.runs == 1


def test_the_past_is_that_of_the_applications_asked_for(history: History):
    other = TestCase(application="bank", file="t.py", name="n")
    history.record(evolve(run("a"), results=(TestResult(test_id=other.id, status=Status.PASSED), *run("a").results)))
    assert set(history.past(["bank"]).tracks) == {("bank", "t.py")}
    assert set(history.past(["bank", "shop", "bank"]).tracks) == {("bank", "t.py"), ("shop", TEST.file)}
    assert history.past([]) == Past()


def test_a_file_as_a_test_is_told_from_a_test_with_an_empty_name(history: History):
    whole, empty = (TestCase(application="shop", file="t.js", name=name) for name in (None, ""))
    results = tuple(
        TestResult(test_id=test.id, status=status) for test, status in ((whole, Status.PASSED), (empty, Status.FAILED))
    )
    history.record(evolve(run("a"), results=results))
    tracks = history.past(["shop"]).tracks["shop", "t.js"]
    assert {track.test.name: track.last_status for track in tracks} == {None: Status.PASSED, "": Status.FAILED}


@pytest.mark.parametrize("name", ["a::b[x::y]", "a 'quoted' \"name\"", "zoë 漢字 🎉", "drop table tests; --", "nul\0l"])
def test_any_name_comes_back_as_it_was(history: History, name: str):
    test = evolve(TEST, name=name)
    history.record(evolve(run("a"), results=(TestResult(test_id=test.id, status=Status.PASSED),)))
    assert len(history.past(["shop"]).of(test)) == 1


def test_text_that_is_not_utf_8_and_numbers_that_are_none_are_recorded(history: History):
    test = evolve(TEST, name="bytes \udcff")
    outcome = Outcome(test=test, status=Status.FAILED, duration=float("nan"), message="\udc80", text="\udcfe")
    result = TestResult(test_id=test.id, status=Status.FAILED, duration=float("inf"), reason="\udc80")
    history.record(evolve(run("a"), outcomes=(outcome,), results=(result,)))
    assert len(history.past(["shop"]).tracks) == 1


def test_everything_that_was_learnt_is_there_to_be_asked(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(full_run())
    assert rows(path, "select run_id, workflow, started, ok, provisioner from runs") == [
        ("r1", "checkout", 5.0, 0, "process")
    ]
    assert rows(
        path,
        "select test_id, selected, priority, text from choices"
        " join tests on tests.id = test join reasons on reasons.id = reason order by test_id",
    ) == [
        (TEST.id, 1, 2.0, "its file changed"),
        ("shop::tests/test_menu.py", 0, 0.0, "nothing it covers changed"),
    ]
    assert rows(path, "select flow, attempt, status, duration, message, text from attempts order by attempt") == [
        ("", 1, "failed", 1.5, "no stock", "Traceback"),
        ("buy", 2, "failed", 2.5, "", ""),
    ]
    assert rows(path, "select category, reason, evidence_kind, evidence from diagnoses") == [
        ("validation", "a pattern", "message", "no stock")
    ]
    assert rows(path, "select team, reason from routes") == [("api-team", "the table")]
    assert rows(path, "select name, seconds from phases order by position") == [("plan", 0.25), ("execute", 4.0)]
    assert rows(path, "select text from warnings order by position") == [("one",), ("two",)]
    assert rows(path, "select kind, name from plugin_failures") == [("reporter", "chat")]
    assert rows(path, "select status, duration from results") == [("failed", 4.0)]
    assert rows(path, "select last_run, last_started from tracks") == [("r1", 5.0)]


def test_a_run_that_goes_takes_its_rows_with_it(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(full_run())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma foreign_keys = on")
        connection.execute("delete from runs")
        connection.commit()
    for table in ("choices", "attempts", "results", "diagnoses", "routes", "phases", "warnings", "plugin_failures"):
        assert rows(path, f"select * from {table}") == [], table  # noqa: S608  (names from the line above)


def test_a_long_text_keeps_its_beginning_and_its_end(tmp_path: Path):
    path = tmp_path / "history.db"
    text = "begin" + "x" * 1_000_000 + "end"
    outcome = Outcome(test=TEST, status=Status.FAILED, text=text)
    History(path).record(evolve(run("a"), outcomes=(outcome,)))
    ((kept,),) = rows(path, "select text from attempts")
    assert isinstance(kept, str)
    assert kept.startswith("begin")
    assert kept.endswith("end")
    assert "980008 characters left out" in kept
    assert len(kept) < 21_000


def test_only_the_file_is_left_behind_and_readers_do_not_block(tmp_path: Path):
    path = tmp_path / "history.db"
    history = History(path)
    history.record(run("a"))
    history.past(["shop"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["history.db"]
    assert rows(path, "pragma journal_mode") == [("wal",)]


def test_recording_goes_on_while_somebody_reads(tmp_path: Path):
    path = tmp_path / "history.db"
    history = History(path, patience=timedelta(0))
    history.record(run("a"))
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select * from runs").fetchall()
        history.record(run("b"))
        assert reader.execute("select count(*) from runs").fetchone() == (1,)
    assert rows(path, "select count(*) from runs") == [(2,)]


def test_a_file_without_a_write_ahead_log_gets_one_with_the_next_run(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(run("a"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = delete")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("pragma user_version").fetchall()
        assert len(History(path).past(["shop"]).of(TEST)) == 1
    History(path).record(run("b"))
    assert rows(path, "pragma journal_mode") == [("wal",)]


RECORD = """
import sys
from pathlib import Path
from testflow_core.history import History
from testflow_core.model import Run, Status, TestResult
history = History(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    result = TestResult(test_id="shop::tests/test_cart.py::test_total", status=Status.PASSED, duration=1.0)
    history.record(Run(run_id=f"{sys.argv[2]}-{number}", workflow="w", started=1.0, results=(result,)))
"""


def test_processes_that_record_at_once_all_succeed(tmp_path: Path):
    path = tmp_path / "state" / "history.db"
    command = [sys.executable, "-W", "error", "-c", RECORD, str(path)]
    processes = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in "abc"
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]
    (track,) = History(path).past(["shop"]).of(TEST)
    assert (track.runs, track.mean_duration) == (60, 1.0)


def test_threads_share_a_history(history: History):
    threads = [Thread(target=history.record, args=(run(str(number)),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (track,) = history.past(["shop"]).of(TEST)
    assert track.runs == 8


def test_reading_imports_neither_sqlite_utils_nor_networkx(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(run("a"))
    code = (
        "import sys; from pathlib import Path; from testflow_core.history import History;"
        f" assert History(Path({str(path)!r})).past(['shop']).tracks;"
        " print([name for name in ('sqlite_utils', 'networkx', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_present_version_counts_the_migrations(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(run("a"))
    applied = rows(path, "select name from _sqlite_migrations")
    assert rows(path, "pragma user_version") == [(SCHEMA_VERSION,)]
    assert len(applied) == SCHEMA_VERSION


def test_reading_uses_the_aggregates_alone(tmp_path: Path):
    path = tmp_path / "history.db"
    history = History(path)
    history.record(full_run())
    with closing(sqlite3.connect(path)) as connection:
        for table in ("attempts", "results", "choices", "diagnoses", "routes"):
            connection.execute(f"drop table {table}")
        connection.commit()
    assert len(history.past(["shop"]).of(TEST)) == 1


def test_a_file_from_before_there_were_variants_is_read_and_then_migrated(tmp_path: Path):
    path = tmp_path / "history.db"
    history = History(path)
    history.record(run("a"))
    with closing(sqlite3.connect(path)) as old:
        old.execute("alter table tests drop column variant")
        old.execute("delete from _sqlite_migrations where name = 'variants'")
        old.execute("pragma user_version = 2")
        old.commit()
    (before,) = history.past(["shop"]).of(TEST)
    history.record(run("b"))
    (after,) = history.past(["shop"]).of(TEST)
    assert (before.runs, after.runs) == (1, 2)
    assert rows(path, "pragma user_version") == [(SCHEMA_VERSION,)]
    assert rows(path, "select distinct variant from tests") == [("",)]
