"""Processes that the supervisor starts, and ends one by one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testflow_core.provisioning.process_tree import read_process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from testflow_core.provisioning.supervised import Supervised
    from testflow_core.provisioning.supervisor import Supervisor

    Handles = Callable[[Iterable[int]], list[int]]
    AllEnd = Callable[[Sequence[int]], bool]
    SpawnAndRead = Callable[..., tuple[Supervised, str]]
    Python = Callable[[str], list[str]]
    Daemon = Callable[..., str]
    ReadLine = Callable[[int], str]

PAUSE = "signal.pause()"
SLOW = {"asyncio", "inspect", "json", "pathlib", "re", "shutil", "socket", "subprocess", "tempfile", "typing"}
"""Modules that take longer to import than the supervisor's program has."""


class Text(str):
    """A text as parsers make them, which know where it stood."""

    __slots__ = ()


def live(pids: Iterable[int]) -> list[int]:
    return [pid for pid in pids if read_process(pid) is not None]


@pytest.mark.parametrize(("program", "code"), [("pass", 0), ("raise SystemExit(7)", 7)])
def test_an_exit_status_is_told(
    supervisor: Supervisor, env: dict[str, str], tmp_path: Path, python: Python, program: str, code: int
):
    process = supervisor.spawn(python(program), cwd=tmp_path, env=env)
    assert process.wait(20) == code
    assert process.returncode == code


def test_what_takes_long_to_import_is_not_imported_for_a_start(python: Python):
    program = (
        "import sys; sys.path.append(sys.argv[1]); import testflow_core.provisioning.guardian; print(*sys.modules)"
    )
    root = Path(__file__).parents[2]
    told = subprocess.run([*python(program), root], capture_output=True, text=True, check=True).stdout.split()
    assert "testflow_core.provisioning.guardian" in told
    assert not SLOW.intersection(told)


def test_words_and_variables_may_be_of_a_class_of_their_own(supervisor: Supervisor, tmp_path: Path):
    argv = [Text("sh"), "-c", 'test "$0$MINE" = wordown', Text("word")]
    assert supervisor.spawn(argv, cwd=tmp_path, env={Text("MINE"): Text("own")}).wait(20) == 0


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
    # What Python and a measurement of coverage add by themselves.
    for name in ("LC_CTYPE", "COVERAGE_PROCESS_CONFIG"):
        told.pop(name, None)
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
    daemon_program: Daemon, spawn_and_read: SpawnAndRead, python: Python, handles: Handles, all_end: AllEnd
):
    process, daemon = spawn_and_read(python(daemon_program(after=PAUSE)))
    watched = handles([process.pid, int(daemon)])
    process.end()
    assert all_end(watched)
    assert process.returncode == -signal.SIGTERM


def test_end_kills_after_the_grace_what_ignores_the_signal(
    daemon_program: Daemon, spawn_and_read: SpawnAndRead, python: Python, handles: Handles, all_end: AllEnd
):
    stubborn = daemon_program(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)", after=PAUSE)
    process, daemon = spawn_and_read(python(stubborn))
    watched = handles([process.pid, int(daemon)])
    process.end(0.05)
    assert all_end(watched)
    assert process.returncode == -signal.SIGKILL


def test_end_of_a_process_that_is_over_ends_what_it_left(
    daemon_program: Daemon, spawn_and_read: SpawnAndRead, python: Python, handles: Handles, all_end: AllEnd
):
    process, daemon = spawn_and_read(python(daemon_program(after="")))
    assert process.wait(20) == 0
    assert read_process(int(daemon)) is not None
    watched = handles([int(daemon)])
    process.end()
    assert all_end(watched)


def test_end_spares_what_others_started(daemon_program: Daemon, spawn_and_read: SpawnAndRead, python: Python):
    mine, _ = spawn_and_read(python("import signal; print(1, flush=True); signal.pause()"))
    other, daemon = spawn_and_read(python(daemon_program(after=PAUSE)))
    mine.end()
    assert len(live([other.pid, int(daemon)])) == 2


def test_end_sends_the_signal_that_is_asked_for(spawn_and_read: SpawnAndRead, python: Python):
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, lambda *_: sys.exit(3)); print(1, flush=True); signal.pause()"
    )
    process, _ = spawn_and_read(python(program))
    process.end(20, signal.SIGINT)
    assert process.returncode == 3


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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is in another namespace then")
@pytest.mark.parametrize("needed", [False, True])
def test_what_refuses_root_has_shared_memory_of_its_own_unless_it_works_there(
    spawn_and_read: SpawnAndRead, python: Python, *, needed: bool
):
    here = Path(f"/dev/shm/testflow-test-{secrets.token_hex(8)}")  # noqa: S108 - what the test is about
    here.touch()
    try:
        program = f"import os; print(os.path.exists('/dev/shm/{here.name}'), flush=True)"
        _, line = spawn_and_read([*python(program), *([str(here)] if needed else [])], unprivileged=True)
    finally:
        here.unlink()
    assert line == str(needed)


IN_A_NAMESPACE_WITHOUT_NAMESPACES = """
import os, sys
from pathlib import Path
from testflow_core.errors import ProvisionError
from testflow_core.provisioning.supervisor import Supervisor
Path("/proc/sys/user/max_user_namespaces").write_text("0")
with Supervisor() as supervisor:
    try:
        supervisor.spawn(["initdb"], cwd=Path("/"), env={}, unprivileged=True)
    except ProvisionError as error:
        print(error)
    print(supervisor.spawn(["true"], cwd=Path("/"), env={"PATH": os.environ["PATH"]}).wait(20))
"""


def test_forbidden_user_namespaces_are_told_with_the_remedy():
    enter = ["unshare", "--user", "--map-root-user"]
    if shutil.which("unshare") is None or subprocess.run([*enter, "true"], check=False).returncode != 0:
        pytest.skip("they are forbidden from within one, and none is to be had here")
    answer = subprocess.run(
        [*enter, sys.executable, "-c", IN_A_NAMESPACE_WITHOUT_NAMESPACES],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    first, second = answer.stdout.splitlines()
    assert first.startswith("initdb refuses to run as root, and user namespaces")
    assert first.endswith("run as an ordinary user")
    assert second == "0"


def test_a_closed_stream_is_an_error_of_that_start_alone(
    supervisor: Supervisor, env: Mapping[str, str], tmp_path: Path
):
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    with pytest.raises(OSError, match="Bad file descriptor"):
        supervisor.spawn(["true"], cwd=tmp_path, env=env, stdout=writer)
    assert supervisor.spawn(["true"], cwd=tmp_path, env=env).wait(20) == 0


def test_a_message_longer_than_the_sockets_buffer_arrives_whole(spawn_and_read: SpawnAndRead, python: Python):
    _, line = spawn_and_read([*python("import sys; print(len(sys.argv))"), *["word" * 1000] * 300])
    assert line == "301"
