"""Shared memory that a killed process leaves in the kernel is removed, that of others is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testflow_core.provisioning import shared_memory
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from testflow_core.provisioning.supervised import Supervised

    Python = Callable[[str], list[str]]
    SpawnAndRead = Callable[..., tuple[Supervised, str]]

pytestmark = pytest.mark.skipif(
    not Path(shared_memory.TABLE).exists(), reason="the kernel does not list shared memory here"
)

MAKE = """
import ctypes, signal
libc = ctypes.CDLL(None)
made = libc.shmget(0, 4096, 0o1600)
libc.shmat.restype = ctypes.c_void_p
libc.shmat(made, None, 0)
print(made, flush=True)
"""
HOLDING = MAKE + "signal.pause()"


def exists(segment: str) -> bool:
    return any(
        line.split()[1] == segment for line in Path(shared_memory.TABLE).read_text(encoding="ascii").splitlines()
    )


@pytest.fixture
def of_another() -> Iterator[str]:
    """The segment of a process that no supervisor has started, and which has ended."""
    made = subprocess.run([sys.executable, "-c", MAKE], check=True, capture_output=True, text=True).stdout.strip()
    yield made
    subprocess.run(["ipcrm", "-m", made], check=True)


def test_what_a_killed_process_has_made_is_removed_as_it_is_ended(
    spawn_and_read: SpawnAndRead, python: Python, of_another: str
):
    process, segment = spawn_and_read(python(HOLDING))
    assert exists(segment)
    process.end(0, signal.SIGKILL)
    assert not exists(segment)
    assert exists(of_another)


def test_what_processes_have_made_is_removed_when_the_supervisor_ends(
    env: dict[str, str], tmp_path: Path, python: Python, read_line: Callable[[int], str], of_another: str
):
    reader, writer = os.pipe()
    with Supervisor() as supervisor:
        supervisor.spawn(python(HOLDING), cwd=tmp_path, env=env, stdout=writer)
        os.close(writer)
        segment = read_line(reader)
        assert exists(segment)
    os.close(reader)
    assert not exists(segment)
    assert exists(of_another)


def test_what_is_held_or_older_stays(of_another: str):
    with subprocess.Popen([sys.executable, "-c", HOLDING], stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout is not None
        held = maker.stdout.readline().strip()
        shared_memory.remove_segments({maker.pid}, 0.0)
        assert exists(held)
        maker.kill()
        maker.wait()
        shared_memory.remove_segments({maker.pid}, 4e9)
        assert exists(held)
        shared_memory.remove_segments({maker.pid}, 0.0)
        assert not exists(held)
    assert exists(of_another)


def test_where_the_kernel_tells_of_none_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shared_memory, "TABLE", str(tmp_path / "none"))
    shared_memory.remove_segments({os.getpid()}, 0.0)
