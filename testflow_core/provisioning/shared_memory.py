"""Shared memory of System V, which the kernel keeps when whoever made it is killed; standard library only."""

from __future__ import annotations

import contextlib

from testflow_core.provisioning.kernel import call_libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

IPC_RMID = 0
TABLE = "/proc/sysvipc/shm"
"""A line for each segment: its key, id, mode, size, maker, last user, how many hold it, ... (`man 5 proc`)."""


def remove_segments(makers: Container[int], since: float) -> None:
    """Remove what these processes have made since a time (seconds since the epoch) and nobody holds any more."""
    try:
        with open(TABLE, encoding="ascii") as table:
            lines = table.readlines()[1:]
    except OSError:
        # Other systems do not tell.
        return
    for line in lines:
        _, segment, _, _, maker, _, holders, *_, changed = [int(each) for each in line.split()[:14]]
        # The number of a process that has ended may be another's: what that one made is younger or held.
        if maker in makers and not holders and changed >= int(since):
            with contextlib.suppress(OSError):
                call_libc("shmctl", segment, IPC_RMID, 0)
