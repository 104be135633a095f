"""What is left to do when all processes of an engine have ended; standard library only, for the guardian's program."""

from __future__ import annotations

import contextlib
import os
import select
import time

from testflow_core.provisioning import lease_files
from testflow_core.provisioning.process_birth import become
from testflow_core.provisioning.process_tree import MARKER, descendants, kill
from testflow_core.provisioning.shared_memory import remove_segments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_core.provisioning.process_birth import Order

BEQUESTS = 20.0
RECHECK = 0.02
MOMENT = 0.05


class Legacy:
    """What is to be done once everything has ended, known to both processes: the supervisor tells the guardian."""

    def __init__(self, identity: str, remove: Sequence[str]) -> None:
        self.identity = identity
        self.directories = dict(enumerate(remove, start=-len(remove)))
        self.born = time.time()
        self.bequests: dict[int, Order] = {}
        self.leaders: dict[int, int] = {}
        self.makers: set[int] = set()

    def note(self, message: Mapping[str, object]) -> None:
        """Take note of a process that was started or has ended, and of what else is to be done or no longer is."""
        match message:
            case {"verb": "bequeath", "number": int(number)}:
                self.bequests[number] = message  # pyright: ignore[reportArgumentType] - an order as the engine sent it
            case {"verb": "withdraw", "number": int(number)}:
                self.bequests.pop(number, None)
                self.directories.pop(number, None)
            case {"verb": "remove", "number": int(number), "directory": str(directory)}:
                self.directories[number] = directory
            case {"number": int(number), "pid": int(pid)}:
                self.leaders[number] = pid
                self.makers.add(pid)
            case {"number": int(number)}:
                self.leaders.pop(number, None)
            case _:
                pass

    def carry_out(self, spared: int = 0) -> None:
        """Run what was bequeathed, within a limit, then remove what nobody holds any more; one child may live on."""
        heirs = {self._run(order) for order in self.bequests.values()}
        deadline = time.monotonic() + BEQUESTS
        while heirs and time.monotonic() < deadline:
            heirs = {pid for pid in heirs if os.waitpid(pid, os.WNOHANG)[0] == 0}
            time.sleep(RECHECK if heirs else 0)
        end_family(spared)
        remove_segments(self.makers, self.born)
        for directory in self.directories.values():
            lease_files.clear(directory)

    def _run(self, order: Order) -> int:
        order["env"][MARKER] = f"{self.identity}:{order['number']}"
        null, parent = os.open(os.devnull, os.O_RDWR), os.getpid()
        pid = os.fork()
        if pid == 0:
            become(order, [null] * 3, null, parent)
        os.close(null)
        return pid


def outlive(engine: int | None) -> None:
    """
    Give an engine that may have been killed at the same blow a moment to be gone.

    The files that it holds by a lock could not be removed before.
    """
    select.select([] if engine is None else [engine], [], [], MOMENT)


def end_family(spared: int = 0) -> None:
    """Kill whatever descends from us, until nothing is left but the child that is spared."""
    while family := [each for each in descendants(os.getpid()) if each.pid != spared]:
        for process in family:
            kill(process)
        time.sleep(RECHECK)
        reap()


def reap() -> None:
    """Let go of children that have ended; orphans that came to us are among them."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
