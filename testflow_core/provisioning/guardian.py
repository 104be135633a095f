"""
The program that guards what an engine starts: standard library only.

Two processes of one thread each: the supervisor starts and ends things on the engine's word, the guardian is its parent
and does nothing but watch it. Whichever is left when the other is killed ends and removes everything; only who kills
both at one blow leaves something to the next start.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import sys
from _socket import socket, socketpair

from testflow_core.provisioning.legacy import Legacy, end_family, outlive
from testflow_core.provisioning.namespaces import LEASES, NAMESPACES, SUBREAPER, adopt_orphans, fork_inside
from testflow_core.provisioning.process_birth import ENDING_SIGNALS, IGNORED_SIGNALS
from testflow_core.provisioning.supervisor_process import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import NoReturn


def main(descriptor: int, engine: int, identity: str, tier: str, remove: Sequence[str]) -> None:
    """Serve the engine at the other end of `descriptor`; at the end nothing it started is left, nor `remove`."""
    os.set_inheritable(descriptor, False)  # noqa: FBT003 (takes no keyword)
    legacy = Legacy(identity, remove)
    handle = _open_handle(engine)
    if os.getppid() != engine:
        legacy.carry_out()
        return
    for number in IGNORED_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if tier != LEASES:
        adopt_orphans()
    ours, theirs = socketpair()
    pid, tier, why = _fork(tier)
    channel = socket(fileno=descriptor)
    if pid == 0:
        ours.close()
        _supervise(channel, handle, theirs, legacy, tier, why)
    theirs.close()
    _guard(pid, ours, handle, legacy, tier)
    # The engine waits for this end, and taking the interpreter down takes it 8 ms more.
    os._exit(0)


def _open_handle(engine: int) -> int | None:
    """What becomes readable when the engine has died; the supervisor may be where its number means nothing."""
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            return os.pidfd_open(engine)
    return None


def _fork(tier: str) -> tuple[int, str, str]:
    """Fork: 0 or the child's pid, the tier that was reached, and why not the one that was wanted."""
    why = ""
    if tier == NAMESPACES:
        try:
            return fork_inside(), tier, ""
        except OSError as error:
            tier, why = SUBREAPER, f"no namespaces here ({error.strerror})"
    if tier == SUBREAPER and sys.platform != "linux":
        tier, why = LEASES, "only Linux has namespaces and subreapers"
    return os.fork(), tier, why


def _supervise(channel: socket, engine: int | None, guardian: socket, legacy: Legacy, tier: str, why: str) -> NoReturn:
    if tier == SUBREAPER:
        # What a fork does not inherit; the guardian gets what we leave.
        adopt_orphans()
    session = Session(channel, engine, guardian, legacy, tier)
    session.tell(tier=tier, why=why)
    session.serve()
    if not session.rest():
        outlive(engine)
        legacy.carry_out()
    os._exit(0)


def _guard(supervisor: int, channel: socket, engine: int | None, legacy: Legacy, tier: str) -> None:
    """Listen to the supervisor until it has ended in whatever way, then see to it that nothing is left."""

    def end_now(_number: int, _frame: object) -> None:
        with contextlib.suppress(OSError):
            os.kill(supervisor, signal.SIGKILL)

    for number in ENDING_SIGNALS:
        signal.signal(number, end_now)
    if _listen(channel, legacy):
        # It stays until that is done, because we may be killed meanwhile.
        legacy.carry_out(spared=supervisor)
        with contextlib.suppress(BrokenPipeError):
            channel.sendall(b"done")
        with contextlib.suppress(ChildProcessError):
            os.waitpid(supervisor, 0)
    else:
        os.waitpid(supervisor, 0)
        if tier == LEASES:
            _kill_groups(legacy.leaders.values())
        end_family()
        outlive(engine)
        legacy.carry_out()


def _listen(channel: socket, legacy: Legacy) -> bool:
    """Take note of what the supervisor tells; whether it has ended all it started, False where it was killed."""
    with contextlib.suppress(EOFError), open(channel.fileno(), "rb", closefd=False) as notes:
        # Half a note ends in the same way as none: what it was about to start never came.
        while "rest" not in (note := marshal.load(notes)):
            legacy.note(note)
        return True
    return False


def _kill_groups(leaders: Iterable[int]) -> None:
    for leader in leaders:
        with contextlib.suppress(OSError):
            os.killpg(leader, signal.SIGKILL)
