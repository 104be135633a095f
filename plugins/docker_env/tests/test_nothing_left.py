"""However a run ends, nothing of it is on the engine; and what others have there is not touched."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testflow_docker_env import DockerProvisioner, remains
from testflow_docker_env.connection import Connection

from testflow_core.errors import ProvisionError
from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning.leases import private_directory
from testflow_core.provisioning.process_tree import descendants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

    Of = Callable[..., Environment]

LIMIT = 60.0
SLEEPS = ("sleep", "1000")

ENGINE = """
import signal, sys
from pathlib import Path
from testflow_core.model import Environment, Service, Site
from testflow_core.provisioning.leases import private_directory
from testflow_docker_env import DockerProvisioner
def service(name, *needs):
    return Service(name=name, type="docker", image="busybox:latest", command=("sleep", "1000"), depends_on=needs)
services = [service("one"), service("other"), service("last", "one", "other"), Service(name="db", type="postgres")]
environment = Environment(name="e", services={each.name: each for each in services})
def tell(word):
    print(word, flush=True)
def engine():
    with private_directory() as lease:
        site = Site(lease=lease.name, directory=lease.directory, workspace=Path("/"))
        tell("starting")
        with DockerProvisioner().provision(environment, site):
            tell("up")
            if sys.argv[1] == "fails":
                raise SystemExit("something else failed")
            signal.pause()
try:
    engine()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    directory = tmp_path / "t"
    directory.mkdir()
    return directory


@pytest.fixture
def engine(
    host: str, temporary: Path, request: pytest.FixtureRequest, nothing_left: None
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, request.param],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def told(engine: subprocess.Popen[str], word: str) -> None:
    assert engine.stdout is not None
    assert select.select([engine.stdout], [], [], LIMIT)[0]
    assert engine.stdout.readline() == f"{word}\n"


def all_end(pids: list[int]) -> bool:
    """Whether these processes end within the limit; the supervisor is the last, once the engine is cleared."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([handle], [], [], LIMIT)[0]:
                return False
        finally:
            os.close(handle)
    return True


def family(engine: subprocess.Popen[str]) -> list[int]:
    return [process.pid for process in descendants(engine.pid)]


def relatives(temporary: Path) -> list[int]:
    """The processes that were given this temporary directory; one that was just forked has no parent to be told by."""
    found: list[int] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"TMPDIR={temporary}\0".encode() in environ:
            found.append(int(process.name))
    return found


@pytest.mark.parametrize("engine", ["up"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
def test_nothing_is_left_when_the_engine_is_ended(engine: subprocess.Popen[str], how: signal.Signals, temporary: Path):
    told(engine, "starting")
    told(engine, "up")
    pids = family(engine)
    engine.send_signal(how)
    engine.wait(LIMIT)
    assert all_end(pids)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("engine", ["fails"], indirect=True)
def test_nothing_is_left_when_something_else_fails(engine: subprocess.Popen[str], temporary: Path):
    assert engine.wait(LIMIT) == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("engine", ["starts"], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=lambda each: each.name)
@pytest.mark.parametrize("moment", [0.0, 0.3, 0.6, 1.2])
def test_nothing_is_left_when_the_engine_is_ended_while_services_start(
    engine: subprocess.Popen[str], moment: float, how: signal.Signals, temporary: Path
):
    told(engine, "starting")
    # Wherever it may be by then: every moment must do.
    assert engine.stdout is not None
    select.select([engine.stdout], [], [], moment)
    engine.send_signal(how)
    engine.wait(LIMIT)
    while left := relatives(temporary):
        assert all_end(left)


@pytest.fixture
def orphan(host: str, api: docker.APIClient, nothing_left: None) -> Iterator[Callable[[dict[str, str]], str]]:
    """A container and a network that somebody has left behind, by their labels; the container's id."""
    made: list[str] = []
    networks: list[str] = []

    def leave(labels: dict[str, str]) -> str:
        networks.append(api.create_network(f"testflow-left-{len(networks)}-{os.getpid()}", labels=labels)["Id"])
        container = api.create_container("busybox:latest", list(SLEEPS), labels=labels)["Id"]
        api.start(container)
        made.append(container)
        return container

    yield leave
    for container in made:
        if there(api, container):
            api.remove_container(container, force=True)
    for network in {each["Id"] for each in api.networks()} & set(networks):
        api.remove_network(network)


