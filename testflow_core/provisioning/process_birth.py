"""How the supervisor's program starts another; standard library only, runs in a fork of a single-threaded process."""

from __future__ import annotations

import contextlib
import marshal
import os
import pwd
import signal
import sys

from testflow_core.provisioning.kernel import (
    CLONE_NEWNS,
    CLONE_NEWUSER,
    PR_SET_PDEATHSIG,
    call_libc,
    keep_mounts_apart,
    map_user,
    mount,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import NoReturn, TypedDict

    class Order(TypedDict):
        """
        A program to start, as the engine asks for it.

        `streams` says which of the standard streams come along; `farewell` is the signal it is sent before it is killed
        because the engine is gone.
        """

        number: int
        argv: list[str]
        cwd: str
        env: dict[str, str]
        streams: list[bool]
        unprivileged: bool
        farewell: int | None


_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where the system keeps it
ENDING_SIGNALS = (signal.SIGTERM,)
IGNORED_SIGNALS = (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP)
# Python ignores the last two; what is ignored stays so in the program that is started.
CHANGED_SIGNALS = (*ENDING_SIGNALS, *IGNORED_SIGNALS, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ)


def enter_user_namespace() -> None:
    """Go on as an ordinary user that owns what root owns; nothing where we are no root."""
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        return
    inner = 1000
    # initdb looks its user up, so the number should have a name.
    with contextlib.suppress(KeyError):
        inner = pwd.getpwnam("daemon").pw_uid
    call_libc("unshare", CLONE_NEWUSER)
    map_user(inner, user, inner, group)


def have_own_shared_memory(needed: Iterable[str]) -> None:
    """
    See files in shared memory that nobody else sees, and that go with the last process which does.

    Nothing where one of the paths that are needed is there, and where the system does not allow it.
    """
    if any(each.startswith(f"{_SHARED_MEMORY}/") for each in needed):
        return
    with contextlib.suppress(OSError):
        call_libc("unshare", CLONE_NEWNS)
        keep_mounts_apart()
        mount("testflow", _SHARED_MEMORY, "tmpfs", 0, "mode=1777")


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the supervisor dies, be it by SIGKILL."""
    if sys.platform == "linux":
        call_libc("prctl", PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(127)


def become(order: Order, streams: Sequence[int], report: int, supervisor: int | None) -> NoReturn:
    """Turn this forked child into the program that was asked for, or write to `report` what went wrong."""
    stage = "process"
    try:
        signal.set_wakeup_fd(-1)
        for each in CHANGED_SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        os.setsid()
        if order["unprivileged"]:
            stage = "namespace"
            enter_user_namespace()
            have_own_shared_memory([order["cwd"], *order["argv"]])
        # After the namespace: the kernel forgets the death signal when capabilities change.
        stage = "process"
        if supervisor is not None:
            die_with(supervisor)
        for target, stream in enumerate(streams):
            os.dup2(stream, target)
        stage = "directory"
        os.chdir(order["cwd"])
        stage = "program"
        os.execvpe(order["argv"][0], order["argv"], order["env"])  # noqa: S606 (a vector, no shell)
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else None
        os.write(report, marshal.dumps([stage, number, getattr(error, "strerror", None) or str(error)]))
    finally:
        os._exit(127)
