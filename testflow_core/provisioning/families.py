"""What the supervisor has started, each with all that descends from it: paused, and ended; standard library only."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from testflow_core.provisioning.namespaces import LEASES
from testflow_core.provisioning.process_tree import MARKER, Process, descendants, has_marker, kill
from testflow_core.provisioning.shared_memory import remove_segments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RECHECK = 0.02


class Ending:
    """A process that was asked to end, and until when it may take its time (monotonic seconds)."""

    def __init__(self, number: int, leader: int, deadline: float) -> None:
        self.number = number
        self.leader = leader
        self.deadline = deadline


class Families:
    """
    The processes of one supervisor's engine, each the leader of a family, by the numbers that the engine gave them.

    `leaders` are those that are not reaped yet, by their pids.
    """

    def __init__(self, identity: str, born: float, tier: str) -> None:
        self.identity = identity
        self.born = born
        self.tier = tier
        self.supervisor = os.getpid()
        self.leaders: dict[int, int] = {}
        self.pids: dict[int, int] = {}
        self.endings: list[Ending] = []
        self.paused: set[int] = set()

    def add(self, number: int, pid: int) -> None:
        """A leader was started."""
        self.leaders[pid] = number
        self.pids[number] = pid

    def patience(self) -> float | None:
        """Seconds until something must be looked at though nothing happens; None for ever."""
        if not self.endings:
            return None
        return max(RECHECK, min(ending.deadline for ending in self.endings) - time.monotonic())

    def send(self, leaders: Iterable[int], number: signal.Signals) -> None:
        """Signal the groups of leaders that are not reaped yet, whose numbers therefore are still theirs."""
        for leader in leaders:
            if leader in self.leaders:
                with contextlib.suppress(OSError):
                    os.killpg(leader, number)

    def end(self, number: int, how: signal.Signals, grace: float) -> None:
        """Ask a process group to end; `advance` sees to it that it does."""
        leader = self.pids[number]
        self.send([leader], how)
        self.resume(number)
        self.send([leader], signal.SIGCONT)
        self.endings.append(Ending(number, leader, time.monotonic() + grace))

    def pause(self, number: int) -> None:
        """Stop all that a leader has started; a child that is born meanwhile is found by the next look."""
        self.paused.add(number)
        leader = self.pids[number]
        stopped: set[Process] = set()
        self.send([leader], signal.SIGSTOP)
        while fresh := [each for each in self.family(number) if each not in stopped]:
            for process in fresh:
                kill(process, signal.SIGSTOP)
            stopped.update(fresh)

    def resume(self, number: int) -> None:
        """Let all run on that a leader has started."""
        if number in self.paused:
            self.paused.discard(number)
            self.send([self.pids[number]], signal.SIGCONT)
            for process in self.family(number):
                kill(process, signal.SIGCONT)

    def family(self, number: int) -> list[Process]:
        """All that lives of what a leader has started; nothing where the system does not tell."""
        ours = [] if self.tier == LEASES else descendants(self.supervisor)
        return self.tree(Ending(number, self.pids[number], 0.0), ours)

    def advance(self) -> list[int]:
        """Kill what is left of those that have ended or have had their time; answer the numbers of which nothing is."""
        gone: list[int] = []
        if not self.endings:
            return gone
        ours = [] if self.tier == LEASES else descendants(self.supervisor)
        for ending in tuple(self.endings):
            grouped = ending.leader in self.leaders or any(each.group == ending.leader for each in ours)
            if grouped and time.monotonic() < ending.deadline:
                continue
            tree = self.tree(ending, ours)
            self.send([ending.leader], signal.SIGKILL)
            for process in tree:
                kill(process)
            if not tree and ending.leader not in self.leaders:
                self.endings.remove(ending)
                remove_segments((ending.leader,), self.born)
                gone.append(ending.number)
            else:
                ending.deadline = 0.0
        return gone

    def tree(self, ending: Ending, ours: Sequence[Process]) -> list[Process]:
        """What a leader has started: its session, its descendants, and daemons by the mark they were born with."""
        marker = f"{MARKER}={self.identity}:{ending.number}".encode()
        family = {ending.leader}
        tree: list[Process] = []
        # `ours` has parents before their children.
        for process in ours:
            kin = process.pid in family or process.parent in family
            if kin or ending.leader in {process.group, process.session} or has_marker(process, marker):
                family.add(process.pid)
                tree.append(process)
        return tree
