"""Starts processes that end with us, however we end: by a small supervisor process at the other end of a socket."""

from __future__ import annotations

import itertools
import marshal
import os
import secrets
import select
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import lease_files
from testflow_core.provisioning.namespaces import NAMESPACES, SUBREAPER
from testflow_core.provisioning.process_tree import MARKER
from testflow_core.provisioning.supervised import LIMIT, Supervised
from testflow_core.provisioning.supervisor_process import HEADER

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

# -S: site-packages may take long to look at; what the program imports of ours stands where we stand.
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]);"
    "from testflow_core.provisioning.guardian import main;"
    "main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5], sys.argv[6:])"
)
_INTERPRETER = (sys.executable, "-I", "-S")
_ROOT = str(Path(__file__).parents[2])


class Supervisor:
    """
    A process that starts others, and kills every one of them, daemons included, when it or we end in whatever way.

    Then it removes the directories of `remove`, and of `inherit`. What it starts is kept apart in the way of `tier`, or
    of the next one that the system allows. Safe to use from several threads.
    """

    def __init__(self, *, remove: Sequence[Path] = (), tier: str = SUBREAPER) -> None:
        self._remove = [str(directory.absolute()) for directory in remove]
        self._wanted = tier
        self._reached: tuple[str, str] | None = None
        self._told = threading.Event()
        self._noted: dict[int, threading.Event] = {}
        self._refused: set[int] = set()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._children: weakref.WeakValueDictionary[int, Supervised] = weakref.WeakValueDictionary()
        self._lost = False

    def __enter__(self) -> Self:
        self._owner = os.getpid()
        self._errors: IO[bytes] = tempfile.TemporaryFile()
        self._channel, theirs = socket.socketpair()
        self._identity = secrets.token_hex(8)
        for directory in self._remove:
            self._mark(directory)
        with theirs:
            arguments = [_ROOT, str(theirs.fileno()), str(self._owner), self._identity]
            self._process = subprocess.Popen(
                [*_INTERPRETER, "-c", _PROGRAM, *arguments, self._wanted, *self._remove],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                cwd="/",
            )
        self._listener = threading.Thread(target=self._listen, name="testflow-supervisor", daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A fork of ours that leaves this block must not end what is not its own.
        if os.getpid() != self._owner:
            return
        self._hang_up()
        self._listener.join(LIMIT)
        if self._listener.is_alive():
            # The guardian takes that for leave to kill a supervisor that hangs.
            self._process.terminate()
        try:
            self._await_exit()
        except subprocess.TimeoutExpired:
            # One that hangs itself is stood in for by the supervisor.
            self._process.kill()
            self._process.wait()
        self._listener.join()
        self._channel.close()
        self._errors.close()

    def _await_exit(self) -> None:
        """TimeoutExpired after the limit; Popen alone would look again and again, with longer and longer pauses."""
        patience = LIMIT
        if hasattr(os, "pidfd_open"):
            # Whoever else waits for our children may have been told already.
            with suppress(OSError):
                handle = os.pidfd_open(self._process.pid)
                try:
                    ending = select.poll()
                    ending.register(handle, select.POLLIN)
                    ending.poll(LIMIT * 1000)
                finally:
                    os.close(handle)
                patience = 0.0
        self._process.wait(patience)

    @property
    def tier(self) -> tuple[str, str]:
        """
        How what it starts is kept apart, and why not in the way that was asked for, if not.

        ProvisionError where the supervisor ends, or says nothing for long, before it has told.
        """
        self._await(self._told)
        if self._reached is None:
            raise self._absence()
        return self._reached

    def spawn(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        unprivileged: bool = False,
        farewell: signal.Signals | None = None,
    ) -> Supervised:
        """
        A running program, leader of a session of its own; streams that are not given are the null device.

        `env` is its whole environment. `unprivileged` is for programs that refuse root: where we are root, it runs as
        another user that may touch what is ours. `farewell` is for programs that hold what the kernel keeps after a
        SIGKILL (shared memory): the signal they get a moment before, when we end without having ended them.

        Raises FileNotFoundError, PermissionError and the like naming the program or the directory; ProvisionError where
        it cannot be unprivileged or the supervisor is gone.
        """
        with self._lock:
            number = next(self._numbers)
            child = Supervised(self, number)
            self._children[number] = child
        streams = (stdin, stdout, stderr)
        order = {
            "verb": "spawn",
            "number": number,
            **_program(argv, cwd, env),
            "streams": [stream is not None for stream in streams],
            "unprivileged": unprivileged,
            "farewell": None if farewell is None else int(farewell),
        }
        self.request(order, [stream for stream in streams if stream is not None])
        if self._lost:
            child.lose()
        child.check(argv[0], cwd)
        return child

    def bequeath(self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Callable[[], None]:
        """
        A program that is run when we end, in whatever way, unless what is answered is called before.

        For what lives outside of processes and directories. It runs once all processes have ended and before the
        directories are removed, without streams, for 20 s at most. ProvisionError where the supervisor is gone.
        """
        order = {"verb": "bequeath", **_program(argv, cwd, env)}
        # What is about to be made must not be without an heir when everybody is killed the moment after.
        number = self._ask({**order, "streams": [False] * 3, "unprivileged": False, "farewell": None})
        return lambda: self.request({"verb": "withdraw", "number": number})

    def inherit(self, directory: Path) -> None:
        """
        Remove a directory, too, when we end in whatever way.

        The processes that have been started before belong to it as well. ProvisionError where the supervisor is gone.
        """
        where = str(directory.absolute())
        self._mark(where)
        self._ask({"verb": "remove", "directory": where})

    def overlay(self, lower: Path, target: Path) -> bool:
        """
        Have what is started from now on see at `target`, which does not exist, a copy of its own of a directory.

        Made of what is changed alone, and nothing that anybody else can see. False where that cannot be had, and
        `target` still does not exist: in the lower tiers, and where the kernel refuses. `lower` must stay as it is.
        """
        return self._show(target, lower)

    def memory(self, target: Path) -> bool:
        """
        Have what is started from now on see at `target`, which does not exist, an empty directory in memory.

        Nobody else sees what is in it. False where that cannot be had, and `target` still does not exist: in the lower
        tiers, and where the kernel refuses.
        """
        return self._show(target, None)

    def request(self, message: Mapping[str, object], streams: Sequence[int] = ()) -> None:
        """Send the supervisor a message; where it is gone nothing happens, as nothing is left to talk about."""
        payload = marshal.dumps(dict(message))
        letter = HEADER.pack(len(payload)) + payload
        with self._lock:
            if self._lost:
                return
            try:
                sent = socket.send_fds(self._channel, [letter], streams)
                self._channel.sendall(letter[sent:])
            except (BrokenPipeError, ConnectionResetError):
                return
            except KeyboardInterrupt:
                # Half a message may have been sent: the next would not be understood.
                self._hang_up()
                raise

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return not self._lost

    def last_words(self) -> str:
        """What the supervisor wrote before it ended, if anything."""
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip()
        return f": {words[-2000:]}" if words else ""

    def _mark(self, directory: str) -> None:
        # Whoever finds the directory ownerless knows its processes by this mark: it is there before they use it.
        lease_files.note(Path(directory), f"{MARKER}={self._identity}")

    def _show(self, target: Path, lower: Path | None) -> bool:
        if self.tier[0] != NAMESPACES:
            return False
        order = {"verb": "show", "target": str(target), "lower": None if lower is None else str(lower)}
        return self._ask(order) not in self._refused

    def _ask(self, order: Mapping[str, object]) -> int:
        """Have something done beside the processes: its number, once the supervisor has answered."""
        with self._lock:
            number = next(self._numbers)
            noted = self._noted[number] = threading.Event()
            if self._lost:
                noted.set()
        self.request({**order, "number": number})
        self._await(noted)
        if self._lost:
            raise self._absence()
        return number

    def _await(self, event: threading.Event) -> None:
        if not event.wait(LIMIT):
            raise ProvisionError(f"the supervisor has not answered within {LIMIT:g} s")

    def _absence(self) -> ProvisionError:
        return ProvisionError(f"the supervisor has ended{self.last_words()}")

    def _hang_up(self) -> None:
        # Some systems refuse where the other end has gone first.
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_WR)

    def _listen(self) -> None:
        # A supervisor that was killed may leave half a message, or a reset.
        with suppress(OSError, EOFError), self._channel.makefile("rb") as messages:
            while True:
                self._hear(marshal.load(messages))  # noqa: S302 - our own child's, at a socket that is only ours
        with self._lock:
            self._lost = True
            children = list(self._children.values())
            waiting = [self._told, *self._noted.values()]
        for event in waiting:
            event.set()
        for child in children:
            child.lose()

    def _hear(self, message: Mapping[str, object]) -> None:
        match message:
            case {"tier": str(tier), "why": str(why)}:
                self._reached = (tier, why)
                self._told.set()
            case {"number": int(number), "noted": bool(done)}:
                if not done:
                    self._refused.add(number)
                self._noted[number].set()
            case {"number": int(number)} if (child := self._children.get(number)) is not None:
                child.hear(message)
            case _:
                pass


def _program(argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> dict[str, object]:
    """A program to run, of plain values: texts of a class of their own, as parsers make them, cannot be sent."""
    plain = {str(name): str(value) for name, value in env.items()}
    return {"argv": [str(word) for word in argv], "cwd": str(cwd), "env": plain}
