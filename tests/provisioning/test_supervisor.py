"""Processes that end with us, however we end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from testflow_core.errors import ProvisionError
from testflow_core.provisioning.process_tree import descendants, read_process
from testflow_core.provisioning.supervisor import Supervised, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    Handles = Callable[[Iterable[int]], list[int]]
    AllEnd = Callable[[Sequence[int]], bool]
    SpawnAndRead = Callable[..., tuple[Supervised, str]]
    Python = Callable[[str], list[str]]
    ReadLine = Callable[[int], str]

DAEMON = """
import os, signal, sys
{before}
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(os.getpid(), flush=True)
        signal.pause()
    os._exit(0)
os.wait()
{after}
"""
PAUSE = "signal.pause()"

ENGINE = """
import os, signal, sys
from pathlib import Path
from testflow_core.provisioning.supervisor import Supervisor
program = sys.argv[1]
{before}
with Supervisor(remove=[Path(sys.argv[2])]) as supervisor:
    supervisor.spawn([sys.executable, "-I", "-S", "-c", program], cwd=Path("/"), env={{}}, stdout=1)
    {after}
"""


def live(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if read_process(pid) is not None]


@pytest.mark.parametrize(("program", "code"), [("pass", 0), ("raise SystemExit(7)", 7)])
def test_an_exit_status_is_told(
    supervisor: Supervisor, env: dict[str, str], tmp_path: Path, python: Python, program: str, code: int
):
    process = supervisor.spawn(python(program), cwd=tmp_path, env=env)
    assert process.wait(20) == code
    assert process.returncode == code


def test_a_signal_is_told_as_a_negative_number(supervisor: Supervisor, env: dict[str, str], tmp_path: Path):
    process = supervisor.spawn(["sh", "-c", "kill -KILL $$"], cwd=tmp_path, env=env)
    assert process.wait(20) == -signal.SIGKILL


def test_a_running_process_has_no_return_code_when_time_runs_out(
    supervisor: Supervisor, env: dict[str, str], tmp_path: Path, python: Python
):
    process = supervisor.spawn(python("import signal; signal.pause()"), cwd=tmp_path, env=env)
    assert process.wait(0.01) is None
    assert process.returncode is None
    assert read_process(process.pid) is not None


def test_the_environment_is_the_given_one_and_the_mark_of_the_lease(
    spawn_and_read: SpawnAndRead, env: Mapping[str, str], python: Python
):
    _, line = spawn_and_read(python("import os, json; print(json.dumps(dict(os.environ)))"))
    told = json.loads(line)
    assert told.pop("TESTFLOW_LEASE").endswith(":1")
    told.pop("LC_CTYPE", None)
    assert told == env


def test_streams_are_passed_on_and_the_others_are_the_null_device(
    supervisor: Supervisor, env: dict[str, str], tmp_path: Path, python: Python
):
    given = tmp_path / "in"
    given.write_text("words")
    with given.open() as stdin, (tmp_path / "err").open("w") as stderr:
        program = "import sys, os; sys.stderr.write(sys.stdin.read() + os.readlink('/proc/self/fd/1'))"
        process = supervisor.spawn(python(program), cwd=tmp_path, env=env, stdin=stdin.fileno(), stderr=stderr.fileno())
        assert process.wait(20) == 0
    assert (tmp_path / "err").read_text() == "words/dev/null"


def test_no_other_descriptor_reaches_the_program(spawn_and_read: SpawnAndRead, python: Python):
    _, line = spawn_and_read(python("import os; print(sorted(os.listdir('/proc/self/fd')))"))
    # The fourth is the listing's own.
    assert line == "['0', '1', '2', '3']"


def test_signals_that_we_ignore_are_not_ignored_by_the_program(spawn_and_read: SpawnAndRead):
    _, line = spawn_and_read(["grep", "SigIgn", "/proc/self/status"])
    ignored = int(line.split()[1], 16)
    ours = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTERM, signal.SIGPIPE)
    assert [number for number in ours if ignored >> (number - 1) & 1] == []


@pytest.mark.parametrize(
    ("argv", "cwd", "error", "culprit"),
    [
        (["no-such-program"], "/", FileNotFoundError, "no-such-program"),
        (["/etc/passwd"], "/", PermissionError, "/etc/passwd"),
        (["true"], "/no/such/directory", FileNotFoundError, "/no/such/directory"),
        (["nu\0ll"], "/", ValueError, "null"),
    ],
)
def test_what_cannot_be_started_is_named(
    supervisor: Supervisor,
    env: Mapping[str, str],
    tmp_path: Path,
    argv: list[str],
    cwd: str,
    error: type[Exception],
    culprit: str,
):
    with pytest.raises(error, match=culprit):
        supervisor.spawn(argv, cwd=tmp_path / cwd, env=env)
    assert supervisor.spawn(["true"], cwd=tmp_path, env=env).wait(20) == 0


def test_end_leaves_nothing_of_the_tree(
    spawn_and_read: SpawnAndRead, python: Python, handles: Handles, all_end: AllEnd
):
    process, daemon = spawn_and_read(python(DAEMON.format(before="", after=PAUSE)))
    watched = handles([process.pid, int(daemon)])
    process.end()
    assert all_end(watched)
    assert process.returncode == -signal.SIGTERM


def test_end_kills_after_the_grace_what_ignores_the_signal(
    spawn_and_read: SpawnAndRead, python: Python, handles: Handles, all_end: AllEnd
):
    stubborn = DAEMON.format(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)", after=PAUSE)
    process, daemon = spawn_and_read(python(stubborn))
    watched = handles([process.pid, int(daemon)])
    process.end(0.05)
    assert all_end(watched)
    assert process.returncode == -signal.SIGKILL


def test_end_of_a_process_that_is_over_ends_what_it_left(
    spawn_and_read: SpawnAndRead, python: Python, handles: Handles, all_end: AllEnd
):
    process, daemon = spawn_and_read(python(DAEMON.format(before="", after="")))
    assert process.wait(20) == 0
    assert read_process(int(daemon)) is not None
    watched = handles([int(daemon)])
    process.end()
    assert all_end(watched)


def test_end_spares_what_others_started(spawn_and_read: SpawnAndRead, python: Python):
    mine, _ = spawn_and_read(python("import signal; print(1, flush=True); signal.pause()"))
    other, daemon = spawn_and_read(python(DAEMON.format(before="", after=PAUSE)))
    mine.end()
    assert len(live([other.pid, int(daemon)])) == 2


def test_end_sends_the_signal_that_is_asked_for(spawn_and_read: SpawnAndRead, python: Python):
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, lambda *_: sys.exit(3)); print(1, flush=True); signal.pause()"
    )
    process, _ = spawn_and_read(python(program))
    process.end(20, signal.SIGINT)
    assert process.returncode == 3


def test_leaving_kills_everything_and_removes_the_directories(
    env: dict[str, str], tmp_path: Path, python: Python, read_line: ReadLine, handles: Handles, all_end: AllEnd
):
    directory = tmp_path / "private"
    (directory / "below").mkdir(parents=True)
    reader, writer = os.pipe()
    with Supervisor(remove=[directory]) as supervisor:
        process = supervisor.spawn(python(DAEMON.format(before="", after=PAUSE)), cwd=tmp_path, env=env, stdout=writer)
        os.close(writer)
        watched = handles([process.pid, int(read_line(reader))])
    os.close(reader)
    assert all_end(watched)
    assert process.returncode == -signal.SIGKILL
    assert not directory.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_engine_is_killed(
    tmp_path: Path, how: signal.Signals, read_line: ReadLine, handles: Handles, all_end: AllEnd
):
    engine, watched, directory = start_engine(tmp_path, read_line, handles)
    with engine:
        engine.send_signal(how)
    assert all_end(watched)
    assert not directory.exists()


def test_nothing_is_left_when_a_fork_outlives_the_killed_engine(
    tmp_path: Path, read_line: ReadLine, handles: Handles, all_end: AllEnd
):
    engine, watched, directory = start_engine(tmp_path, read_line, handles, after="os.fork(); signal.pause()")
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
    tmp_path: Path, read_line: ReadLine, handles: Handles, all_end: AllEnd
):
    after = "try: signal.pause()\n    except KeyboardInterrupt: print(len(os.listdir(sys.argv[2])), flush=True)"
    engine, watched, directory = start_engine(tmp_path, read_line, handles, after=after)
    with engine:
        os.killpg(engine.pid, signal.SIGINT)
        assert engine.stdout is not None
        assert read_line(engine.stdout.fileno()) == "1"
    assert engine.returncode == 0
    assert all_end(watched)
    assert not directory.exists()


def start_engine(
    tmp_path: Path, read_line: Callable[[int], str], handles: Handles, after: str = PAUSE
) -> tuple[subprocess.Popen[bytes], list[int], Path]:
    directory = tmp_path / "private"
    directory.mkdir()
    (directory / "file").touch()
    script = ENGINE.format(before="", after=after)
    engine = subprocess.Popen(
        [sys.executable, "-c", script, DAEMON.format(before="", after=PAUSE), str(directory)],
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


def test_several_threads_may_spawn_at_once(supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path):
    codes: list[int | None] = []

    def spawn(code: int) -> None:
        codes.append(supervisor.spawn(["sh", "-c", f"exit {code}"], cwd=tmp_path, env=env).wait(20))

    threads = [threading.Thread(target=spawn, args=(code,)) for code in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes, key=str) == sorted(range(20), key=str)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_root_can_run_what_refuses_root_and_its_files_stay_roots(
    spawn_and_read: SpawnAndRead, python: Python, tmp_path: Path
):
    target = tmp_path / "made"
    program = f"import os; open({str(target)!r}, 'w').close(); print(os.geteuid(), os.getegid(), flush=True)"
    _, line = spawn_and_read(python(program), unprivileged=True)
    assert "0" not in line.split()
    assert (target.stat().st_uid, target.stat().st_gid) == (0, 0)
