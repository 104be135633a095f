"""Each tier keeps apart what it can, says which it is, and leaves nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import isolation, namespaces
from testflow_core.provisioning import supervisor as supervisor_module
from testflow_core.provisioning.namespaces import LEASES, NAMESPACES, SUBREAPER
from testflow_core.provisioning.process_tree import descendants
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    Handles = Callable[[Iterable[int]], list[int]]
    AllEnd = Callable[[Sequence[int]], bool]
    Python = Callable[[str], list[str]]
    Daemon = Callable[..., str]
    ReadLine = Callable[[int], str]

PAUSE = "signal.pause()"
LOOK = """
import os
from pathlib import Path
print(sorted(int(each) for each in os.listdir("/proc") if each.isdigit()), os.getpid(), flush=True)
"""


def guardian() -> int:
    """That of the one Supervisor of this process."""
    return next(each.pid for each in descendants(os.getpid()) if each.parent == os.getpid())


def supervised() -> list[int]:
    """Guardian and supervisor, then what that has started."""
    # What forked it into namespaces may still be there: it is known by its children, who lead sessions.
    supervisor = next(each.parent for each in descendants(guardian()) if each.session == each.pid)
    return [guardian(), supervisor, *(each.pid for each in descendants(supervisor))]


@pytest.fixture
def spawn(read_line: ReadLine, env: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """The first line of a program that a supervisor starts."""
    with ExitStack() as readers:

        def first_line(supervisor: Supervisor, argv: list[str]) -> str:
            reader, writer = os.pipe()
            readers.callback(os.close, reader)
            supervisor.spawn(argv, cwd=tmp_path, env=env, stdout=writer)
            os.close(writer)
            return read_line(reader)

        yield first_line


@pytest.fixture
def tier(request: pytest.FixtureRequest) -> str:
    if request.param == NAMESPACES:
        request.getfixturevalue("namespaces_here")
    return request.param


@pytest.mark.usefixtures("namespaces_here")
def test_processes_in_namespaces_see_each_other_alone(spawn: Callable[..., str], python: Python):
    with Supervisor(tier=NAMESPACES) as supervisor:
        assert supervisor.tier == (NAMESPACES, "")
        told = spawn(supervisor, python(LOOK))
        assert told.startswith("[1, ")
        assert len(told.split(",")) == 2


KILLED_WHILE_IT_FORKS = """
import os, signal
from testflow_core.provisioning import namespaces
guardian, fork = os.getpid(), os.fork
def killed():
    pid = fork()
    if os.getpid() == guardian:
        os.kill(guardian, signal.SIGKILL)
    # What is forked goes on when the guardian is dead, never before: it may be the faster of the two.
    while os.getppid() == guardian:
        os.sched_yield()
    return pid
os.fork = killed
try:
    namespaces.fork_inside()
finally:
    os.write(1, b"went on")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces")
def test_nobody_goes_on_where_the_guardian_is_killed_while_it_forks():
    program = [sys.executable, "-c", KILLED_WHILE_IT_FORKS]
    # Its output ends with the last that has it.
    told = subprocess.run(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, timeout=30)
    assert (told.returncode, told.stdout) == (-signal.SIGKILL, b"")


@pytest.mark.parametrize("tier", [NAMESPACES, SUBREAPER], indirect=True)
@pytest.mark.parametrize("victim", [0, 1], ids=["guardian", "supervisor"])
def test_whichever_of_the_two_is_killed_the_other_ends_and_removes_everything(
    tier: str,
    victim: int,
    spawn: Callable[..., str],
    daemon_program: Daemon,
    python: Python,
    tmp_path: Path,
    handles: Handles,
    all_end: AllEnd,
):
    directory, note = tmp_path / "private", tmp_path / "note"
    directory.mkdir()
    with Supervisor(tier=tier, remove=[directory]) as supervisor:
        supervisor.bequeath(python(f"open({str(note)!r}, 'a').write('carried out')"), cwd=tmp_path, env={})
        spawn(supervisor, python(daemon_program(after=PAUSE)))
        pids = supervised()
        watched = handles(pids)
        os.kill(pids[victim], signal.SIGKILL)
        assert all_end(watched)
        assert note.read_text() == "carried out"
        assert not directory.exists()
        with pytest.raises(ProvisionError, match="the supervisor has ended"):
            supervisor.bequeath(["true"], cwd=tmp_path, env={})


