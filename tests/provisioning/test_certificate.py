"""What belongs to a private directory is certified, left or not, and nothing of anybody else."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from servers import Servers, environment, pids, server

from testflow_core.errors import ProvisionError
from testflow_core.model import Certificate, Site
from testflow_core.provisioning import lease_files
from testflow_core.provisioning.certificate import certified
from testflow_core.provisioning.kernel import mount
from testflow_core.provisioning.leases import PortLeases
from testflow_core.provisioning.process_tree import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testflow_core.provisioning.leases import DirectoryLease

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists what there is under /proc")

OUR_MARK = "0123456789abcdef"
LIBC = ctypes.CDLL(None, use_errno=True)
SLEEPS = "import signal; print('up', flush=True); signal.pause()"
LISTENS = """
import signal, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("up", flush=True)
signal.pause()
"""
MAKES_A_SEGMENT = """
import ctypes, signal
print(ctypes.CDLL(None).shmget(0, 4096, 0o1600), flush=True)
signal.pause()
"""
MAPS_A_FILE = """
import mmap, os, signal, sys
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.truncate(descriptor, 4096)
mapped = mmap.mmap(descriptor, 4096)
print("up", flush=True)
signal.pause()
"""


class Certifying:
    """Private directories, and the certificates of those that are gone; processes that somebody started."""

    def __init__(self) -> None:
        self.certificates: list[Certificate] = []
        self.processes: list[subprocess.Popen[str]] = []

    @property
    def left(self) -> Mapping[str, tuple[str, ...]]:
        return self.certificates[-1].left

    @property
    def held(self) -> Mapping[str, tuple[str, ...]]:
        return self.certificates[-1].held

    def directory(self, elsewhere: Mapping[str, tuple[str, ...]] | None = None):
        return certified("shop", self.certificates.append, lambda _lease: elsewhere or {})

    def start(self, program: str, *arguments: str, mark: str | None = None) -> tuple[subprocess.Popen[str], str]:
        """A process that no supervisor knows, and its first line."""
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", program, *arguments],
            env={MARKER: f"{mark}:1"} if mark else {},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    def end(self) -> None:
        while self.processes:
            with self.processes.pop() as process:
                process.kill()


@pytest.fixture
def certifying() -> Iterator[Certifying]:
    made = Certifying()
    yield made
    made.end()


def marked(lease: DirectoryLease) -> None:
    """A supervisor has noted its mark."""
    lease_files.note(lease.directory, f"{MARKER}={OUR_MARK}")


def site_of(lease: DirectoryLease, workspace: Path, isolation: str | None) -> Site:
    return Site(lease=lease.name, directory=lease.directory, workspace=workspace, isolation=isolation)


@pytest.mark.parametrize("tier", ["namespaces", "subreaper", "leases"])
def test_an_environment_holds_what_it_was_given_and_leaves_nothing(certifying: Certifying, tmp_path: Path, tier: str):
    with certifying.directory() as (lease, look):
        site = site_of(lease, tmp_path, None if tier == "namespaces" else tier)
        with Servers().provision(environment(server("a"), server("b")), site) as up:
            look()
    ports = sorted(f"127.0.0.1:{endpoint.port}" for endpoint in up.endpoints.values())
    assert sorted(certifying.held["port"]) == ports
    assert certifying.held["directory"] == (str(site.directory),)
    # Its guardian and its supervisor belong to it as well.
    assert len(certifying.held["process"]) >= 4
    assert tier == "namespaces" or {str(pid) for pid in pids(site)} <= {
        name.partition(" ")[0] for name in certifying.held["process"]
    }
    assert certifying.certificates[-1].clean
    assert certifying.certificates[-1].leaks == ()


def test_an_environment_that_does_not_come_up_leaves_nothing_either(certifying: Certifying, tmp_path: Path):
    bad = server("bad", "good", program="raise SystemExit(3)")
    with (
        certifying.directory() as (lease, _),
        pytest.raises(ProvisionError),
        Servers().provision(environment(server("good"), bad), site_of(lease, tmp_path, None)),
    ):
        pytest.fail("it never came up")
    assert certifying.held == {}
    assert certifying.left == {}


@pytest.mark.parametrize("looked", [True, False])
def test_a_process_that_no_supervisor_knows_is_left_by_its_mark(certifying: Certifying, looked: bool):
    with certifying.directory() as (lease, look):
        marked(lease)
        process, _ = certifying.start(SLEEPS, mark=OUR_MARK)
        if looked:
            look()
    [name] = certifying.left["process"]
    assert name.startswith(f"{process.pid} (")
    assert list(certifying.left) == ["process"]
    [sentence] = certifying.certificates[-1].leaks
    assert sentence == f"the environment 'shop' has left the process {name}; end or remove it by hand"


def test_the_child_of_a_marked_process_is_ours_also_when_its_parent_is_gone(certifying: Certifying):
    program = (
        "import os, signal; pid = os.fork() or os.execve('/bin/sleep', ['sleep', '100'], {});"
        "print(pid, flush=True); signal.pause()"
    )
    with certifying.directory() as (lease, look):
        marked(lease)
        _, child = certifying.start(program, mark=OUR_MARK)
        look()
        certifying.end()
    os.kill(int(child), 9)
    assert certifying.left["process"] == (f"{child} (sleep)",)


def test_what_ends_within_the_grace_is_no_leak(certifying: Certifying):
    with certifying.directory() as (lease, look):
        marked(lease)
        certifying.start("import time; print('up', flush=True); time.sleep(0.3)", mark=OUR_MARK)
        look()
    assert len(certifying.held["process"]) == 1
    assert certifying.left == {}


def test_processes_of_others_are_not_ours(certifying: Certifying):
    with certifying.directory() as (lease, look):
        marked(lease)
        with certified("other", certifying.certificates.append) as (other, _):
            lease_files.note(other.directory, f"{MARKER}=fedcba9876543210")
            certifying.start(SLEEPS)
            certifying.start(SLEEPS, mark="fedcba9876543210")
            look()
    other, ours = certifying.certificates
    assert len(other.left["process"]) == 1
    assert "process" not in ours.held
    assert ours.clean


def test_a_listener_at_a_port_that_was_leased_is_left_where_it_is_ours(certifying: Certifying):
    with (
        contextlib.ExitStack() as listeners,
        certifying.directory() as (lease, look),
        PortLeases(lease.directory) as ports,
    ):
        ours, of_a_process = ports.lease(), ports.lease()
        listeners.enter_context(socket.create_server(("127.0.0.1", ours)))
        marked(lease)
        certifying.start(LISTENS, str(of_a_process), mark=OUR_MARK)
        look()
    told = tuple(f"127.0.0.1:{port}" for port in sorted([ours, of_a_process]))
    assert certifying.held["port"] == certifying.left["port"] == told


def test_a_stranger_at_a_port_that_was_leased_is_nobody_of_ours(certifying: Certifying):
    with certifying.directory() as (lease, look):
        with PortLeases(lease.directory) as ports:
            port = ports.lease()
            look()
        certifying.start(LISTENS, str(port))
    assert "port" not in certifying.held
    assert certifying.left == {}


def test_a_directory_and_a_mount_in_it_are_left(certifying: Certifying):
    with contextlib.ExitStack() as unmounts, certifying.directory() as (lease, look):
        point = lease.directory / "a disk"
        point.mkdir()
        try:
            mount("none", str(point), "tmpfs", 0)
        except OSError as error:
            pytest.skip(f"nothing can be mounted here: {error}")
        (point / "file").touch()
        unmounts.callback(lease_files.clear, lease.directory)
        unmounts.callback(LIBC.umount, os.fsencode(point))
        look()
        kept = unmounts.pop_all()
    kept.close()
    assert certifying.held["mount"] == certifying.left["mount"] == (str(point.resolve()),)
    assert certifying.left["directory"] == (str(lease.directory),)
    assert not lease.directory.exists()


def test_a_segment_of_shared_memory_is_left_when_its_maker_is_gone(certifying: Certifying):
    stranger, strange = certifying.start(MAKES_A_SEGMENT)
    with certifying.directory() as (lease, look):
        marked(lease)
        maker, segment = certifying.start(MAKES_A_SEGMENT, mark=OUR_MARK)
        look()
        certifying.end()
    for each in (segment, strange):
        LIBC.shmctl(int(each), 0, None)
    assert stranger.pid != maker.pid
    assert certifying.left == {"shared memory": (f"segment {segment} of process {maker.pid}",)}


def test_a_file_of_shared_memory_is_left_when_it_was_mapped(certifying: Certifying):
    ours, stranger = (Path(f"/dev/shm/testflow-test-{os.getpid()}-{name}") for name in ("ours", "stranger"))  # noqa: S108
    no_memory = ours.with_name(f"{ours.name}-fifo")
    with contextlib.ExitStack() as files:
        for path in (ours, stranger, no_memory):
            files.callback(path.unlink, missing_ok=True)
        os.mkfifo(no_memory)
        with certifying.directory() as (lease, look):
            marked(lease)
            certifying.start(MAPS_A_FILE, str(ours), mark=OUR_MARK)
            certifying.start(MAPS_A_FILE, str(stranger))
            look()
            certifying.end()
        assert certifying.left == {"shared memory": (str(ours),)}
        with certifying.directory() as (lease, look):
            marked(lease)
            again = ours.with_name(f"{ours.name}-again")
            certifying.start(MAPS_A_FILE, str(again), mark=OUR_MARK)
            look()
            certifying.end()
            again.unlink()
        assert certifying.held["shared memory"] == (str(again),)
        assert certifying.left == {}


def test_what_a_provisioner_knows_of_is_told_by_its_own_kind(certifying: Certifying):
    with certifying.directory({"container": ("shop-db", "shop-api"), "network": ()}) as (_, look):
        look()
    assert certifying.left == {"container": ("shop-db", "shop-api")}
    assert str(certifying.certificates[-1]) == (
        "shop: held 1 directory, 2 container; left container shop-db, container shop-api"
    )
    assert len(certifying.certificates[-1].leaks) == 2


def test_a_certificate_says_what_was_held():
    held = {"process": ("1 (a)", "2 (b)"), "directory": ("/tmp/x",)}  # noqa: S108
    assert str(Certificate(environment="shop", held=held)) == "shop: held 2 process, 1 directory; nothing left"
    assert str(Certificate(environment="")) == "run: held nothing; nothing left"
    assert Certificate(environment="", left={"port": ("127.0.0.1:80",)}).leaks == (
        "the run has left the port 127.0.0.1:80; end or remove it by hand",
    )


def test_a_directory_that_cannot_be_leased_has_no_certificate(certifying: Certifying, tmp_path: Path, monkeypatch):
    (tmp_path / f"testflow-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"testflow-{os.getuid()}").chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ProvisionError), certifying.directory():
        pytest.fail("it is not only ours")
    assert certifying.certificates == []
