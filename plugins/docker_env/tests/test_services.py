"""Services as containers, on a real engine."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from attrs import evolve
from testflow_docker_env import DockerProvisioner
from testflow_docker_env.connection import Connection
from testflow_docker_env.containers import LOOPBACK, Recipe, start
from testflow_docker_env.launching import open_probe

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Readiness, Service, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import docker

    Of = Callable[..., Environment]

BUSYBOX = "busybox:latest"
# It answers with its surroundings.
TELLS = "env | sort > /index.html; hostname >> /index.html; echo up; exec httpd -f -p {port} -h /"
SOON = timedelta(seconds=30)


def web(name: str = "web", **more: object) -> Service:
    given: dict[str, object] = {"command": ("sh", "-c", TELLS), "ports": {8080: 0}, **more}
    return Service(name=name, type="docker", image=BUSYBOX, **given)  # pyright: ignore[reportArgumentType] (the tests' own values)


def answer(up_url: str | None) -> str:
    with urllib.request.urlopen(up_url or "", timeout=20) as told:  # noqa: S310 (the address is our own server's)
        return told.read().decode()


def test_an_image_is_started_with_its_command_environment_and_name(site: Site, host: str, environment: Of):
    service = web("web-1", env={"GREETING": "hello {{world}} at {host}:{port}"})
    with DockerProvisioner().provision(environment(service), site) as up:
        endpoint = up.endpoints["web-1"]
        assert endpoint.host == "127.0.0.1"
        assert endpoint.url == f"http://127.0.0.1:{endpoint.port}"
        told = answer(endpoint.url).splitlines()
        assert "GREETING=hello {world} at web-1:8080" in told
        assert told[-1] == "web-1"
        assert not any(line.startswith(("HOST=", "PORT=")) for line in told)
        assert up.variables["WEB_1_PORT"] == str(endpoint.port)


def test_a_service_reaches_another_by_its_name_and_the_port_inside(site: Site, host: str, environment: Of):
    asks = Service(
        name="asks",
        type="docker",
        image=BUSYBOX,
        command=("sh", "-c", "wget -qO- {web.url} && echo $WEB_HOST:$WEB_PORT and $OTHER_HOST.; exec sleep 1000"),
        readiness=Readiness(log=r"web:8080 and \.", timeout=SOON),
    )
    with DockerProvisioner().provision(environment(asks, web(), web("other")), site) as up:
        assert list(up.endpoints) == ["web", "other", "asks"]
        assert "hostname" not in up.logs["asks"].read_text()
        assert up.endpoints["asks"].port is None
        assert up.endpoints["asks"].url is None


def test_two_environments_neither_clash_nor_see_each_other(new_site: Callable[[], Site], host: str, environment: Of):
    lonely = Service(
        name="lonely",
        type="docker",
        image=BUSYBOX,
        command=("sh", "-c", "nslookup web || echo nobody; exec sleep 1000"),
        readiness=Readiness(log="nobody", timeout=SOON),
    )
    wish = environment(web(ports={8080: 18432}))
    with (
        DockerProvisioner().provision(wish, new_site()) as one,
        DockerProvisioner().provision(wish, new_site()) as two,
        DockerProvisioner().provision(environment(lonely), new_site()),
    ):
        ports = {one.endpoints["web"].port, two.endpoints["web"].port}
        assert len(ports) == 2
        assert 18432 in ports
        assert all("HOSTNAME=web" in answer(up.endpoints["web"].url) for up in (one, two))


def test_a_wished_port_is_given_and_one_that_is_taken_replaced(site: Site, host: str, environment: Of):
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as freed:
        busy, free = taken.getsockname()[1], freed.getsockname()[1]
        freed.close()
        service = web(ports={8080: free, 9090: busy})
        with DockerProvisioner().provision(environment(service), site) as up:
            ports = up.endpoints["web"].ports
            assert ports[8080] == free
            assert ports[9090] not in {9090, busy}


def test_a_port_is_ready_when_somebody_listens_behind_it(site: Site, host: str, environment: Of):
    slow = web(command=("sh", "-c", f"sleep 1; {TELLS}"))
    with DockerProvisioner().provision(environment(slow), site) as up:
        assert "HOSTNAME=web" in answer(up.endpoints["web"].url)


def test_a_server_that_speaks_first_is_ready_too(site: Site, host: str, environment: Of):
    program = (
        "import socket\nserver = socket.create_server(('', 8080))\nwhile True: server.accept()[0].send(b'welcome')"
    )
    greets = evolve(web(command=("python", "-c", program)), image="python:3.11-slim")
    with (
        DockerProvisioner().provision(environment(greets), site) as up,
        socket.create_connection(("127.0.0.1", up.endpoints["web"].port or 0), timeout=20) as connection,
    ):
        assert connection.recv(100) == b"welcome"


@pytest.mark.parametrize(
    "readiness",
    [
        Readiness(http="/index.html", timeout=SOON),
        Readiness(log="^up$", timeout=SOON),
        Readiness(exec=("wget", "-qO/dev/null", "http://{host}:{port}/index.html"), timeout=SOON),
    ],
    ids=["http", "log", "exec"],
)
def test_declared_readiness_is_waited_for(site: Site, host: str, environment: Of, readiness: Readiness):
    late = web(command=("sh", "-c", f"sleep 0.5; {TELLS}"), readiness=readiness)
    with DockerProvisioner().provision(environment(late), site) as up:
        assert "HOSTNAME=web" in answer(up.endpoints["web"].url)


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (("false",), "false ended with exit code 1"),
        (("sh", "-c", "echo not yet; exit 3"), "sh ended with exit code 3: not yet"),
        (("sleep", "1000"), "sleep did not end"),
        (("yes", "never"), "yes did not end: n"),
    ],
)
def test_a_command_that_never_succeeds_is_told(
    site: Site, host: str, environment: Of, command: tuple[str, ...], missing: str
):
    never = web(readiness=Readiness(exec=command, timeout=timedelta(seconds=0.5)))
    with (
        pytest.raises(ProvisionError, match=f"web was not ready within 0.5 s: {missing}"),
        DockerProvisioner().provision(environment(never), site),
    ):
        pytest.fail("it never came up")


def test_a_port_that_nobody_ever_listens_at_is_told(site: Site, host: str, environment: Of):
    deaf = web(command=("sleep", "1000"), readiness=Readiness(timeout=timedelta(seconds=0.5)))
    with (
        pytest.raises(ProvisionError, match=r"not ready within 0\.5 s: nothing listens behind 127\.0\.0\.1:"),
        DockerProvisioner().provision(environment(deaf), site),
    ):
        pytest.fail("it never came up")


@pytest.mark.parametrize("ports", [{}, {8080: 0}], ids=["without ports", "with a port"])
@pytest.mark.parametrize("code", [0, 3])
def test_an_image_that_exits_at_once_is_told_with_its_log_and_the_others_go_down(
    site: Site, host: str, environment: Of, code: int, ports: dict[int, int]
):
    ends = web("ends", command=("sh", "-c", f"echo cannot go on; exit {code}"), ports=ports, depends_on=("web",))
    with (
        pytest.raises(ProvisionError, match=f"(?s)ends ended with exit code {code} .*cannot go on") as caught,
        DockerProvisioner().provision(environment(ends, web()), site),
    ):
        pytest.fail("it never came up")
    assert "up" in caught.value.logs["web"]
    assert not site.directory.exists()


def test_a_program_that_the_image_lacks_is_told(site: Site, host: str, environment: Of):
    with (
        pytest.raises(ProvisionError, match=r"(?s)web ended with exit code 127 .*no-such-program"),
        DockerProvisioner().provision(environment(web(command=("no-such-program",))), site),
    ):
        pytest.fail("it never came up")


def test_odd_names_get_hosts_that_can_be_found(site: Site, host: str, environment: Of):
    names = ("the shop", "the-shop", "../Läden", "日本")
    hosts = ("the-shop", "the-shop-2", "L-den", "service")
    asks = Service(
        name="asks",
        type="docker",
        image=BUSYBOX,
        command=("sh", "-c", f"{' && '.join(f'wget -qO- {each}:8080' for each in hosts)} && exec sleep 1000"),
        depends_on=names,
        readiness=Readiness(log="^service$", timeout=SOON),
    )
    with DockerProvisioner().provision(environment(*map(web, names), asks), site) as up:
        assert {name: answer(up.endpoints[name].url).splitlines()[-1] for name in names} == {
            "the shop": "the-shop",
            "the-shop": "the-shop-2",
            "../Läden": "L-den",
            "日本": "service",
        }


def test_what_images_expose_are_the_ports_that_nobody_declared(site: Site, host: str, environment: Of):
    cache = Service(name="cache", type="docker", image="redis:7")
    with (
        DockerProvisioner().provision(environment(cache), site) as up,
        socket.create_connection(("127.0.0.1", up.endpoints["cache"].ports[6379]), timeout=20) as connection,
    ):
        connection.sendall(b"PING\r\n")
        assert connection.recv(10) == b"+PONG\r\n"


def test_what_containers_leave_in_volumes_goes_with_them(site: Site, host: str, environment: Of):
    bare = Service(name="bare", type="docker", image="postgres:15", env={"POSTGRES_HOST_AUTH_METHOD": "trust"})
    with DockerProvisioner().provision(environment(bare), site) as up:
        assert up.endpoints["bare"].port


def test_labels_say_whose_a_container_is(site: Site, host: str, environment: Of, api: docker.APIClient):
    with DockerProvisioner().provision(environment(web()), site):
        [found] = api.containers(filters={"label": f"testflow.lease={site.directory}"})
        assert found["Labels"]["testflow.service"] == "web"
        assert found["Labels"]["testflow.environment"] == "e"
        [network] = api.networks(filters={"label": [f"testflow.lease={site.directory}"]})
        assert network["Name"] in found["NetworkSettings"]["Networks"]


def test_a_service_that_ignores_signals_is_killed_after_its_grace(site: Site, host: str, environment: Of):
    stubborn = web(command=("sh", "-c", "trap '' TERM; echo up; while true; do sleep 1; done"), ports={})
    with DockerProvisioner().provision(environment(stubborn), site) as up:
        assert up.endpoints["web"].port is None


def test_a_type_that_is_not_known_and_wrong_ports_are_told_with_their_paths(environment: Of):
    services = environment(
        Service(name="pg", type="postgress"),
        Service(name="db", type="postgres", config={"port": 70000}),
        Service(name="cache", type="redis", config={"port": -1}),
        Service(name="queue", type="redis", config={"prot": 1}),
    )
    found = {problem.path: problem.message for problem in DockerProvisioner().problems(services)}
    assert set(found) == {
        "$.services.pg.type",
        "$.services.db.config.port",
        "$.services.cache.config.port",
        "$.services.queue.config.prot",
    }
    assert "did you mean 'postgres'" in found["$.services.pg.type"]


def test_an_image_that_nobody_names_is_refused_and_fails(site: Site, environment: Of):
    nameless = environment(Service(name="x", type="docker"))
    assert DockerProvisioner().refuses(nameless) == "x: it names no image and bears no application's name"
    with (
        pytest.raises(ProvisionError, match="the service x names no image"),
        DockerProvisioner().provision(nameless, site),
    ):
        pytest.fail("it never came up")


def test_a_port_that_somebody_takes_in_the_last_moment_is_replaced(site: Site, host: str, tmp_path: Path):
    with Connection(host) as connection, socket.create_server((LOOPBACK, 0)) as server, network(connection) as name:
        taken = server.getsockname()[1]
        recipe = Recipe(
            service="web",
            name=name,
            image="busybox:latest",
            host="web",
            network=name,
            labels={},
            ports={80: taken},
            command=("sleep", "1000"),
        )
        container = start(connection, recipe, tmp_path / "log")
        (published,) = connection.api.inspect_container(container.id)["NetworkSettings"]["Ports"]["80/tcp"]
        connection.api.remove_container(container.id, v=True, force=True)
    assert int(published["HostPort"]) not in {0, taken}


def test_a_port_that_refuses_is_not_open_yet():
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    assert open_probe(LOOPBACK, port)(1) == f"no connection to {LOOPBACK}:{port} (Connection refused)"


@contextmanager
def network(connection: Connection) -> Generator[str]:
    name = f"testflow-test-{uuid4().hex}"
    connection.api.create_network(name, driver="bridge", labels={})
    yield name
    connection.api.remove_network(name)


def test_what_can_be_started_here_is_not_refused(host: str, environment: Of):
    services = (web(), Service(name="db", type="postgres"), Service(name="cache", type="redis"))
    assert DockerProvisioner().refuses(environment(*services)) is None