def test_a_guardian_that_hangs_before_it_is_killed_is_stood_in_for(
    env: dict[str, str], tmp_path: Path, handles: Handles, all_end: AllEnd
):
    directory = tmp_path / "private"
    directory.mkdir()
    with Supervisor(remove=[directory]) as supervisor:
        assert supervisor.tier == (SUBREAPER, "")
        os.kill(guardian(), signal.SIGSTOP)
        # What it is told of this waits to be read.
        supervisor.spawn(["sleep", "1000"], cwd=tmp_path, env=env)
        watched = handles(supervised())
        os.kill(guardian(), signal.SIGKILL)
        assert all_end(watched)
        assert not directory.exists()


def test_a_guardian_that_hangs_is_killed_on_leaving_and_stood_in_for(
    env: dict[str, str], tmp_path: Path, handles: Handles, all_end: AllEnd, monkeypatch: pytest.MonkeyPatch
):
    directory = tmp_path / "private"
    directory.mkdir()
    with Supervisor(remove=[directory]) as supervisor:
        supervisor.spawn(["sleep", "1000"], cwd=tmp_path, env=env)
        watched = handles(supervised())
        os.kill(guardian(), signal.SIGSTOP)
        monkeypatch.setattr(supervisor_module, "LIMIT", 0.2)
    assert all_end(watched)
    assert not directory.exists()


def test_a_supervisor_that_is_killed_while_the_guardian_cleans_up_hinders_nothing(tmp_path: Path, python: Python):
    directory, note = tmp_path / "private", tmp_path / "note"
    directory.mkdir()
    kill_the_other_child = f"""
import os, signal
children = open(f"/proc/{{os.getppid()}}/task/{{os.getppid()}}/children").read().split()
(other,) = [int(each) for each in children if int(each) != os.getpid()]
os.kill(other, signal.SIGKILL)
open({str(note)!r}, "w").write("killed")
"""
    with Supervisor(remove=[directory]) as supervisor:
        supervisor.bequeath(python(kill_the_other_child), cwd=tmp_path, env={})
    assert note.read_text() == "killed"
    assert not directory.exists()


