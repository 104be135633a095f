"""Processes that outlived their engine and its supervisor."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testflow_core.provisioning import lease_files, leftovers
from testflow_core.provisioning.leases import private_directory
from testflow_core.provisioning.process_tree import MARKER, descendants
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ENGINE = """
import os, signal, sys
from testflow_core.provisioning.leases import private_directory
from testflow_core.provisioning.process_tree import MARKER, descendants
from testflow_core.provisioning.supervisor import Supervisor
with private_directory() as lease, Supervisor(remove=[lease.directory]) as supervisor:
    reader, writer = os.pipe()
    supervisor.spawn([sys.executable, "-c", sys.argv[1]], cwd=lease.directory, env=dict(os.environ), stdout=writer)
    os.close(writer)
    with open(reader) as said:
        print(lease.directory, supervisor._process.pid, said.readline(), flush=True)
    signal.pause()
"""
# What a supervisor starts itself dies with it; what that started in turn does not.
SERVICE = """
import os, signal
if os.fork() == 0:
    print(os.getpid(), flush=True)
signal.pause()
"""


@pytest.fixture(autouse=True)
def temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No lease of other runs on this machine is seen, nor is ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def planted(temporary_directory: Path) -> Iterator[tuple[subprocess.Popen[str], Path, int, int]]:
    """An engine, its private directory, its supervisor and a service that it started."""
    engine = subprocess.Popen(
        [sys.executable, "-c", ENGINE, SERVICE],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary_directory)},
    )
    assert engine.stdout is not None
    directory, supervisor, service = engine.stdout.readline().split()
    handle = os.pidfd_open(int(service))
    with engine:
        yield engine, Path(directory), int(supervisor), int(service)
        engine.kill()
    # A test that fails leaves nothing behind either.
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    os.close(handle)


def orphan(engine: subprocess.Popen[str], guardian: int, all_end: Callable[[Sequence[int]], bool]) -> None:
    """Leave the service with neither: stopped ones can neither notice each other's end nor clean up."""
    guards = [guardian, *(each.pid for each in descendants(guardian) if each.parent == guardian)]
    gone = [os.pidfd_open(pid) for pid in guards]
    for how in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (engine.pid, *guards):
            os.kill(pid, how)
    engine.wait()
    assert all_end(gone)
    for handle in gone:
        os.close(handle)


def test_whoever_clears_a_dead_lease_kills_its_processes(
    planted: tuple[subprocess.Popen[str], Path, int, int],
    handles: Callable[[Iterable[int]], list[int]],
    all_end: Callable[[Sequence[int]], bool],
):
    engine, directory, supervisor, service = planted
    waiting = handles([service])
    orphan(engine, supervisor, all_end)
    assert Path(f"/proc/{service}").exists(), "the service must have outlived both, or this test shows nothing"
    with private_directory():
        assert not directory.exists()
    assert all_end(waiting)


def test_the_processes_of_a_dead_lease_are_told(
    planted: tuple[subprocess.Popen[str], Path, int, int], all_end: Callable[[Sequence[int]], bool]
):
    engine, directory, supervisor, service = planted
    orphan(engine, supervisor, all_end)
    assert [process.pid for process in leftovers.kill_marked(directory)] == [service]
    assert leftovers.kill_marked(directory) == []


def test_the_processes_of_a_living_supervisor_are_left_to_it(
    planted: tuple[subprocess.Popen[str], Path, int, int],
):
    _, directory, _, service = planted
    assert leftovers.kill_marked(directory) == []
    assert Path(f"/proc/{service}").exists()


def test_another_users_processes_are_let_alone(
    planted: tuple[subprocess.Popen[str], Path, int, int],
    monkeypatch: pytest.MonkeyPatch,
    all_end: Callable[[Sequence[int]], bool],
):
    engine, directory, supervisor, service = planted
    orphan(engine, supervisor, all_end)
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: -1)
        assert leftovers.kill_marked(directory) == []
    assert [process.pid for process in leftovers.kill_marked(directory)] == [service]


def test_nobody_kills_himself_as_a_leftover(tmp_path: Path):
    (tmp_path / lease_files.MANIFEST).write_text(f"{MARKER}=outer\n")
    program = (
        "import sys; from pathlib import Path; from testflow_core.provisioning import leftovers;"
        "print(leftovers.kill_marked(Path(sys.argv[1])))"
    )
    marked = {**os.environ, MARKER: "outer:1"}
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], env=marked, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_every_supervisor_of_a_directory_leaves_its_mark_there_before_it_starts_anything():
    with private_directory() as lease, Supervisor(remove=[lease.directory]), Supervisor(remove=[lease.directory]):
        assert len(set(leftovers.markers(lease.directory))) == 2


def test_a_directory_without_a_manifest_gets_no_mark(tmp_path: Path):
    directory = tmp_path / "plain"
    directory.mkdir()
    with Supervisor(remove=[directory]):
        assert list(directory.iterdir()) == []
        assert leftovers.markers(directory) == ()


def test_a_mark_is_no_path_that_is_made_or_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "lease"
    directory.mkdir()
    mark = f"{MARKER}=abc"
    (directory / lease_files.MANIFEST).write_text(f"{mark}\n")
    (tmp_path / mark).write_text("a file of somebody else's")
    lease_files.clear(directory)
    assert not directory.exists()
    assert (tmp_path / mark).exists()
