"""What a program takes, with everything that it starts: time, processor time, memory."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PR_SET_CHILD_SUBREAPER = 36
SAMPLE = 0.1
MEGABYTE = 1024


@frozen(kw_only=True)
class Taken:
    """Seconds of time and of processor time, megabytes at the peak (0 where nobody looked), and the output."""

    wall: float
    cpu: float
    memory: float
    output: str


def adopt_orphans() -> None:
    """Let this process wait for what its children leave behind, so that nothing escapes the measurement; Linux only."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def measured(
    argv: Sequence[str],
    folder: Path,
    *,
    memory: bool = False,
    env: Mapping[str, str] | None = None,
    fails: bool = False,
) -> Taken:
    """
    What a whole program takes; CalledProcessError where it does not end well, unless it `fails` by intention.

    Memory is the peak of the summed proportional set sizes (PSS, `man 5 proc`) of its processes, ten looks a second;
    looking costs time, so memory is measured in runs of its own.
    """
    before = os.times()
    began = time.perf_counter()
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | dict(
        env or {}
    )
    with subprocess.Popen(argv, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True) as process:
        peak = _Peak(process.pid) if memory else None
        output = process.communicate()[0]
        if peak:
            peak.stop()
    _reap()
    wall = time.perf_counter() - began
    after = os.times()
    if process.returncode and not fails:
        sys.stdout.write(output)
        raise subprocess.CalledProcessError(process.returncode, argv)
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Taken(wall=wall, cpu=cpu, memory=peak.megabytes if peak else 0.0, output=output)


def _reap() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


class _Peak:
    """Looks at a process and its descendants until it is stopped."""

    def __init__(self, root: int) -> None:
        self.megabytes = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(root,))
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self, root: int) -> None:
        while not self._over.wait(SAMPLE):
            total = sum(_pss(pid) for pid in _family(root))
            self.megabytes = max(self.megabytes, total / MEGABYTE)


def _family(root: int) -> list[int]:
    """The process and all its descendants; those whose parent has died count as ours, who adopt them."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    ours = {root, os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return [pid for pid in ours if pid != os.getpid()]


def _pss(pid: int) -> int:
    """Kilobytes."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
