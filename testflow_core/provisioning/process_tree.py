"""The living descendants of a process; standard library only, for the supervisor's program."""

from __future__ import annotations

import contextlib
import os
import signal

MARKER = "TESTFLOW_LEASE"
"""The variable by which a process is known for ours wherever it has gone: an identity, `:`, a number."""


class Process:
    """A living process as the kernel lists it; `started` in clock ticks since boot tells it from a later namesake."""

    def __init__(self, pid: int, parent: int, group: int, session: int, started: int) -> None:
        self.pid = pid
        self.parent = parent
        self.group = group
        self.session = session
        self.started = started

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Process) and (self.pid, self.started) == (other.pid, other.started)

    def __hash__(self) -> int:
        return hash((self.pid, self.started))


def read_process(pid: int) -> Process | None:
    """The process as `/proc/<pid>/stat` has it; None where it is dead or there is no such file."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            stat = file.read()
    except OSError:
        return None
    return parse_process(pid, stat)


def parse_process(pid: int, stat: str) -> Process | None:
    """The process as that file tells of it; None where it is dead or the text is empty."""
    fields = stat.rpartition(")")[2].split()
    if not fields or fields[0] in "ZX":
        return None
    return Process(pid, int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


def descendants(root: int) -> list[Process]:
    """Every living descendant of `root`; empty where the system has no `/proc`."""
    listed = os.listdir("/proc") if os.path.isdir("/proc") else []
    found = (read_process(int(name)) for name in listed if name.isdecimal())
    children: dict[int, list[Process]] = {}
    for process in found:
        if process is not None:
            children.setdefault(process.parent, []).append(process)
    line = list(children.get(root, ()))
    for process in line:
        line.extend(children.get(process.pid, ()))
    return line


def kill(process: Process, number: signal.Signals = signal.SIGKILL) -> None:
    """A signal to this very process, never to another that got its number since."""
    with contextlib.suppress(OSError):
        handle = os.pidfd_open(process.pid)
        try:
            current = read_process(process.pid)
            if current is not None and current.started == process.started:
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)


def has_marker(process: Process, marker: bytes) -> bool:
    """Whether the process was started with this entry in its environment."""
    try:
        with open(f"/proc/{process.pid}/environ", "rb") as file:
            return marker in file.read().split(b"\0")
    except OSError:
        return False
