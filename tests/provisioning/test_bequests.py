"""What a supervisor runs at its end, for what lives outside of processes and directories."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from testflow_core.provisioning import supervisor as supervisor_module
from testflow_core.provisioning.legacy import outlive
from testflow_core.provisioning.process_tree import descendants, read_process
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    Handles = Callable[[Iterable[int]], list[int]]
    AllEnd = Callable[[Sequence[int]], bool]
    Python = Callable[[str], list[str]]

ENGINE = """
import signal, sys
from pathlib import Path
from testflow_core.provisioning.supervisor import Supervisor
directory, note = Path(sys.argv[1]), Path(sys.argv[2])
with Supervisor(remove=[directory]) as supervisor:
    supervisor.spawn(["sleep", "1000"], cwd=directory, env={"PATH": sys.argv[3]})
    program = f"import os; open({str(note)!r}, 'w').write(' '.join(sorted(os.listdir({str(directory)!r}))))"
    supervisor.bequeath([sys.executable, "-c", program], cwd=directory, env={})
    print(flush=True)
    signal.pause()
"""


def writing(note: Path) -> str:
    return f"open({str(note)!r}, 'a').write('done')"


def test_a_bequest_is_carried_out_once_on_leaving(tmp_path: Path, python: Python):
    with Supervisor() as supervisor:
        supervisor.bequeath(python(writing(tmp_path / "note")), cwd=tmp_path, env={})
        assert not (tmp_path / "note").exists()
    assert (tmp_path / "note").read_text() == "done"


def test_a_bequest_that_was_withdrawn_is_not_carried_out_and_others_are(tmp_path: Path, python: Python):
    with Supervisor() as supervisor:
        withdraw = supervisor.bequeath(python(writing(tmp_path / "first")), cwd=tmp_path, env={})
        supervisor.bequeath(python(writing(tmp_path / "second")), cwd=tmp_path, env={})
        withdraw()
        withdraw()
    assert [note.name for note in tmp_path.iterdir()] == ["second"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_engine_s_bequest_runs_after_its_processes_and_before_its_directories_go(
    tmp_path: Path, how: signal.Signals, handles: Handles, all_end: AllEnd
):
    directory, note = tmp_path / "private", tmp_path / "note"
    directory.mkdir()
    (directory / "file").touch()
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, directory, note, os.environ["PATH"]], stdout=subprocess.PIPE
    ) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        watched = handles([process.pid for process in descendants(engine.pid)])
        engine.send_signal(how)
    assert all_end(watched)
    assert note.read_text() == "file"
    assert not directory.exists()


def test_a_program_that_cannot_be_started_hinders_nothing(tmp_path: Path, python: Python):
    with Supervisor(remove=[tmp_path / "private"]) as supervisor:
        supervisor.bequeath(["no-such-program"], cwd=tmp_path, env={})
        supervisor.bequeath(python(writing(tmp_path / "note")), cwd=tmp_path, env={})
    assert (tmp_path / "note").read_text() == "done"


def test_a_bequest_that_never_ends_is_killed(tmp_path: Path, python: Python, monkeypatch: pytest.MonkeyPatch):
    # The guardian is a process of its own: what it is started with says how long it waits.
    limit = "import testflow_core.provisioning.legacy as legacy; legacy.BEQUESTS = 1.0;"
    begin = "import sys; sys.path.append(sys.argv[1]);"
    monkeypatch.setattr(supervisor_module, "_PROGRAM", supervisor_module._PROGRAM.replace(begin, f"{begin}{limit}"))
    note = tmp_path / "pid"
    with Supervisor() as supervisor:
        supervisor.bequeath(["sh", "-c", f"echo $$ > {note}; exec sleep 60"], cwd=tmp_path, env={"PATH": os.defpath})
    assert read_process(int(note.read_text())) is None


def test_an_engine_that_is_about_to_be_gone_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_core.provisioning.legacy.MOMENT", 20.0)
    with subprocess.Popen(["sleep", "0.1"]) as engine:
        handle = os.pidfd_open(engine.pid)
        try:
            outlive(handle)
            assert engine.poll() == 0
        finally:
            os.close(handle)
