"""However the supervisor or the engine ends, nothing is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from testflow_core.errors import ProvisionError
from testflow_core.provisioning.process_tree import descendants, read_process
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from testflow_core.provisioning.supervised import Supervised

    Handles = Callable[[Iterable[int]], list[int]]
    AllEnd = Callable[[Sequence[int]], bool]
    SpawnAndRead = Callable[..., tuple[Supervised, str]]
    Python = Callable[[str], list[str]]
    Daemon = Callable[..., str]
    ReadLine = Callable[[int], str]

PAUSE = "signal.pause()"

ENGINE = """
import os, signal, sys
from pathlib import Path
from testflow_core.provisioning.supervisor import Supervisor
program = sys.argv[1]
with Supervisor(remove=[Path(sys.argv[2])]) as supervisor:
    supervisor.spawn([sys.executable, "-I", "-S", "-c", program], cwd=Path("/"), env={{}}, stdout=1)
    {after}
"""


def live(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if read_process(pid) is not None]


def test_leaving_kills_everything_and_removes_the_directories(
    daemon_program: Daemon,
    env: dict[str, str],
    tmp_path: Path,
    python: Python,
    read_line: ReadLine,
    handles: Handles,
    all_end: AllEnd,
):
    directory = tmp_path / "private"
    (directory / "below").mkdir(parents=True)
    reader, writer = os.pipe()
    with Supervisor(remove=[directory]) as supervisor:
        process = supervisor.spawn(python(daemon_program(after=PAUSE)), cwd=tmp_path, env=env, stdout=writer)
        os.close(writer)
        watched = handles([process.pid, int(read_line(reader))])
    os.close(reader)
    assert all_end(watched)
    assert process.returncode == -signal.SIGKILL
    assert not directory.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_engine_is_killed(
    daemon_program: Daemon, tmp_path: Path, how: signal.Signals, read_line: ReadLine, handles: Handles, all_end: AllEnd
):
    engine, watched, directory = start_engine(daemon_program, tmp_path, read_line, handles)
    with engine:
        engine.send_signal(how)
    assert all_end(watched)
    assert not directory.exists()


def test_nothing_is_left_when_a_fork_outlives_the_killed_engine(
    daemon_program: Daemon, tmp_path: Path, read_line: ReadLine, handles: Handles, all_end: AllEnd
):
    engine, watched, directory = start_engine(
        daemon_program, tmp_path, read_line, handles, after="os.fork(); signal.pause()"
    )
    forked = [each.pid for each in descendants(engine.pid) if each.parent == engine.pid]
    try:
        with engine:
            engine.kill()
        # The fork still holds the engine's end of the channel, and is not the supervisor's to kill.
        assert all_end(watched)
        assert not directory.exists()
    finally:
        for pid in live(forked):
            os.kill(pid, signal.SIGKILL)


def test_the_interrupt_of_a_terminal_leaves_the_end_to_the_engine(
    daemon_program: Daemon, tmp_path: Path, read_line: ReadLine, handles: Handles, all_end: AllEnd
):
    after = "try: signal.pause()\n    except KeyboardInterrupt: print(len(os.listdir(sys.argv[2])), flush=True)"
    engine, watched, directory = start_engine(daemon_program, tmp_path, read_line, handles, after=after)
    with engine:
        os.killpg(engine.pid, signal.SIGINT)
        assert engine.stdout is not None
        assert read_line(engine.stdout.fileno()) == "1"
    assert engine.returncode == 0
    assert all_end(watched)
    assert not directory.exists()


def start_engine(
    daemon_program: Daemon, tmp_path: Path, read_line: Callable[[int], str], handles: Handles, after: str = PAUSE
) -> tuple[subprocess.Popen[bytes], list[int], Path]:
    directory = tmp_path / "private"
    directory.mkdir()
    (directory / "file").touch()
    script = ENGINE.format(after=after)
    engine = subprocess.Popen(
        [sys.executable, "-c", script, daemon_program(after=PAUSE), str(directory)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert engine.stdout is not None
    try:
        daemon = int(read_line(engine.stdout.fileno()))
    except BaseException:
        engine.kill()
        raise
    tree = descendants(engine.pid)
    assert daemon in [each.pid for each in tree]
    supervisor = next(each for each in tree if each.parent == engine.pid and each.session != engine.pid)
    mine = [each.pid for each in descendants(supervisor.pid)]
    return engine, handles([supervisor.pid, *mine]), directory


def test_the_direct_children_die_with_a_killed_supervisor(
    tmp_path: Path, env: dict[str, str], python: Python, handles: Handles, all_end: AllEnd
):
    with Supervisor() as supervisor:
        process = supervisor.spawn(python("import signal; signal.pause()"), cwd=tmp_path, env=env)
        found = read_process(process.pid)
        assert found is not None
        watched = handles([process.pid])
        os.kill(found.parent, signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        process.end()
        assert all_end(watched)
        with pytest.raises(ProvisionError, match="true was not started: the supervisor has ended"):
            supervisor.spawn(["true"], cwd=tmp_path, env=env)


def test_a_supervisor_told_to_end_ends_what_it_started(
    tmp_path: Path, env: dict[str, str], python: Python, handles: Handles, all_end: AllEnd
):
    with Supervisor() as supervisor:
        process = supervisor.spawn(python("import signal; signal.pause()"), cwd=tmp_path, env=env)
        found = read_process(process.pid)
        assert found is not None
        watched = handles([process.pid])
        os.kill(found.parent, signal.SIGTERM)
        assert all_end(watched)


def test_a_farewell_is_sent_before_the_kill(tmp_path: Path, env: dict[str, str], python: Python, read_line: ReadLine):
    reader, writer = os.pipe()
    note = tmp_path / "note"
    program = (
        f"import signal, sys, pathlib\nsignal.signal(signal.SIGQUIT, lambda *_: sys.exit("
        f"pathlib.Path({str(note)!r}).write_text('gone in peace')))\nprint(1, flush=True)\nsignal.pause()"
    )
    with Supervisor() as supervisor:
        supervisor.spawn(python(program), cwd=tmp_path, env=env, stdout=writer, farewell=signal.SIGQUIT)
        os.close(writer)
        read_line(reader)
    os.close(reader)
    assert note.read_text() == "gone in peace"


def test_a_fork_that_leaves_the_block_ends_nothing(
    supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path, python: Python
):
    process = supervisor.spawn(python("import signal; signal.pause()"), cwd=tmp_path, env=env)
    pid = os.fork()
    if pid == 0:
        supervisor.__exit__(None, None, None)
        os._exit(0)
    os.waitpid(pid, 0)
    assert process.wait(0.05) is None
    assert supervisor.spawn(["true"], cwd=tmp_path, env=env).wait(20) == 0


def supervisor_of(process: Supervised) -> int:
    found = read_process(process.pid)
    assert found is not None
    return found.parent


def test_a_supervisor_that_hangs_is_an_error_and_is_killed_on_leaving(
    env: Mapping[str, str],
    tmp_path: Path,
    python: Python,
    monkeypatch: pytest.MonkeyPatch,
    handles: Handles,
    all_end: AllEnd,
):
    for module in ("supervisor", "supervised"):
        monkeypatch.setattr(f"testflow_core.provisioning.{module}.LIMIT", 0.2)
    with Supervisor() as supervisor:
        process = start_patiently(supervisor, python("import signal; signal.pause()"), env, tmp_path, monkeypatch)
        watched = handles([process.pid, supervisor_of(process)])
        os.kill(supervisor_of(process), signal.SIGSTOP)
        with pytest.raises(ProvisionError, match="true was not started within"):
            supervisor.spawn(["true"], cwd=tmp_path, env=env)
        with pytest.raises(ProvisionError, match="cannot be killed within"):
            process.end(0)
        with pytest.raises(ProvisionError, match="has not answered within"):
            supervisor.bequeath(["true"], cwd=tmp_path, env=env)
    assert all_end(watched)


def start_patiently(
    supervisor: Supervisor, argv: list[str], env: Mapping[str, str], cwd: Path, monkeypatch: pytest.MonkeyPatch
) -> Supervised:
    with monkeypatch.context() as patch:
        for module in ("supervisor", "supervised"):
            patch.setattr(f"testflow_core.provisioning.{module}.LIMIT", 30.0)
        return supervisor.spawn(argv, cwd=cwd, env=env)


def test_an_interrupt_while_a_message_is_sent_ends_everything(
    supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path, python: Python, monkeypatch: pytest.MonkeyPatch
):
    process = supervisor.spawn(python("import signal; signal.pause()"), cwd=tmp_path, env=env)

    def interrupted(channel: socket.socket, letters: list[bytes], _streams: Sequence[int]) -> int:
        channel.send(letters[0][:5])
        raise KeyboardInterrupt

    monkeypatch.setattr(socket, "send_fds", interrupted)
    with pytest.raises(KeyboardInterrupt):
        supervisor.spawn(["true"], cwd=tmp_path, env=env)
    assert process.wait(20) == -signal.SIGKILL
    monkeypatch.undo()
    with pytest.raises(ProvisionError, match="the supervisor has ended"):
        supervisor.spawn(["true"], cwd=tmp_path, env=env)


def test_a_supervisor_that_cannot_start_tells_why(
    tmp_path: Path, env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("testflow_core.provisioning.supervisor._ROOT", str(tmp_path))
    monkeypatch.setattr("testflow_core.provisioning.supervisor._INTERPRETER", (sys.executable, "-I", "-S"))
    told = r"(?s)the supervisor has ended.*No module named 'testflow_core'"
    with Supervisor() as supervisor:
        with pytest.raises(ProvisionError, match=told):
            supervisor.spawn(["true"], cwd=tmp_path, env=env)
        with pytest.raises(ProvisionError, match=told):
            _ = supervisor.tier
