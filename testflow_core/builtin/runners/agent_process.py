"""The agent as a process: one in an application's interpreter, shared by the sessions of that application."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.runners.agent_words import AgentTroubleError
from testflow_core.builtin.runners.surroundings import environment, named_interpreter
from testflow_core.errors import ProvisionError, UnknownReferenceError
from testflow_core.provisioning.shared_supervisor import SharedSupervisor, shared_supervisor

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.builtin.runners.agent_words import Reading
    from testflow_core.model import Application, Bench
    from testflow_core.provisioning.supervised import Supervised
    from testflow_core.provisioning.supervisor import Supervisor

PROGRAM = Path(__file__).parent / "agent" / "__main__.py"
TAIL = 16 << 10
FAREWELL = 2.0
"""Seconds in which an agent that has no seats may end by itself, and whoever measures it write down what he saw."""


@frozen(kw_only=True)
class Place:
    """What is to be known of an application to start its agent."""

    checkout: Path
    python: str | None
    command: tuple[str, ...]

    @classmethod
    def of_bench(cls, bench: Bench) -> Place:
        """That of an application whose tests run on this bench."""
        return cls(checkout=bench.checkout, python=bench.python, command=bench.command)

    @classmethod
    def of_application(cls, application: Application) -> Place | None:
        """That of an application, None without a checkout."""
        if application.path is None:
            return None
        return cls(checkout=application.path, python=application.python, command=application.test_command)


class AgentProcess:
    """An agent at one place; AgentTroubleError where it cannot be started, and what reading the command raises."""

    def __init__(self, place: Place, read: Reading, supervisor: Supervisor) -> None:
        self.words = read(place.command)
        self.python = named_interpreter(place.checkout, place.python) or Path(sys.executable)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._control, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = self._start(place, supervisor, theirs.fileno())
        except BaseException:
            self._close_ours()
            raise

    def _start(self, place: Place, supervisor: Supervisor, control: int) -> Supervised:
        words = self.words
        try:
            return supervisor.spawn(
                [str(self.python), *words.interpreter_options, str(PROGRAM), words.framework, *words.arguments],
                cwd=place.checkout.absolute(),
                env=environment(self.python, {}),
                stdin=control,
                stdout=self._errors.fileno(),
                stderr=self._errors.fileno(),
            )
        except OSError as error:
            where = "; name another in the application's `python`" if place.python else ""
            raise AgentTroubleError(f"the interpreter {self.python} cannot be started: {error}{where}") from error

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None

    def seat(self) -> socket.socket:
        """A socket for the orders of one session and for what they give; it says nothing where the agent has ended."""
        ours, theirs = socket.socketpair()
        with theirs, suppress(BrokenPipeError, ConnectionResetError):
            socket.send_fds(self._control, [b"s"], [theirs.fileno()])
        return ours

    def await_end(self, seconds: float) -> None:
        """Return when it has ended, or the seconds have passed."""
        self._process.wait(seconds)

    def end(self) -> None:
        """End it and everything it started; may be called from any thread."""
        self._process.end(grace=0)

    def close(self) -> None:
        """Let it go, and end what does not go by itself."""
        try:
            self._control.close()
            self._process.wait(FAREWELL)
            self.end()
        finally:
            self._close_ours()

    def _close_ours(self) -> None:
        self._control.close()
        self._errors.close()

    def last_words(self) -> str:
        """How it ended, and what it wrote before."""
        code = self._process.wait(5.0)
        size = os.fstat(self._errors.fileno()).st_size
        said = os.pread(self._errors.fileno(), TAIL, max(0, size - TAIL)).decode("utf-8", "replace").strip()
        how = "is running but silent" if code is None else f"ended with {code}"
        return f"the agent in {self.python} {how}{': ' if said else ''}{said}"


class SharedAgent:
    """The agent that the sessions of one place have in common, replaced where it is lost."""

    def __init__(self, place: Place, read: Reading) -> None:
        self.users = 0
        self._place = place
        self._read = read
        self._lock = threading.Lock()
        self._shared = shared_supervisor()
        self._supervisor = self._shared or SharedSupervisor()
        self._agent: AgentProcess | None = None

    def process(self) -> AgentProcess:
        """The living agent, started if there is none; AgentTroubleError or UnknownReferenceError."""
        with self._lock:
            if self._agent is not None and not self._agent.lives:
                self._agent.close()
                self._agent = None
            if self._agent is None:
                self._agent = AgentProcess(self._place, self._read, self._supervisor.get())
            return self._agent

    def begin(self) -> None:
        """Have it started; what is wrong is told to who needs it."""
        with suppress(AgentTroubleError, UnknownReferenceError, ProvisionError, OSError):
            self.process()

    def close(self) -> None:
        """End it, and all that its tests have left."""
        with self._lock:
            agent, self._agent = self._agent, None
            try:
                if agent is not None:
                    agent.close()
            finally:
                if self._shared is None:
                    self._supervisor.close()


class SharedAgents:
    """An agent for each place, by what is read in its command, from its first user to the end of the last."""

    def __init__(self, read: Reading) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._shared: dict[Place, SharedAgent] = {}

    @contextmanager
    def ready(self, application: Application) -> Generator[None]:
        """Have the agent of an application started, for whatever session comes before exit."""
        place = Place.of_application(application)
        if place is None:
            yield
            return
        with self.of(place) as shared:
            # Its supervisor must have started first: nobody needs to wait for that.
            beginning = threading.Thread(target=shared.begin, name="testflow-agent", daemon=True)
            beginning.start()
            try:
                yield
            finally:
                beginning.join()

    @contextmanager
    def of(self, place: Place) -> Generator[SharedAgent]:
        """The agent of a place for one user."""
        with self._lock:
            shared = self._shared.setdefault(place, SharedAgent(place, self._read))
            shared.users += 1
        try:
            yield shared
        finally:
            with self._lock:
                shared.users -= 1
                last = shared.users == 0
                if last:
                    del self._shared[place]
            if last:
                shared.close()
