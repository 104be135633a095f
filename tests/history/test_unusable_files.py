"""The history: files that cannot be used, and what is said of them."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import testflow
from testflow_core.errors import HistoryError
from testflow_core.history import History
from testflow_core.history.places import share
from testflow_core.model import Past, Run, Status, TestResult

RUN = Run(
    run_id="a",
    workflow="w",
    started=0.0,
    results=(TestResult(test_id="shop::t.py::n", status=Status.PASSED),),
)


def read(history: History) -> None:
    history.past(["shop"])


def write(history: History) -> None:
    history.record(RUN)


both = pytest.mark.parametrize("use", [read, write])
NOBODY = 65_534


@pytest.fixture
def unwritable() -> Iterator[Path]:
    """A directory that may not be written, for root neither."""
    directory = Path(tempfile.mkdtemp())
    user = os.geteuid()
    try:
        directory.chmod(0o555)
        if user == 0:
            os.seteuid(NOBODY)
        yield directory
    finally:
        os.seteuid(user)
        directory.chmod(0o755)
        shutil.rmtree(directory)


@both
def test_a_damaged_file_is_named_with_the_remedy(tmp_path: Path, use: Callable[[History], None]):
    path = tmp_path / "history.db"
    path.write_bytes(b"this is no database at all, " * 100)
    with pytest.raises(HistoryError, match=rf"{path} is damaged .*move it away"):
        use(History(path))
    assert path.read_bytes() == b"this is no database at all, " * 100


@both
def test_a_newer_file_is_left_as_it_is(tmp_path: Path, use: Callable[[History], None]):
    path = tmp_path / "history.db"
    History(path).record(RUN)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 99")
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=rf"{path} was written by a newer testflow .*99"):
        use(History(path))
    assert path.read_bytes() == before


@both
def test_the_database_of_another_program_is_left_as_it_is(tmp_path: Path, use: Callable[[History], None]):
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table places (name)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"places.sqlite is the database of another program"):
        use(History(path))
    assert path.read_bytes() == before


def test_a_locked_file_is_named_with_how_long_was_waited(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(RUN)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(HistoryError, match=rf"{path} is locked by another process \(waited 0.05 s\)"):
            write(History(path, patience=timedelta(milliseconds=50)))
        other.execute("rollback")
    write(History(path))


def test_a_locked_file_can_be_read(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(RUN)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert History(path, patience=timedelta(0)).past(["shop"]).tracks
        other.execute("rollback")


@both
def test_a_directory_in_place_of_the_file_is_an_error(tmp_path: Path, use: Callable[[History], None]):
    with pytest.raises(HistoryError, match=rf"{tmp_path} cannot be opened.*TESTFLOW_HISTORY"):
        use(History(tmp_path))


def test_a_file_in_place_of_the_directory_is_an_error(tmp_path: Path):
    (tmp_path / "state").touch()
    with pytest.raises(HistoryError, match=r"the directory of the history .* cannot be made"):
        write(History(tmp_path / "state" / "history.db"))


@pytest.mark.parametrize("below", [".", "state"])
def test_a_read_only_directory_is_an_error_with_the_remedy(unwritable: Path, below: str):
    with pytest.raises(HistoryError, match=rf"{unwritable}.*TESTFLOW_HISTORY"):
        write(History(unwritable / below / "history.db"))
    assert list(unwritable.iterdir()) == []


def test_a_history_in_a_read_only_directory_can_be_read(tmp_path: Path, unwritable: Path):
    nobody = os.geteuid()
    os.seteuid(os.getuid())
    History(tmp_path / "history.db").record(RUN)
    unwritable.chmod(0o755)
    shutil.copyfile(tmp_path / "history.db", unwritable / "history.db")
    (unwritable / "history.db").chmod(0o444)
    unwritable.chmod(0o555)
    os.seteuid(nobody)
    assert History(unwritable / "history.db").past(["shop"]).tracks
    with pytest.raises(HistoryError, match="cannot be opened to write"):
        write(History(unwritable / "history.db"))


def test_an_empty_file_is_an_empty_history(tmp_path: Path):
    path = tmp_path / "history.db"
    path.touch()
    assert History(path).past(["shop"]) == Past()
    write(History(path))
    assert History(path).past(["shop"]).tracks


@pytest.mark.parametrize("name", ["with space.db", "what?mode=memory", "50%25.db", "ä#1.db"])
def test_the_file_may_have_any_name(tmp_path: Path, name: str):
    write(History(tmp_path / name))
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert History(tmp_path / name).past(["shop"]).tracks


def test_a_recording_that_fails_leaves_nothing_of_itself(tmp_path: Path):
    path = tmp_path / "history.db"
    History(path).record(RUN)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create trigger full before insert on tracks begin select raise(abort, 'disk full'); end")
        connection.commit()
    other = Run(run_id="b", workflow="w", started=1.0, results=RUN.results)
    with pytest.raises(HistoryError, match="disk full"):
        History(path).record(other)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select run_id from runs").fetchall() == [("a",)]


def broken(path: Path) -> bytes:
    """A history of which the first half of the pages is overwritten."""
    History(path).record(RUN)
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(content[:100] + b"x" * half + content[100 + half :])
    return path.read_bytes()


def test_a_damaged_history_is_set_aside_with_a_word_and_a_new_one_begun(tmp_path: Path):
    path = tmp_path / "history.db"
    before = broken(path)
    (remark,) = History(path).record(RUN)
    assert remark.endswith(f"it was set aside as {path}.damaged-1, and a new one was begun")
    assert (tmp_path / "history.db.damaged-1").read_bytes() == before
    assert [each.run_id for each in History(path).runs()] == [RUN.run_id]
    assert History(path).record(RUN) == ()


def test_each_damaged_history_keeps_a_name_of_its_own(tmp_path: Path):
    path = tmp_path / "history.db"
    for _ in range(2):
        broken(path)
        History(path).record(RUN)
    assert {each.name for each in tmp_path.iterdir()} == {
        "history.db",
        "history.db.damaged-1",
        "history.db.damaged-2",
    }


def test_asking_a_damaged_history_leaves_it_where_it_is(tmp_path: Path):
    path = tmp_path / "history.db"
    before = broken(path)
    with pytest.raises(HistoryError, match="is damaged"):
        History(path).runs()
    assert path.read_bytes() == before


def test_a_run_whose_history_is_damaged_is_remembered_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "test_a.py").write_text("def test_one(): pass\n", encoding="utf-8")
    broken(tmp_path / "history.db")
    engine = testflow.Engine(applications={"shop": {}}, history="history.db", reporters=(), workers=1)
    done = engine.execute(testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"}))
    assert len(done.passed_tests) == 1
    assert any("was set aside as" in warning for warning in done.warnings)
    assert [each.run_id for each in testflow.History("history.db").runs()] == [done.run_id]


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("/dev/sda / ext4 rw 0 0\nhost:/x /work nfs4 rw 0 0\n", "nfs4"),
        ("host:/x / nfs rw 0 0\n/dev/sda /work/my\\040project ext4 rw 0 0\n", ""),
        ("/dev/sda / ext4 rw 0 0\n//host/x /wor cifs rw 0 0\n", ""),
        ("nonsense\n", ""),
    ],
)
def test_a_history_on_a_network_share_is_known_by_its_mount(tmp_path: Path, mounts: str, kind: str):
    (tmp_path / "mounts").write_text(mounts, encoding="utf-8")
    assert share(Path("/work/my project/history.db"), tmp_path / "mounts") == kind


def test_where_mounts_are_not_told_nothing_is_said(tmp_path: Path):
    assert share(tmp_path / "history.db", tmp_path / "nowhere") == ""
