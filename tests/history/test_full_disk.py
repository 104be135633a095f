"""A disk that fills up while the history is written: it says so, and is as it was before."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from remembered_runs import run

from testflow_core.history import History

# No file may become larger, which SQLite meets as it meets a full disk.
FULL = """
import json, resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from remembered_runs import run
from testflow_core.errors import HistoryError
from testflow_core.history import History
folder, what, room = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
history = History(folder / "history.db")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    if what == "record":
        history.record(run("new", 9.0, **{f"test_{each}": "F." for each in range(400)}))
    elif what == "merge":
        history.merge(History(folder / "other.db"))
    else:
        history.compact()
    print(json.dumps(""))
except HistoryError as error:
    print(json.dumps(str(error)))
"""

NAMES = {f"test_{each}": "." for each in range(300)}


@pytest.fixture(scope="module")
def histories(tmp_path_factory):
    folder = tmp_path_factory.mktemp("histories")
    for name, first in (("history.db", 0), ("other.db", 10)):
        history = History(folder / name)
        for number in range(first, first + 3):
            history.record(run(f"r{number}", float(number), **NAMES))
    return folder


def done(histories, folder, what, room):
    """What is said where files may not become larger than `room`."""
    for name in ("history.db", "other.db"):
        (folder / name).write_bytes((histories / name).read_bytes())
    argv = [sys.executable, "-c", FULL, str(Path(__file__).parents[1]), str(folder), what, str(room)]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout)


def test_a_merge_for_which_only_the_log_has_room_holds(histories, tmp_path):
    assert done(histories, tmp_path, "merge", 160 << 10) == ""
    history = History(tmp_path / "history.db")
    assert [len(history.run(f"r{number}").results) for number in (0, 1, 2, 10, 11, 12)] == [len(NAMES)] * 6


@pytest.mark.parametrize(
    ("what", "room"),
    [(what, room << 10) for what in ("record", "merge", "compact") for room in (4, 64)]
    + [("record", 160 << 10), ("compact", 160 << 10)],
)
def test_a_disk_that_fills_up_is_told_and_leaves_the_history_whole(histories, tmp_path, what, room):
    before = History(histories / "history.db").runs()
    said = done(histories, tmp_path, what, room)
    assert "free the disk where it is full" in said
    history = History(tmp_path / "history.db")
    assert history.runs() == before
    assert len(history.run("r2").results) == len(NAMES)
    history.record(run("after", 20.0, a="."))
    assert history.knows("after")
