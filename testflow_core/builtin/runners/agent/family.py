"""What a process has started and is still the parent of, found where the kernel lists its processes."""

from __future__ import annotations

import contextlib
import os
import signal

LISTED = "/proc"


def descendants(root: int) -> list[int]:
    """The living processes below one; none where the system has no `/proc`."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir(LISTED):  # noqa: PTH208 - names are enough
            if name.isdigit():
                children.setdefault(_parent(name), []).append(int(name))
    line = list(children.get(root, ()))
    for pid in line:
        line.extend(children.get(pid, ()))
    return line


def kill(leader: int) -> None:
    """End a process, its group, and below it also those that have left the group."""
    # Stopped, it can start nothing more while we look.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(leader, signal.SIGSTOP)
    below = descendants(leader)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    for pid in (leader, *below):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _parent(pid: str) -> int:
    try:
        with open(f"{LISTED}/{pid}/stat", "rb") as stream:  # noqa: PTH123 - hot
            return int(stream.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return 0
