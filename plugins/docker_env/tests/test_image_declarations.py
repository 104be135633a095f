"""What can be told of the types that stand for images without an engine: mistakes, and when one is not ready."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from testflow_docker_env import DockerProvisioner
from testflow_docker_env.kafka import versions_probe
from testflow_docker_env.mysql import greeting_probe
from testflow_docker_env.rabbitmq import amqp_probe
from testflow_docker_env.webdriver import ready_probe

from testflow_core.model import Environment, Service

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from testflow_core.provisioning.readiness import Probe

    Probing = Callable[[str, int], Probe]


@contextmanager
def answering(answer: bytes) -> Generator[int]:
    """The port of a server that hears whoever comes, gives one answer, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            # Whoever has heard enough hangs up before the end.
            with connection, suppress(OSError):
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1024):
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def http(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("probe", "answer", "missing"),
    [
        (greeting_probe, b"\x4a\0\0\0\x0a8.4.2", None),
        (greeting_probe, b"\x17\0\0\0\xff\x10\x04Too many connections", "still starting"),
        (greeting_probe, b"", "still starting"),
        (amqp_probe, b"\x01\0\0\0\0\x01", None),
        (amqp_probe, b"AMQP\0\0\x09\x01", "still starting"),
        (amqp_probe, b"", "still starting"),
        (versions_probe, b"\0\0\0\x0a\0\0\0\x07\0\0\0\0\0\0", None),
        (versions_probe, b"\0\0\0\x0a\0\0\0\x07\0\x23\0\0\0\0", "still starting"),
        (versions_probe, b"\0\0", "still starting"),
        (ready_probe, http('{"value": {"ready": true, "message": "ready"}}'), None),
        (ready_probe, http('{"value": {"ready": false, "message": "no node yet"}}'), "says that it is not ready"),
        (ready_probe, http("[]"), "says that it is not ready"),
        (ready_probe, http("<html>"), "no status from http://"),
        (ready_probe, b"SSH-2.0\r\n", "no status from http://"),
    ],
)
def test_a_service_is_ready_by_what_it_answers(probe: Probing, answer: bytes, missing: str | None):
    with answering(answer) as port:
        found = probe("127.0.0.1", port)(10.0)
    assert (found is None) if missing is None else (found is not None and missing in found), found


@pytest.mark.parametrize("probe", [greeting_probe, amqp_probe, versions_probe, ready_probe])
def test_a_service_that_does_not_listen_is_not_ready(probe: Probing):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    assert "refused" in (probe("127.0.0.1", port)(10.0) or "")


@pytest.mark.parametrize(
    ("kind", "config", "path"),
    [
        ("mysql", {"password": "it's"}, "password"),
        ("mariadb", {"user": 'a"b'}, "user"),
        ("mariadb", {"database": "a`b"}, "database"),
        ("mysql", {"port": 65536}, "port"),
        ("mysql", {"volumes": ["/etc:/etc"]}, "volumes[0]"),
        ("rabbitmq", {"vhost": ""}, "vhost"),
        ("rabbitmq", {"user": ""}, "user"),
        ("kafka", {"password": "any"}, "password"),
        ("selenium", {"browser": "lynx"}, "browser"),
        ("chrome", {"browser": "firefox"}, "browser"),
        ("chrome", {"shm_size": "much"}, "shm_size"),
    ],
)
def test_a_mistake_is_told_with_its_path(kind: str, config: dict[str, object], path: str):
    service = Service(name="x", type=kind, config=config)  # pyright: ignore[reportArgumentType] (the tests' own values)
    problems = [*DockerProvisioner().problems(Environment(name="e", services={"x": service}))]
    assert [problem.path for problem in problems] == [f"$.services.x.config.{path}"]


def test_a_browser_has_the_image_of_its_name_and_the_memory_it_needs():
    from testflow_docker_env.webdriver import ChromeContainer, SeleniumContainer  # noqa: PLC0415

    assert ChromeContainer().repository == "selenium/standalone-chrome"
    assert SeleniumContainer(browser="firefox").repository == "selenium/standalone-firefox"
    assert SeleniumContainer().shm_size == "2g"
