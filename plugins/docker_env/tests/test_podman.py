"""Podman's socket is as good as an engine's: what holds of the provisioner `docker` holds there."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import docker
import pytest
from testflow_docker_env import DockerProvisioner
from testflow_docker_env.hosts import no_engine

from testflow_core.model import Environment, Readiness, Service
from testflow_core.testing.contracts import ProvisionerContract, ProvisionerThatCleans, ProvisionerWithFaults

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

SERVE = ("httpd", "-f", "-p", "80")
BOTH = ("sh", "-c", "httpd -p 81; exec httpd -f -p 80")
NEEDS_WEB = ("sh", "-c", 'nc "$WEB_HOST" "$WEB_PORT" </dev/null && test "$WEB" = "web:80" && exec httpd -f -p 80')
LIMITS = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
ENOUGH = 4096
NEVER = Readiness(log="what nobody says")


@contextmanager
def service_of_podman(directory: Path) -> Generator[tuple[str, list[str]]]:
    """The address of a Podman that has nothing in common with any other on this machine, and its command."""
    program = shutil.which("podman")
    if program is None:
        reason = "no Podman here; install Debian's podman, catatonit, netavark and aardvark-dns"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    (directory / "containers.conf").write_text(settings())
    command = [program, f"--root={directory / 'root'}", f"--runroot={directory / 'run'}", "--storage-driver=vfs"]
    command += [f"--tmpdir={directory / 'tmp'}", f"--network-config-dir={directory / 'networks'}"]
    command += ["--cgroup-manager=cgroupfs", "--events-backend=file"]
    if runtime := shutil.which("runc"):
        # Podman's own choice, crun, wants cgroups of one version alone.
        command.append(f"--runtime={runtime}")
    address = f"unix://{directory / 'podman.sock'}"
    command = ["env", f"CONTAINERS_CONF={directory / 'containers.conf'}", *command]
    with subprocess.Popen([*command, "system", "service", "--time=0", address]) as process:
        while no_engine(address):
            assert process.poll() is None
        yield address, command
        process.terminate()


def settings() -> str:
    """Limits that anybody may have: Podman wants its containers to have more than ours, which not every root may."""
    found = {name: resource.getrlimit(number)[1] for name, number in LIMITS.items()}
    limits = [f"{name}={ENOUGH}:{ENOUGH}" for name, most in found.items() if not 0 <= most < ENOUGH]
    return f'[containers]\ndefault_ulimits = {limits}\n[network]\nnetwork_backend = "netavark"\n'


@pytest.fixture(scope="session")
def podman(host: str) -> Iterator[str]:
    """Podman's socket, with the smallest of the images that the engine has."""
    with (
        # Pytest's own directories are longer than the 50 characters that Podman takes.
        TemporaryDirectory(prefix="pm-", ignore_cleanup_errors=True) as place,
        service_of_podman(Path(place)) as (address, command),
        docker.APIClient(base_url=host) as engine,
    ):
        directory = Path(place)
        with (directory / "image.tar").open("wb") as file:
            file.writelines(engine.get_image("busybox:latest"))
        subprocess.run([*command, "load", "--quiet", "--input", directory / "image.tar"], check=True)
        yield address


@pytest.fixture(scope="session")
def api(podman: str) -> Iterator[docker.APIClient]:
    """In place of the engine's: so what is left is looked for at Podman's."""
    with docker.APIClient(base_url=podman) as client:
        yield client


def environment(*services: Service) -> Environment:
    return Environment(name="contract", services={service.name: service for service in services})


def image(name: str, *command: str, ports: tuple[int, ...] = (80,), **fields: Any) -> Service:
    wished = dict.fromkeys(ports, 0)
    return Service(name=name, type="docker", image="busybox:latest", command=command or SERVE, ports=wished, **fields)


class TestPodman(ProvisionerContract, ProvisionerThatCleans, ProvisionerWithFaults):
    services = {
        "one that needs another by its name": environment(
            image("web", *BOTH, ports=(80, 81), readiness=Readiness(exec=("pidof", "httpd"))),
            image("api", *NEEDS_WEB, env={"WEB": "{web.host}:{web.port}"}, depends_on=("web",)),
        ),
    }
    failures = {
        "an image that ends": (
            environment(image("db", "sh", "-c", "echo no disk; exit 3", readiness=NEVER)),
            "no disk",
        ),
    }
    disturbed = {"an image": environment(image("web"))}

    @pytest.fixture
    def provisioner(self, podman: str, nothing_left: None) -> DockerProvisioner:
        return DockerProvisioner(host=podman)
