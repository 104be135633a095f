"""
The program that guards what an engine starts: standard library only.

Two processes of one thread each: the supervisor starts and ends things on the engine's word, the guardian is its parent
and does nothing but watch it. Whichever is left when the other is killed ends and removes everything; only who kills
both at one blow leaves something to the next start.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from testflow_core.provisioning.legacy import Legacy, end_family, outlive
from testflow_core.provisioning.namespaces import LEASES, NAMESPACES, SUBREAPER, adopt_orphans, fork_inside
from testflow_core.provisioning.process_birth import ENDING_SIGNALS, IGNORED_SIGNALS
from testflow_core.provisioning.supervisor_process import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
    ours, theirs = socket.socketpair()
    pid, tier, why = _fork(tier)
    with socket.socket(fileno=descriptor) as channel:
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


def _supervise(
    channel: socket.socket, engine: int | None, guardian: socket.socket, legacy: Legacy, tier: str, why: str
) -> NoReturn:
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


def _guard(supervisor: int, channel: socket.socket, engine: int | None, legacy: Legacy, tier: str) -> None:
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


def _listen(channel: socket.socket, legacy: Legacy) -> bool:
    """Take note of what the supervisor tells; whether it has ended all it started, False where it was killed."""
    with channel.makefile("rb") as notes:
        for line in notes:
            if not line.endswith(b"\n"):
                # It was killed while it wrote: what it was about to start never came.
                break
            note = json.loads(line)
            if "rest" in note:
                return True
            legacy.note(note)
    return False


def _kill_groups(leaders: Iterable[int]) -> None:
    for leader in leaders:
        with contextlib.suppress(OSError):
            os.killpg(leader, signal.SIGKILL)
