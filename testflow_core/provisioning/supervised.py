"""A process that the supervisor started, as its owner knows it."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

from testflow_core.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from testflow_core.provisioning.supervisor import Supervisor

LIMIT = 30.0
"""Seconds that the supervisor has to answer a request, beyond the grace of an `end`, and to clean up at its own end."""


class Supervised:
    """
    A process that the supervisor started.

    `returncode` is None while it runs, then its exit status, or the negative number of the signal that ended it.
    """

    def __init__(self, supervisor: Supervisor, number: int) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self._supervisor = supervisor
        self._number = number
        self._trouble: tuple[str, int | None, str] | None = None
        self._answered = threading.Event()
        self._exited = threading.Event()
        self._ended = threading.Event()
        self._paused = threading.Event()

    def wait(self, timeout: float | None = None) -> int | None:
        """The return code as soon as it is known; None where `timeout` seconds pass before."""
        self._exited.wait(timeout)
        return self.returncode

    def end(self, grace: float = 5.0, number: signal.Signals = signal.SIGTERM) -> None:
        """
        Send its group the signal, and kill after `grace` seconds what is left of all that it started.

        Returns when nothing is left; ProvisionError where the supervisor cannot do it.
        """
        self._supervisor.request({"verb": "end", "number": self._number, "signal": int(number), "grace": grace})
        if not self._ended.wait(grace + LIMIT):
            raise ProvisionError(f"process {self.pid} and what it started cannot be killed within {LIMIT:g} s")

    def halt(self, grace: float, number: signal.Signals) -> None:
        """End it; whoever has started it can start another like it."""
        self.end(grace, number)

    def pause(self) -> None:
        """Stop all that it started as SIGSTOP does, until `resume`; ProvisionError where that cannot be done."""
        self._paused.clear()
        self._supervisor.request({"verb": "pause", "number": self._number})
        if not self._paused.wait(LIMIT):
            raise ProvisionError(f"process {self.pid} and what it started cannot be paused within {LIMIT:g} s")

    def resume(self) -> None:
        """Let all of it run on."""
        self._supervisor.request({"verb": "resume", "number": self._number})

    def hear(self, message: Mapping[str, object]) -> None:
        """Take note of what the supervisor tells of this process."""
        match message:
            case {"pid": int(pid)}:
                self.pid = pid
                self._answered.set()
            case {"trouble": [str(stage), int() | None as number, str(text)]}:
                self._trouble = (stage, number, text)
                self._answered.set()
            case {"exit": int(returncode)}:
                self.returncode = returncode
                self._exited.set()
            case {"paused": True}:
                self._paused.set()
            case _:
                self._ended.set()

    def lose(self) -> None:
        """The supervisor is gone, and every process with it."""
        if self.returncode is None:
            self.returncode = -signal.SIGKILL
        for event in (self._answered, self._exited, self._ended, self._paused):
            event.set()

    def check(self, program: str, cwd: Path) -> None:
        """Raise what hindered the start, naming the culprit."""
        if not self._answered.wait(LIMIT):
            raise ProvisionError(f"{program} was not started within {LIMIT:g} s")
        if self.pid == 0 and self._trouble is None:
            raise ProvisionError(f"{program} was not started: the supervisor has ended{self._supervisor.last_words()}")
        if self._trouble is None:
            return
        stage, number, text = self._trouble
        if stage == "namespace":
            raise ProvisionError(
                f"{program} refuses to run as root, and user namespaces, in which it could, are not to be had here"
                f" ({text}); run as an ordinary user"
            )
        if number is None:
            raise ValueError(f"{program} cannot be started: {text}")
        raise OSError(number, text, str(cwd) if stage == "directory" else program)