def there(api: docker.APIClient, container: str) -> bool:
    return container in {each["Id"] for each in api.containers(all=True)}


def provision_something(site: Site) -> None:
    service = Service(name="web", type="docker", image="busybox:latest", command=SLEEPS)
    with DockerProvisioner().provision(Environment(name="e", services={"web": service}), site):
        pass


def test_what_a_dead_run_has_left_goes_at_the_next_start(
    orphan: Callable[[dict[str, str]], str], api: docker.APIClient, new_site: Callable[[], Site], tmp_path: Path
):
    left = orphan(remains.marks(tmp_path / "gone"))
    provision_something(new_site())
    assert not there(api, left)
    assert not api.networks(filters={"label": [f"{remains.LEASE}={tmp_path / 'gone'}"]})


def test_cleaning_by_hand_tells_what_went(
    orphan: Callable[[dict[str, str]], str], api: docker.APIClient, tmp_path: Path
):
    with private_directory() as alive:
        left, had = orphan(remains.marks(tmp_path / "gone")), orphan(remains.marks(alive.directory))
        name = api.inspect_container(left)["Name"].lstrip("/")
        removed = list(DockerProvisioner().clean())
        assert f"container {name}" in removed
        assert any(line.startswith("network ") for line in removed)
        assert (there(api, left), there(api, had)) == (False, True)
    list(DockerProvisioner().clean())
    assert not there(api, had)


def test_cleaning_where_no_engine_answers_does_nothing():
    assert list(DockerProvisioner(host="unix:///nowhere/docker.sock").clean()) == []


def test_what_a_living_run_has_is_not_touched(
    orphan: Callable[[dict[str, str]], str], api: docker.APIClient, new_site: Callable[[], Site]
):
    with private_directory() as alive:
        had = orphan(remains.marks(alive.directory))
        provision_something(new_site())
        assert there(api, had)


@pytest.mark.parametrize(
    "labels", [{}, {remains.LEASE: "/elsewhere"}, {remains.LEASE: "/elsewhere", remains.OWNER: "other:0:1"}]
)
def test_what_belongs_to_others_is_not_touched(
    orphan: Callable[[dict[str, str]], str],
    api: docker.APIClient,
    new_site: Callable[[], Site],
    labels: dict[str, str],
):
    had = orphan(labels)
    provision_something(new_site())
    assert there(api, had)


def test_what_is_left_when_the_supervisor_is_killed_too_goes_at_the_next_start(
    api: docker.APIClient, host: str, temporary: Path, new_site: Callable[[], Site]
):
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, "up"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as engine:
        told(engine, "starting")
        told(engine, "up")
        pids = family(engine)
        os.kill(engine.pid, signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        engine.kill()
    assert all_end(pids)
    assert api.containers(filters={"label": remains.LEASE})
    provision_something(new_site())
    assert not api.containers(all=True, filters={"label": remains.LEASE})


def test_containers_that_cannot_be_removed_in_time_are_told(
    orphan: Callable[[dict[str, str]], str], host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("testflow_docker_env.remains._LIMIT", -1)
    orphan(remains.marks(tmp_path))
    with Connection(host) as connection, pytest.raises(ProvisionError, match="are still there after"):
        remains.remove(connection, tmp_path)


def test_two_who_remove_the_same_do_not_disturb_each_other(
    orphan: Callable[[dict[str, str]], str], api: docker.APIClient, host: str, tmp_path: Path
):
    left = [orphan(remains.marks(tmp_path)) for _ in range(3)]
    program = [sys.executable, "-m", "testflow_docker_env.remains", host, str(tmp_path)]
    other = subprocess.Popen(program)
    with Connection(host) as connection:
        remains.remove(connection, tmp_path)
    assert other.wait(LIMIT) == 0
    assert not any(there(api, each) for each in left)
