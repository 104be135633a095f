"""Services that are stopped, paused, killed and not to be reached on purpose, and what stands before their ports."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from servers import Servers, environment, pids, server

from testflow_core.errors import ProvisionError
from testflow_core.model import By, Endpoint, Inject, Provisioned, Readiness, Service, Site
from testflow_core.provisioning import supervised as supervised_module
from testflow_core.provisioning.fault_gates import moved
from testflow_core.provisioning.process_tree import descendants, read_process
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from testflow_core.provisioning.launch import Place, Running, Started

PATIENCE = 20.0

# It gives back what it was sent once that has ended, resets a connection that asks for it, and ends when it is told to,
# each by one word.
ECHO = """
import os, socket, struct, threading
def serve(connection):
    said = b""
    while part := connection.recv(65536):
        said += part
        if said == b"reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return connection.close()
        if said == b"end":
            os._exit(0)
    connection.sendall(said)
    connection.close()
listener = socket.create_server(("127.0.0.1", PORT))
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
"""
# What it starts has a session of its own, and both tell their numbers.
FAMILY = """
import os, signal, socket
reader, writer = os.pipe()
if os.fork() == 0:
    os.setsid()
    with open(PIDS, "a") as told:
        told.write(str(os.getpid()) + " ")
    os.write(writer, b"-")
    signal.pause()
os.read(reader, 1)
with open(PIDS, "a") as told:
    told.write(str(os.getpid()) + " ")
