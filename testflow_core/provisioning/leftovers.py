"""Processes that outlived both their engine and its supervisor, found by the mark they were born with."""

from __future__ import annotations

import contextlib
import os
import select
import time
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.provisioning import lease_files
from testflow_core.provisioning.process_tree import MARKER, Process, kill, read_process

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 5.0
"""Seconds that killed processes have to be gone."""


def markers(directory: Path) -> tuple[str, ...]:
    """
    What begins the mark of every process of a private directory: `TESTFLOW_LEASE=<identity>`, one for each supervisor.

    The entry in a process's environment has `:` and a number behind it.
    """
    return tuple(line for line in lease_files.lines(directory) if line.startswith(f"{MARKER}="))


def kill_marked(directory: Path) -> list[Process]:
    """
    The user's processes of a dead owner's directory, killed and gone within a limit; empty where there is no `/proc`.

    So it is where a supervisor of theirs lives, which ends them itself and may be at it, or where we are one of them.
    """
    known = markers(directory)
    if not known or _guarded(known) or _marked(os.getpid(), known):
        return []
    killed: dict[tuple[int, int], Process] = {}
    deadline = time.monotonic() + LIMIT
    # One that is killed may have started another after we looked.
    while (found := list(_living(known))) and time.monotonic() < deadline:
        for process in found:
            killed[process.pid, process.started] = process
            kill(process)
        for process in found:
            await_end(process, deadline)
    return list(killed.values())


def _own() -> Iterator[int]:
    user = os.getuid()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == user:
                yield int(entry.name)


def _living(known: tuple[str, ...]) -> Iterator[Process]:
    for pid in _own():
        # Its birth is read first: were the number another's by now, that one would not be killed.
        process = read_process(pid)
        if process is not None and _marked(pid, known):
            yield process


def _marked(pid: int, known: tuple[str, ...]) -> bool:
    starts = tuple(f"{marker}:".encode() for marker in known)
    return any(entry.startswith(starts) for entry in _words(pid, "environ"))


def _guarded(known: tuple[str, ...]) -> bool:
    """Whether a supervisor of these lives: it has its identity among its arguments."""
    identities = {marker.partition("=")[2].encode() for marker in known}
    return any(read_process(pid) and not identities.isdisjoint(_words(pid, "cmdline")) for pid in _own())


def _words(pid: int, file: str) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes().split(b"\0")
    except OSError:
        return []


def await_end(process: Process, deadline: float) -> None:
    """Until this very process has ended, or a time has come (monotonic seconds)."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process.pid)
        try:
            current = read_process(process.pid)
            same = current is not None and current.started == process.started
            select.select([handle], [], [], max(0.0, deadline - time.monotonic()) if same else 0.0)
        finally:
            os.close(handle)
