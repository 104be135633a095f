"""
What the type `kafka` asks of its image: no broker of Kafka has been run here.

In its place stands a program that goes by the variables of the image's usage guide: it listens where KAFKA_LISTENERS
says, answers ApiVersions as the protocol has it, and tells by Metadata the address that is advertised for the listener.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from testflow_docker_env import DockerProvisioner

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Readiness, Service
from testflow_core.provisioning.leases import PortLeases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

    from testflow_core.model import Endpoint, Site

    Of = Callable[..., Environment]

BROKER = r"""
import os, socket, struct, threading
def listeners(name):
    return {each.partition("://")[0]: each.partition("://")[2].rpartition(":") for each in os.environ[name].split(",")}
advertised = listeners("KAFKA_ADVERTISED_LISTENERS")
needed = {"NODE_ID": "1", "PROCESS_ROLES": "broker,controller", "CONTROLLER_LISTENER_NAMES": "CONTROLLER"}
assert {key: os.environ.get("KAFKA_" + key) for key in needed} == needed
secured = os.environ["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
assert sorted(secured) == sorted(f"{name}:PLAINTEXT" for name in listeners("KAFKA_LISTENERS"))
assert os.environ["KAFKA_INTER_BROKER_LISTENER_NAME"] in advertised
voter = os.environ["KAFKA_CONTROLLER_QUORUM_VOTERS"].rpartition(":")[2]
assert voter == listeners("KAFKA_LISTENERS")["CONTROLLER"][2]
def serve(name, connection):
    stream = connection.makefile("rwb")
    while size := stream.read(4):
        key, version, number = struct.unpack(">hhi", stream.read(struct.unpack(">i", size)[0])[:8])
        body = struct.pack(">hi", 0, 0)
        if key == 3:
            host, _, port = advertised[name]
            body = struct.pack(">iih", 1, 1, len(host)) + host.encode() + struct.pack(">ii", int(port), 0)
        stream.write(struct.pack(">ii", 4 + len(body), number) + body)
        stream.flush()
def listen(name, port):
    listener = socket.create_server(("", port))
    while True:
        threading.Thread(target=serve, args=(name, listener.accept()[0]), daemon=True).start()
threads = [threading.Thread(target=listen, args=(n, int(a[2]))) for n, a in listeners("KAFKA_LISTENERS").items()]
for each in threads: each.start()
"""
DOCKERFILE = 'FROM python:3.11-slim\nCOPY broker.py /broker.py\nCMD ["python", "/broker.py"]\n'
# Of this process alone: what it removes is not what another one runs.
VERSION = f"0.0.1-played-{os.getpid()}"
IMAGE = f"apache/kafka:{VERSION}"


@pytest.fixture
def played(api: docker.APIClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("kafka")
    (folder / "broker.py").write_text(BROKER)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    lines = [*api.build(path=str(folder), tag=IMAGE, rm=True, forcerm=True, decode=True)]
    assert not [line for line in lines if "error" in line]
    yield
    api.remove_image(IMAGE)


def kafka(**config: object) -> Service:
    return Service(name="events", type="kafka", version=VERSION, config=config)  # pyright: ignore[reportArgumentType] (the tests' own values)


# A client's first questions: which requests the broker takes, and where the brokers are.
ASKS = """
import socket, struct
def exactly(connection, size):
    told = b""
    while len(told) < size: told += connection.recv(size - len(told)) or exit("gone")
    return told
def advertised(host, port):
    with socket.create_connection((host, port), timeout=20) as connection:
        request = struct.pack(">hhihi", 3, 0, 1, -1, 0)
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = exactly(connection, struct.unpack(">i", exactly(connection, 4))[0])
    size = struct.unpack(">h", answer[12:14])[0]
    return answer[14:14 + size].decode(), struct.unpack(">i", answer[14 + size:18 + size])[0]
"""


def advertised(endpoint: Endpoint) -> tuple[str, int]:
    known: dict[str, Callable[[str, int], tuple[str, int]]] = {}
    exec(ASKS, known)  # noqa: S102 - the program that the container runs, too
    return known["advertised"](endpoint.host, endpoint.port or 0)


def asking() -> Service:
    asks = "assert advertised('events', 9092) == ('events', 9092)"
    # It stays until somebody has read that.
    program = f"import signal\n{ASKS}\n{asks}\nprint('all is well', flush=True)\nsignal.sigwait([signal.SIGTERM])"
    return Service(
        name="client",
        type="docker",
        image="python:3.11-slim",
        command=("python", "-c", program),
        readiness=Readiness(log="all is well"),
        depends_on=("events",),
    )


@pytest.mark.parametrize("port", [0, 9092])
def test_clients_are_sent_on_to_where_they_came_from_on_both_sides(
    site: Site, environment: Of, played: None, port: int
):
    with DockerProvisioner().provision(environment(asking(), kafka(port=port)), site) as up:
        events = up.endpoints["events"]
        assert advertised(events) == ("127.0.0.1", events.port)
        assert (list(events.ports), events.url) == ([9092], None)


@pytest.fixture
def quicker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Has another program take so many ports as soon as they are leased."""
    lease = PortLeases.lease
    listeners: list[socket.socket] = []

    def take(times: int) -> None:
        def leased(self: PortLeases, wished: int | None = None) -> int:
            port = lease(self, wished)
            if len(listeners) < times:
                listeners.append(socket.create_server(("127.0.0.1", port)))
            return port

        monkeypatch.setattr(PortLeases, "lease", leased)

    yield take
    for each in listeners:
        each.close()


def test_a_port_that_somebody_took_meanwhile_is_not_advertised(
    site: Site, environment: Of, played: None, quicker: Callable[[int], None]
):
    quicker(1)
    with DockerProvisioner().provision(environment(kafka()), site) as up:
        assert advertised(up.endpoints["events"]) == ("127.0.0.1", up.endpoints["events"].port)


def test_who_is_never_quick_enough_is_told(site: Site, environment: Of, played: None, quicker: Callable[[int], None]):
    quicker(3)
    with (
        pytest.raises(ProvisionError, match="every port that events was to have was taken"),
        DockerProvisioner().provision(environment(kafka()), site),
    ):
        pytest.fail("it never came up")


def test_a_port_beside_its_own_is_published_too(site: Site, environment: Of, played: None):
    further = evolve(kafka(port=0), ports={9092: 0, 29093: 0})
    with DockerProvisioner().provision(environment(further), site) as up:
        assert list(up.endpoints["events"].ports) == [9092, 29093]
        socket.create_connection(("127.0.0.1", up.endpoints["events"].ports[29093]), timeout=20).close()
