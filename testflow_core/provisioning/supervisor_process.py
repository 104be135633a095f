"""What the supervisor does on the engine's word: standard library only, one thread."""

from __future__ import annotations

import contextlib
import marshal
import os
import selectors
import signal
import struct
import time
from _socket import CMSG_LEN, socket

from testflow_core.provisioning.families import RECHECK, Families
from testflow_core.provisioning.namespaces import LEASES, NAMESPACES, SUBREAPER
from testflow_core.provisioning.overlays import Overlays
from testflow_core.provisioning.process_birth import ENDING_SIGNALS, become
from testflow_core.provisioning.process_tree import MARKER, descendants, kill

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.provisioning.legacy import Legacy
    from testflow_core.provisioning.process_birth import Order

HEADER = struct.Struct("!I")
_DESCRIPTOR = struct.Struct("i")
FAREWELL = 1.0


def _be_woken(_number: int, _frame: object) -> None:
    """Without a handler the signal would be dropped before it wakes us."""


class Session:
    """Everything one engine has started: ended on its word, and all of it when the engine is gone."""

    def __init__(self, channel: socket, engine: int | None, guardian: socket, legacy: Legacy, tier: str) -> None:
        self.channel = channel
        self.guardian = guardian
        self.legacy = legacy
        self.tier = tier
        self.pid = os.getpid()
        self.over = False
        self.families = Families(legacy.identity, legacy.born, tier)
        self.farewells: dict[int, signal.Signals] = {}
        self.overlays = Overlays()
        self.null = os.open(os.devnull, os.O_RDWR)
        self.selector = selectors.DefaultSelector()
        self.selector.register(channel, selectors.EVENT_READ, self.obey)
        self.selector.register(guardian, selectors.EVENT_READ, self.be_alone)
        self.watch_signals()
        if engine is not None:
            # A fork of the engine may hold the other end of the channel when the engine itself is dead.
            self.selector.register(engine, selectors.EVENT_READ, self.finish)

    def watch_signals(self) -> None:
        """Be woken by every exit of a child, and end in good order on SIGTERM."""
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        self.woken, waker = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self.selector.register(self.woken, selectors.EVENT_READ, lambda: os.read(self.woken, 4096))
        signal.signal(signal.SIGCHLD, _be_woken)
        for number in ENDING_SIGNALS:
            signal.signal(number, lambda _number, _frame: self.finish())

    def finish(self) -> None:
        """Serve no longer."""
        self.over = True

    def be_alone(self) -> None:
        """The guardian has been killed: what it was to do is ours."""
        self.selector.unregister(self.guardian)
        self.finish()

    def serve(self) -> None:
        """Obey until the engine is gone, then leave no process behind."""
        while not self.over:
            for key, _ in self.selector.select(self.families.patience()):
                key.data()
            self.reap()
            for number in self.families.advance():
                self.tell(number=number, ended=True)
        if self.tier != NAMESPACES:
            self.part()
        self.kill_all()
        self.overlays.unmount()

    def rest(self) -> bool:
        """Leave what is left to do to the guardian; whether it has done it, and not been killed before."""
        self.note(rest=True)
        try:
            return bool(self.guardian.recv(1))
        except ConnectionResetError:
            # It was killed before it had read all.
            return False

    def kill_all(self) -> None:
        """Until no process is left, nor any orphan that came to us."""
        while self.reap():
            if self.tier == NAMESPACES:
                # As the first process there we reach all others, and none besides (`man 2 kill`).
                with contextlib.suppress(ProcessLookupError):
                    os.kill(-1, signal.SIGKILL)
            elif self.tier == SUBREAPER:
                for process in descendants(self.pid):
                    kill(process)
            self.families.send(self.families.leaders, signal.SIGKILL)
            self.wait_for_exit()

    def part(self) -> None:
        """Give those that asked for it a moment to remove what the kernel keeps for them, such as shared memory."""
        deadline = time.monotonic() + FAREWELL
        for number in tuple(self.families.paused):
            self.families.resume(number)
        for leader, number in self.farewells.items():
            self.families.send([leader], number)
        while (
            self.reap()
            and any(leader in self.families.leaders for leader in self.farewells)
            and time.monotonic() < deadline
        ):
            self.wait_for_exit()

    def wait_for_exit(self) -> None:
        """Until a child exits, or a moment has passed."""
        with selectors.DefaultSelector() as exits:
            exits.register(self.woken, selectors.EVENT_READ)
            exits.select(RECHECK)
        with contextlib.suppress(BlockingIOError):
            os.read(self.woken, 4096)

    def tell(self, **message: object) -> None:
        """Send the engine a message; a dead engine does not matter here."""
        with contextlib.suppress(OSError):
            self.channel.sendall(marshal.dumps(message))

    def note(self, **message: object) -> None:
        """Remember what whoever is left when we are killed has to know."""
        self.legacy.note(message)
        with contextlib.suppress(OSError):
            self.guardian.sendall(marshal.dumps(message))

    def obey(self) -> None:
        """Read one message and do what it says; the end of the channel is the end."""
        try:
            header, ancillary, _, _ = self.channel.recvmsg(HEADER.size, CMSG_LEN(3 * _DESCRIPTOR.size))
            payload = self.read(HEADER.unpack(header)[0])
        except (OSError, EOFError, struct.error):
            self.finish()
            return
        request = marshal.loads(payload)
        streams = [stream for _, _, data in ancillary for (stream,) in _DESCRIPTOR.iter_unpack(data)]
        for stream in streams:
            os.set_inheritable(stream, False)  # noqa: FBT003 (takes no keyword)
        match request["verb"]:
            case "spawn":
                self.spawn(request, streams)
            case "bequeath" | "remove" | "withdraw":
                self.note(**request)
                self.tell(number=request["number"], noted=True)
            case "pause":
                self.families.pause(request["number"])
                self.tell(number=request["number"], paused=True)
            case "resume":
                self.families.resume(request["number"])
            case "show":
                self.show(request["number"], request["target"], request["lower"])
            case _:
                self.families.end(request["number"], signal.Signals(request["signal"]), request["grace"])

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes of the channel; EOFError where it ends before."""
        payload = bytearray()
        while len(payload) < size:
            part = self.channel.recv(size - len(payload))
            if not part:
                raise EOFError
            payload += part
        return bytes(payload)

    def spawn(self, order: Order, streams: Sequence[int]) -> None:
        """Start a program in a session of its own and tell its pid, or why it cannot be started."""
        number = order["number"]
        given = iter(streams)
        placed = [next(given) if each else self.null for each in order["streams"]]
        order["env"][MARKER] = f"{self.legacy.identity}:{number}"
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            become(order, placed, writer, None if self.tier == LEASES else self.pid)
        for stream in (writer, *streams):
            os.close(stream)
        with open(reader, "rb") as report:
            trouble = report.read()
        if trouble:
            os.waitpid(pid, 0)
            self.tell(number=number, trouble=marshal.loads(trouble))
        else:
            self.families.add(number, pid)
            self.note(number=number, pid=pid)
            if order["farewell"] is not None:
                self.farewells[pid] = signal.Signals(order["farewell"])
            self.tell(number=number, pid=pid)

    def show(self, number: int, target: str, lower: str | None) -> None:
        """Show memory, or a directory, at another place to what is started from now on; tell whether that could be."""
        try:
            if lower is None:
                self.overlays.mount_memory(target)
            else:
                self.overlays.mount(lower, target)
        except OSError:
            self.tell(number=number, noted=False)
        else:
            self.tell(number=number, noted=True)

    def reap(self) -> bool:
        """Take note of every exit; False when no child is left, nor any orphan that came to us."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            number = self.families.leaders.pop(pid, None)
            if number is not None:
                self.note(number=number)
                self.tell(number=number, exit=os.waitstatus_to_exitcode(status))