listener = socket.create_server(("127.0.0.1", PORT))
signal.pause()
"""


@pytest.fixture
def site(site: Site) -> Site:
    return evolve(site, faults=True)


def echo(name: str = "echo") -> Service:
    return server(name, program=ECHO)


@contextmanager
def up(site: Site, *services: Service, by: type[Servers] = Servers) -> Generator[tuple[Provisioned, Inject]]:
    with by().provision(environment(*services), site) as there:
        assert there.inject is not None
        yield there, there.inject


def connect(endpoint: Endpoint) -> socket.socket:
    return socket.create_connection((endpoint.host, endpoint.port or 0), timeout=PATIENCE)


def echoed(endpoint: Endpoint, said: bytes = b"hello") -> bytes:
    with connect(endpoint) as client:
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        answer = bytearray()
        while part := client.recv(65536):
            answer += part
    return bytes(answer)


def running(program: bytes) -> int:
    """The one process below us in whose words this stands."""
    words = {each.pid: Path(f"/proc/{each.pid}/cmdline").read_bytes() for each in descendants(os.getpid())}
    (found,) = [pid for pid, line in words.items() if program in line]
    return found


def proxy() -> int:
    """The process that stands before the ports."""
    return running(b"fault_proxy import")


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_all_that_is_said_passes_in_both_directions_to_its_end(site: Site):
    said = os.urandom(3_000_000)
    with up(site, echo()) as (there, _):
        assert echoed(there.endpoints["echo"], said) == said


def test_a_connection_that_the_service_resets_is_reset(site: Site):
    with up(site, echo()) as (there, _), connect(there.endpoints["echo"]) as client:
        client.sendall(b"reset")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_service_that_has_ended_by_itself_is_connected_to_in_vain(
    site: Site, handles: Callable[..., list[int]], all_end: Callable[..., bool]
):
    with up(site, echo()) as (there, _):
        waiting = handles([running(b"connection.recv(65536)")])
        with connect(there.endpoints["echo"]) as client, suppress(ConnectionResetError):
            client.sendall(b"end")
            assert client.recv(1) == b""
        # Its connections may be closed before the port is.
        assert all_end(waiting)
        # Who is cut off at once learns it from connecting already.
        with pytest.raises(ConnectionResetError), connect(there.endpoints["echo"]) as client:
            client.recv(1)


@pytest.mark.parametrize("fault", ["stop", "kill"])
def test_a_service_that_is_started_again_is_waited_for_by_what_its_log_says_from_then_on(site: Site, fault: str):
    service = evolve(echo(), readiness=Readiness(log="ready"))
    with up(site, service) as (there, inject):
        undo = inject(fault, "echo", 0.0)
        with pytest.raises(ConnectionRefusedError):
            connect(there.endpoints["echo"])
        undo()
        assert echoed(there.endpoints["echo"]) == b"hello"
        assert there.logs["echo"].read_text().count("ready") == 2


def test_who_is_connected_is_cut_off_where_connections_are_refused(site: Site):
    with up(site, echo()) as (there, inject), connect(there.endpoints["echo"]) as client:
        # It has come through once the service has taken it.
        assert echoed(there.endpoints["echo"]) == b"hello"
        inject("refuse", "echo", 0.0)
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_what_is_delayed_takes_longer_once_however_much_it_is(site: Site):
    said = os.urandom(1_000_000)
    with up(site, echo()) as (there, inject):
        undo = inject("delay", "echo", 0.4)
        with connect(there.endpoints["echo"]) as client:
            client.sendall(said)
            client.shutdown(socket.SHUT_WR)
            assert not select.select([client], [], [], 0.3)[0]
            assert echoed(there.endpoints["echo"], said) == said
        undo()


def stopped(pid: int) -> bool:
    # It runs no further, but the system says so only once it would have been its turn.
    deadline = time.monotonic() + 10
    while state(pid) != "T" and time.monotonic() < deadline:
        pass
    return state(pid) == "T"


def test_a_pause_holds_all_that_the_service_has_started(site: Site):
    with up(site, server("a", program=FAMILY)) as (_, inject):
        undo = inject("pause", "a", 0.0)
        family = pids(site)
        assert [stopped(pid) for pid in family] == [True, True]
        undo()
    assert [pid for pid in family if read_process(pid)] == []


def test_what_is_paused_ends_with_its_supervisor(
    tmp_path: Path, env: dict[str, str], handles: Callable[..., list[int]], all_end: Callable[..., bool]
):
    with Supervisor() as supervisor:
        process = supervisor.spawn(["sleep", "600"], cwd=tmp_path, env=env)
        process.pause()
        waiting = handles([process.pid])
    assert all_end(waiting)


def test_a_supervisor_that_hangs_is_told(tmp_path: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    with Supervisor() as supervisor:
        process = supervisor.spawn(["sleep", "600"], cwd=tmp_path, env=env)
        parent = read_process(process.pid)
        assert parent is not None
        os.kill(parent.parent, signal.SIGSTOP)
        monkeypatch.setattr(supervised_module, "LIMIT", 0.05)
        with pytest.raises(ProvisionError, match=r"cannot be paused within 0\.05 s"):
            process.pause()
        monkeypatch.undo()
        os.kill(parent.parent, signal.SIGCONT)


def test_a_port_that_somebody_took_meanwhile_is_told(site: Site):
    with up(site, echo()) as (there, inject):
        undo = inject("refuse", "echo", 0.0)
        port = there.endpoints["echo"].port or 0
        with (
            socket.create_server(("127.0.0.1", port)),
            pytest.raises(ProvisionError, match=f"before the service echo cannot open: .*{port}"),
        ):
            undo()


def test_a_proxy_that_was_killed_is_told(site: Site, handles: Callable[..., list[int]], all_end: Callable[..., bool]):
    with up(site, echo()) as (_, inject):
        waiting = handles([proxy()])
        os.kill(proxy(), signal.SIGKILL)
        assert all_end(waiting)
        with pytest.raises(ProvisionError, match="cannot shut: it has ended"):
            inject("refuse", "echo", 0.0)


def test_nothing_is_done_to_an_environment_that_is_gone(site: Site):
    with up(site, echo()) as (_, inject):
        undo = inject("stop", "echo", 0.0)
    undo()
    with pytest.raises(ProvisionError, match="going down"):
        inject("stop", "echo", 0.0)


class Once(Servers):
    """What it has started cannot be started again."""

    def start(self, service: Service, place: Place) -> Running:
        return evolve(super().start(service, place), again=None)


class Plain:
    """What runs and can be ended, and nothing else."""

    def __init__(self, process: Started) -> None:
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def wait(self, timeout: float | None = None, /) -> int | None:
        return self._process.wait(timeout)

    def end(self, grace: float, number: signal.Signals, /) -> None:
        self._process.end(grace, number)


class Endable(Servers):
    """What it has started can be ended alone."""

    def start(self, service: Service, place: Place) -> Running:
        running = super().start(service, place)
        return evolve(running, process=Plain(running.process))


class Portless(Servers):
    """Nobody is told of a port."""

    def start(self, service: Service, place: Place) -> Running:
        return evolve(super().start(service, place), endpoint=Endpoint(host="127.0.0.1"))


@pytest.mark.parametrize(
    ("by", "fault", "words"),
    [
        (Once, "kill", "echo cannot be started again by its provisioner"),
        (Endable, "pause", "echo cannot be paused or ended by its provisioner"),
        (Portless, "refuse", "echo has no port at which to refuse"),
    ],
)
def test_what_a_service_does_not_allow_is_told(site: Site, by: type[Servers], fault: str, words: str):
    with up(site, echo(), by=by) as (_, inject), pytest.raises(ProvisionError, match=words):
        inject(fault, "echo", 0.0)


class Copying(Servers):
    """A copy is the same server under another name."""

    def start(self, service: Service, place: Place) -> Running:
        running = super().start(service, place)

        @contextmanager
        def clone(_by: By) -> Generator[Endpoint]:
            yield evolve(running.endpoint, database="copy")

        return evolve(running, clone=clone)


def test_a_copy_is_reached_through_what_stands_before_the_original(site: Site):
    with up(site, echo(), by=Copying) as (there, inject):
        assert there.clone is not None
        copy: AbstractContextManager[Provisioned] = there.clone(By.DATABASE)
        with copy as own:
            assert own.endpoints["echo"] == evolve(there.endpoints["echo"], database="copy")
            inject("refuse", "echo", 0.0)
            with pytest.raises(ConnectionRefusedError):
                connect(own.endpoints["echo"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p%3A5432@h:5432/d?o=5432", "postgresql://u:p%3A5432@h:9/d?o=5432"),
        ("http://h:80/", "http://h:80/"),
        ("http://h/", "http://h/"),
        (None, None),
    ],
)
def test_an_address_moves_with_its_port_and_keeps_all_else(url: str | None, shown: str | None):
    assert moved(Endpoint(host="h", ports={1: 5432, 2: 80}, url=url), {5432: 9}) == Endpoint(
        host="h", ports={1: 9, 2: 80}, url=shown
    )
