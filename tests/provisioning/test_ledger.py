"""What is made outside of processes and directories is written down, and removed whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import testflow
from testflow_core.errors import DataError
from testflow_core.provisioning import lease_files, leases, legacy
from testflow_core.provisioning import ledger as ledgers
from testflow_core.provisioning.process_tree import descendants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    Handles = Callable[[Iterable[int]], list[int]]
    AllEnd = Callable[[Sequence[int]], bool]

# What it "makes" are files, beside which the order of removals is noted.
REMOVER = """
from pathlib import Path
from testflow_core.errors import DataError

def remove(entries):
    for path in (Path(entry["path"]) for entry in entries):
        if path.name == "stuck" and path.exists():
            raise DataError("it is stuck")
        path.unlink(missing_ok=True)
        with path.with_name("removed").open("a") as note:
            note.write(path.name + " ")
        yield f"file {path.name}"
"""
ENGINE = """
import signal, sys
from pathlib import Path
from testflow_core.provisioning.ledger import ledger
with ledger("file_remover:remove") as mine:
    for name in sys.argv[2:]:
        mine.note({"path": str(Path(sys.argv[1]) / name)})
        (Path(sys.argv[1]) / name).touch()
    print(flush=True)
    signal.pause()
"""
NAME = "file_remover:remove"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files are made; the leases stand beside, and everybody can import the remover."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/file_remover.py").write_text(REMOVER)
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


@pytest.fixture
def make(there: Path):
    def make(mine: ledgers.Ledger, *names: str) -> None:
        for name in names:
            mine.note({"path": str(there / name)})
            (there / name).touch()

    return make


def removed(there: Path) -> str:
    return (there / "removed").read_text() if (there / "removed").exists() else ""


def ledger_files() -> list[str]:
    return [path.name for path in leases.root().glob("ledger-*")]


def test_everything_is_removed_on_exit_the_latest_first(there, make):
    with ledgers.ledger(NAME) as mine:
        make(mine, "first", "second", "third")
        assert removed(there) == ""
        assert len(ledger_files()) == 1
    assert removed(there) == "third second first "
    assert ledger_files() == []


def test_everything_is_removed_after_an_exception_which_goes_on(there, make):
    def fail() -> None:
        with ledgers.ledger(NAME) as mine:
            make(mine, "first")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert removed(there) == "first "


def test_a_ledger_in_which_nothing_stands_asks_nobody(there):
    with ledgers.ledger("no_such_module:remove"):
        pass
    assert ledger_files() == []


def started(there: Path, *names: str) -> subprocess.Popen[bytes]:
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, there, *names], stdout=subprocess.PIPE)
    assert engine.stdout is not None
    engine.stdout.readline()
    return engine


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_owner_made_is_removed_by_his_heir(there, how, handles: Handles, all_end: AllEnd):
    with started(there, "first", "second") as engine:
        watched = handles([process.pid for process in descendants(engine.pid)])
        engine.send_signal(how)
    assert all_end(watched)
    assert removed(there) == "second first "
    assert ledger_files() == []


def all_killed(there: Path, *names: str, handles: Handles, all_end: AllEnd) -> None:
    with started(there, *names) as engine:
        pids = [process.pid for process in descendants(engine.pid)]
        watched = handles(pids)
        for pid in (*pids, engine.pid):
            os.kill(pid, signal.SIGSTOP)
        for pid in (*pids, engine.pid):
            os.kill(pid, signal.SIGKILL)
    assert all_end(watched)


def test_what_everybody_left_who_was_killed_is_removed_by_the_next_owner(there, handles, all_end):
    all_killed(there, "first", handles=handles, all_end=all_end)
    assert removed(there) == ""
    with ledgers.ledger(NAME):
        assert removed(there) == "first "


def test_cleaning_by_hand_removes_it_too_and_leaves_what_is_in_use(there, make, handles, all_end):
    all_killed(there, "left", handles=handles, all_end=all_end)
    with ledgers.ledger(NAME) as mine:
        make(mine, "alive")
        lines = testflow.clean()
    assert "file left" not in lines, "the ledger of another was swept when this one was begun"
    all_killed(there, "left", handles=handles, all_end=all_end)
    assert "file left" in testflow.clean()
    assert removed(there) == "left alive left "


def test_the_ledgers_of_others_are_not_swept_on_the_way(there, handles, all_end):
    all_killed(there, "first", handles=handles, all_end=all_end)
    with ledgers.ledger("another:remove"):
        assert removed(there) == ""


def test_what_cannot_be_removed_is_told_at_once_and_tried_again(there, make):
    began = time.monotonic()
    with pytest.raises(DataError, match="it is stuck"), ledgers.ledger(NAME) as mine:
        make(mine, "stuck", "first")
    assert time.monotonic() - began < legacy.BEQUESTS, "nobody waits for an heir, who waits for the ledger"
    with pytest.raises(DataError, match="it is stuck"):
        ledgers.sweep()
    with ledgers.ledger(NAME):
        pass
    (there / "stuck").unlink()
    assert ledgers.sweep() == ["file first", "file stuck"]
    assert ledger_files() == []


def test_what_cannot_be_removed_is_forgotten_after_seven_days(there, make):
    with pytest.raises(DataError), ledgers.ledger(NAME) as mine:
        make(mine, "stuck")
    (path,) = leases.root().glob("ledger-*")
    os.utime(path, (0, 0))
    with pytest.raises(DataError):
        ledgers.sweep()
    assert ledger_files() == []


def test_a_remover_that_is_gone_is_told(there, monkeypatch):
    ledgers.keep("no_such_module:remove", "x", {"path": "x"}, -1)
    with pytest.raises(DataError, match=r"cannot be removed by no_such_module:remove: No module named"):
        ledgers.sweep()
    with pytest.raises(DataError, match="no_such_module"):
        testflow.clean()


def test_what_is_kept_stays_until_its_time_or_cleaning_by_hand(there, make):
    with ledgers.ledger(NAME) as mine:
        make(mine, "first")
        mine.keep(1000)
    assert removed(there) == ""
    assert ledgers.sweep() == []
    assert testflow.clean() == ()
    assert testflow.clean(kept=True) == ("file first",)
    with ledgers.ledger(NAME) as mine:
        make(mine, "second")
        mine.keep(-1)
    assert ledgers.sweep() == ["file second"]


def test_what_outlives_its_owner_is_noted_by_its_name_once(there):
    for _ in range(2):
        ledgers.keep(NAME, "x", {"path": str(there / "first")}, 1000)
    assert ledger_files() == ["ledger-kept-x"]
    assert ledgers.sweep(kept=True) == ["file first"]


def test_a_line_that_was_not_finished_tells_of_nothing(there):
    ledgers.keep(NAME, "x", {"path": str(there / "first")}, -1)
    with (leases.root() / "ledger-kept-x").open("a") as file:
        file.write('{"entry": {"path": "sec"}')
    assert ledgers.sweep() == ["file first"]


def test_a_full_disk_is_a_data_error_before_anything_is_made(there):
    with ledgers.ledger(NAME) as mine:
        mine._path = there / "absent/file"
        with pytest.raises(DataError, match="cannot be noted in"):
            mine.note({"path": "x"})


def test_an_heir_who_comes_too_late_or_to_what_is_kept_does_nothing(there):
    ledgers.main(there / "absent")
    ledgers.keep(NAME, "x", {"path": str(there / "first")}, 1000)
    ledgers.main(leases.root() / "ledger-kept-x")
    assert removed(there) == ""
    ledgers.sweep(kept=True)


def test_an_heir_removes_all_of_it(there):
    path, descriptor = leases.hold("ledger")
    ledgers.Ledger(path, NAME).note({"path": str(there / "first")})
    os.close(descriptor)
    ledgers.main(path)
    assert removed(there) == "first "
    assert not path.exists()
    lease_files.forget(leases.root())


@pytest.mark.parametrize("replaced", [False, True])
def test_who_finds_a_ledger_removed_meanwhile_lets_it_be(there, monkeypatch, replaced):
    ledgers.keep(NAME, "x", {"path": str(there / "first")}, -1)
    path = leases.root() / "ledger-kept-x"
    lock = ledgers.fcntl.flock

    def removed_before(descriptor, how):
        path.unlink()
        if replaced:
            path.touch()
        lock(descriptor, how)

    monkeypatch.setattr(ledgers.fcntl, "flock", removed_before)
    ledgers.main(path)
    assert removed(there) == ""