def test_a_supervisor_that_is_killed_while_it_writes_hinders_nothing(
    tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    directory = tmp_path / "private"
    directory.mkdir()
    begin = "import sys; sys.path.append(sys.argv[1]);"
    half = (
        "import os; from testflow_core.provisioning.supervisor_process import Session;"
        "Session.note = lambda self, **_: (self.guardian.sendall(b'{'), os.kill(os.getpid(), 9));"
    )
    monkeypatch.setattr(supervisor_module, "_PROGRAM", supervisor_module._PROGRAM.replace(begin, begin + half))
    with Supervisor(remove=[directory]) as supervisor:
        with pytest.raises(ProvisionError, match="the supervisor has ended"):
            supervisor.spawn(["true"], cwd=tmp_path, env=env)
        assert not supervisor.last_words()
    assert not directory.exists()


def test_the_lowest_tier_ends_the_groups_of_what_it_started(
    spawn: Callable[..., str], python: Python, handles: Handles, all_end: AllEnd
):
    with Supervisor(tier=LEASES) as supervisor:
        assert supervisor.tier == (LEASES, "")
        spawn(supervisor, python("import os, signal\nos.fork()\nprint(1, flush=True)\nsignal.pause()"))
        pids = supervised()
        watched = handles(pids)
        os.kill(pids[1], signal.SIGKILL)
        assert all_end(watched)


def test_a_system_that_is_not_linux_has_the_lowest_tier(
    spawn: Callable[..., str], python: Python, monkeypatch: pytest.MonkeyPatch, handles: Handles, all_end: AllEnd
):
    begin = "import sys; sys.path.append(sys.argv[1]);"
    program = supervisor_module._PROGRAM.replace(begin, f"{begin}import os; del os.pidfd_open; sys.platform = 'other';")
    monkeypatch.setattr(supervisor_module, "_PROGRAM", program)
    with Supervisor() as supervisor:
        assert supervisor.tier == (LEASES, "only Linux has namespaces and subreapers")
        spawn(supervisor, python("import signal\nprint(1, flush=True)\nsignal.pause()"))
        watched = handles(supervised())
    assert all_end(watched)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("namespaces.mount = lambda *_: (_ for _ in ()).throw(OSError(1, 'Operation not permitted'))", "mount: Operat"),
        ("namespaces._unshare = lambda: os._exit(9)", "has died"),
        ("namespaces.CLONE_NEWPID = 0x1", "unshare: Invalid argument"),
    ],
)
def test_without_namespaces_the_next_tier_is_used_and_says_why(
    trouble: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, env: dict[str, str]
):
    # A kernel that refuses is not to be had for a test: what the program calls of it refuses instead.
    begin = "import sys; sys.path.append(sys.argv[1]);"
    refuse = f"import os; from testflow_core.provisioning import namespaces; {trouble};"
    monkeypatch.setattr(supervisor_module, "_PROGRAM", supervisor_module._PROGRAM.replace(begin, begin + refuse))
    with Supervisor(tier=NAMESPACES) as supervisor:
        tier, said = supervisor.tier
        assert (tier, why in said) == (SUBREAPER, True), said
        assert supervisor.spawn(["true"], cwd=tmp_path, env=env).wait(20) == 0
        assert isolation.reached(supervisor, None) == f"subreaper ({said})"
        with pytest.raises(ProvisionError, match="isolation 'required' cannot be had: no namespaces here"):
            isolation.reached(supervisor, "required")


def test_who_may_not_have_namespaces_has_them_by_one_of_users(monkeypatch: pytest.MonkeyPatch):
    begin = "import sys; sys.path.append(sys.argv[1]);"
    refuse = (
        "from testflow_core.provisioning import namespaces; real = namespaces.call_libc;"
        "refused = lambda name, flag, *_: name == 'unshare' and not flag & namespaces.CLONE_NEWUSER;"
        "namespaces.call_libc = lambda *order: real('prctl', 0) if refused(*order) else real(*order);"
    )
    monkeypatch.setattr(supervisor_module, "_PROGRAM", supervisor_module._PROGRAM.replace(begin, begin + refuse))
    with Supervisor(tier=NAMESPACES) as supervisor:
        tier, why = supervisor.tier
    if "unshare" in why:
        pytest.skip(f"user namespaces are forbidden here: {why}")
    assert (tier, why) == (NAMESPACES, "")


def test_a_mount_that_fails_names_its_place(tmp_path: Path):
    with pytest.raises(OSError, match="nowhere"):
        namespaces.mount("none", str(tmp_path / "nowhere"), "tmpfs", 0)


def test_an_ordinary_user_has_namespaces_by_one_of_users(tmp_path: Path):
    # Root without its rights is as good as anybody.
    drop = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
    if shutil.which("setpriv") is None or os.geteuid() != 0:
        pytest.skip("needs root, to be without its rights, and setpriv")
    script = (
        "from testflow_core.provisioning.supervisor import Supervisor\n"
        "with Supervisor(tier='namespaces') as supervisor: print(*supervisor.tier)"
    )
    told = subprocess.run(
        [*drop, sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    if "no namespaces here" in told.stdout:
        pytest.skip(f"user namespaces are forbidden here: {told.stdout}")
    assert told.stdout.strip() == NAMESPACES, told.stderr


@pytest.mark.parametrize(("asked", "first"), [(None, NAMESPACES), ("required", NAMESPACES), (LEASES, LEASES)])
def test_the_highest_tier_is_tried_unless_another_is_named(asked: str | None, first: str, site):
    assert isolation.wanted(evolve(site, isolation=asked).isolation) == first
