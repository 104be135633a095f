"""An engine that stops in mid-run and one whose disk is full: engines of the tests' own, which may come to harm."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from testflow_docker_env import DockerProvisioner
from testflow_docker_env.hosts import no_engine

from testflow_core.errors import ProvisionError
from testflow_core.model import Application, Environment, Service, Site
from testflow_core.provisioning.leases import private_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.provisioning.launch import Place, Running

# The SDK leaves a socket behind that could not connect.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

LIMIT = 60.0
SIZE = "size=48m"


class OwnEngine:
    """A dockerd whose files are in a small memory file system."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.host = f"unix://{directory}/docker.sock"

    def start(self) -> None:
        paths = [f"--data-root={self.directory}/data", f"--exec-root={self.directory}/exec", f"-p={self.directory}/pid"]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                # In a network of its own: two engines would quarrel about their bridges.
                ["unshare", "--net", "dockerd", *paths, "-H", self.host],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while no_engine(self.host):
            assert self.process.poll() is None, (self.directory / "log").read_text()[-2000:]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(LIMIT)

    def load(self, api: docker.APIClient, image: str) -> None:
        with self.client() as own:
            own.load_image(b"".join(api.get_image(image)))

    @contextmanager
    def client(self) -> Iterator[docker.APIClient]:
        own = docker.APIClient(base_url=self.host)
        yield own
        own.close()


ENGINES: dict[str, OwnEngine] = {}


@pytest.fixture
def own_engine(host: str, api: docker.APIClient) -> Iterator[OwnEngine]:
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        pytest.skip("an engine of one's own needs dockerd, and to be root")
    # Its socket needs a short path.
    directory = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    (directory / "data").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", SIZE, "tmpfs", directory / "data"], check=True)
    engine = OwnEngine(directory)
    ENGINES[engine.host] = engine
    try:
        engine.start()
        engine.load(api, "busybox:latest")
        yield engine
        engine.stop()
    finally:
        gc.collect()
        subprocess.run(["umount", "-R", directory / "data"], check=False, capture_output=True)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    with private_directory() as lease:
        yield Site(lease=lease.name, directory=lease.directory, workspace=tmp_path)


def sleeping(name: str = "web", **more: object) -> Service:
    given: dict[str, object] = {"image": "busybox:latest", "command": ("sleep", "1000"), **more}
    return Service(name=name, type="docker", **given)  # pyright: ignore[reportArgumentType] (the tests' own values)


def environment(*services: Service) -> Environment:
    return Environment(name="e", services={service.name: service for service in services})


class StopsBefore(DockerProvisioner):
    """Its engine stops before it starts the service `later`."""

    def start(self, service: Service, place: Place) -> Running:
        if service.name == "later":
            stop(self.host)
        return super().start(service, place)


class StopsAfter(DockerProvisioner):
    """Its engine stops as soon as it has started a service."""

    def start(self, service: Service, place: Place) -> Running:
        running = super().start(service, place)
        stop(self.host)
        return running


def stop(host: str | None) -> None:
    ENGINES[host or ""].stop()


def test_an_engine_that_stops_in_mid_run_is_told_and_what_it_had_is_removed_once_it_is_back(
    own_engine: OwnEngine, own_site: Site
):
    def run() -> None:
        with DockerProvisioner(host=own_engine.host).provision(environment(sleeping()), own_site):
            own_engine.stop()

    with pytest.raises(ProvisionError, match=r"cannot be removed: the container engine at .* does not answer"):
        run()
    own_engine.start()
    with own_engine.client() as own, private_directory() as lease:
        assert len(own.containers(all=True)) == 1
        site = Site(lease=lease.name, directory=lease.directory, workspace=own_site.workspace)
        with DockerProvisioner(host=own_engine.host).provision(environment(), site):
            assert own.containers(all=True) == []


@pytest.mark.parametrize("provisioner", [StopsBefore, StopsAfter])
def test_an_engine_that_stops_while_services_start_fails_the_environment_with_the_reason(
    own_engine: OwnEngine, own_site: Site, provisioner: type[DockerProvisioner]
):
    services = environment(sleeping(), sleeping("later", depends_on=("web",)))
    # Told by whoever notices first: the engine's last word is that its containers have ended.
    with (
        pytest.raises(ProvisionError, match=r"the container engine at .* does not answer|ended with exit code 1\d\d"),
        provisioner(host=own_engine.host).provision(services, own_site),
    ):
        pytest.fail("it never came up")
    own_engine.start()


def test_a_full_disk_is_told_by_the_last_lines_of_a_build(own_engine: OwnEngine, own_site: Site, tmp_path: Path):
    checkout = tmp_path / "app"
    checkout.mkdir()
    (checkout / "Dockerfile").write_text("FROM busybox:latest\nRUN dd if=/dev/zero of=/big bs=1M count=100\n")
    app = Service(name="app", type="docker", application=Application(name="app", path=checkout))
    with (
        pytest.raises(ProvisionError, match="image of app cannot be built") as caught,
        DockerProvisioner(host=own_engine.host).provision(environment(app), own_site),
    ):
        pytest.fail("it never came up")
    assert "No space left on device" in str(caught.value)


def test_a_disk_that_is_full_before_a_container_is_made_is_told_with_the_remedy(own_engine: OwnEngine, own_site: Site):
    with (own_engine.directory / "data" / "big").open("wb") as big:
        try:
            while True:
                big.write(bytes(1 << 16))
                big.flush()
        except OSError:
            pass
    with (
        pytest.raises(ProvisionError, match=r"no space left on device; free some space \(`docker system df`"),
        DockerProvisioner(host=own_engine.host).provision(environment(sleeping()), own_site),
    ):
        pytest.fail("it never came up")
