"""How what a supervisor starts is kept apart and found again: three tiers; standard library only, for its program."""

from __future__ import annotations

import os
import sys

from testflow_core.provisioning.kernel import (
    CLONE_NEWIPC,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    PR_SET_CHILD_SUBREAPER,
    call_libc,
    keep_mounts_apart,
    map_user,
    mount,
)

NAMESPACES = "namespaces"
"""Processes, shared memory and mounts of their own (`man 7 namespaces`): all end with the first process there."""

SUBREAPER = "subreaper"
"""Orphans come to the supervisor (`man 2 PR_SET_CHILD_SUBREAPER`), which knows them by that, and by a mark."""

LEASES = "leases"
"""Groups of processes end with the supervisor; what left its group is found at the next start, by its mark."""

TIERS = (NAMESPACES, SUBREAPER, LEASES)

_END = b"\0"
_UP = b"up"


def adopt_orphans() -> None:
    """Be the parent of every descendant that loses its own; nothing where the system has no such thing."""
    if sys.platform == "linux":
        call_libc("prctl", PR_SET_CHILD_SUBREAPER, 1)


def fork_inside() -> int:
    """
    Fork into namespaces of their own: 0 in the child, which is the first process there, its pid in the caller.

    The caller must have no other child and be a subreaper. OSError where the system does not allow it.
    """
    reader, writer = os.pipe()
    between = os.fork()
    if between == 0:
        os.close(reader)
        _be_between(writer)
        return 0
    os.close(writer)
    with open(reader, "rb") as report:
        told = set(report.read().split(_END)) - {b""}
    os.waitpid(between, 0)
    pid = next((int(each) for each in told if each.isdigit()), None)
    if pid is not None and _UP in told:
        return pid
    if pid is not None:
        os.waitpid(pid, 0)
    reasons = [each.decode(errors="replace") for each in told if not each.isdigit()]
    raise OSError(0, "; ".join(reasons) or "what forked into namespaces has died")


def _be_between(report: int) -> None:
    """
    Return as the first process of new namespaces.

    Namespaces of processes hold those that are forked afterwards, so this process only forks and goes.
    """
    stage = "unshare"
    try:
        _unshare()
        pid = os.fork()
        if pid:
            _tell(report, str(pid).encode())
            os._exit(0)
        stage = "mount"
        keep_mounts_apart()
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except OSError as error:
        _tell(report, f"{stage}: {error.strerror}".encode())
        os._exit(1)
    _tell(report, _UP)
    os.close(report)


def _tell(report: int, word: bytes) -> None:
    try:
        os.write(report, word + _END)
    except OSError:
        # The guardian has been killed: there is nobody for whom anything should be started.
        os._exit(1)


def _unshare() -> None:
    apart = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNS
    try:
        call_libc("unshare", apart)
    except OSError:
        # Without the right to, a user namespace gives it, where the kernel lets us have one.
        user, group = os.geteuid(), os.getegid()
        call_libc("unshare", apart | CLONE_NEWUSER)
        map_user(user, user, group, group)
