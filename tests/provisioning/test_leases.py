"""Directories and ports that are ours alone."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import lease_files, leases
from testflow_core.provisioning.leases import LOOPBACK, PortLeases, private_directory
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDER = """
import signal, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from testflow_core.provisioning.leases import PortLeases, private_directory
with private_directory() as lease, PortLeases(lease.directory) as ports:
    print(lease.directory, flush=True)
    print(ports.lease(int(sys.argv[1])), flush=True)
    signal.pause()
"""


@pytest.fixture(autouse=True)
def temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No lease of other runs on this machine is seen, nor is ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ephemeral_range() -> range:
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split())
    return range(low, high + 1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def test_a_private_directory_is_the_users_alone_and_gone_on_exit(temporary_directory: Path):
    with private_directory() as lease:
        assert lease.directory.stat().st_mode & 0o777 == 0o700
        assert lease.name in lease.directory.name
        (lease.directory / "file").touch()
    assert list(temporary_directory.iterdir()) == []


def test_two_private_directories_differ():
    with private_directory() as one, private_directory() as other:
        assert one.directory != other.directory
        assert one.name != other.name
        assert one.directory.is_dir()


def test_a_private_directory_is_held_for_as_long_as_its_owner_lives():
    with private_directory() as lease:
        assert leases.held(lease.directory)
    assert not leases.held(lease.directory)


def test_a_directory_whose_owner_died_is_held_by_nobody(tmp_path: Path):
    (tmp_path / lease_files.MANIFEST).touch()
    assert not leases.held(tmp_path)


def test_a_directory_of_leases_that_others_may_use_is_refused(temporary_directory: Path):
    (temporary_directory / f"testflow-{os.getuid()}").mkdir(mode=0o755)
    with pytest.raises(ProvisionError, match="only you can use; remove it"), private_directory():
        pass


def test_a_link_in_place_of_the_directory_of_leases_is_refused(temporary_directory: Path):
    elsewhere = temporary_directory / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (temporary_directory / f"testflow-{os.getuid()}").symlink_to(elsewhere)
    with pytest.raises(ProvisionError, match="only you can use"), private_directory():
        pass


def test_the_wished_port_is_leased_where_it_is_free():
    wished = free_port()
    with private_directory() as lease, PortLeases(lease.directory) as ports:
        assert ports.lease(wished) == wished


def test_another_port_is_leased_where_the_wished_one_is_leased():
    wished = free_port()
    with private_directory() as lease, PortLeases(lease.directory) as mine, PortLeases(lease.directory) as others:
        assert mine.lease(wished) == wished
        assert others.lease(wished) != wished
        assert mine.lease(wished) != wished


@pytest.mark.parametrize("address", [LOOPBACK, "0.0.0.0"])  # noqa: S104 (a server on every address is the case)
def test_another_port_is_leased_where_somebody_listens_on_the_wished_one(address: str):
    with private_directory() as lease, PortLeases(lease.directory) as ports, socket.socket() as server:
        server.bind((address, 0))
        server.listen()
        wished = server.getsockname()[1]
        assert ports.lease(wished) != wished


def test_a_port_is_nobody_elses_whatever_his_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with private_directory() as mine, PortLeases(mine.directory) as ports:
        port = ports.lease()
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
        with private_directory() as his, PortLeases(his.directory) as others:
            assert others.lease(port) != port
    with private_directory() as his, PortLeases(his.directory) as others:
        assert others.lease(port) == port


@pytest.mark.parametrize("wished", [0, -1, 65536, 10**12])
def test_a_port_that_is_none_is_never_leased(wished: int):
    with private_directory() as lease, PortLeases(lease.directory) as ports:
        assert 0 < ports.lease(wished) < 65536


def test_ports_are_leased_outside_the_kernels_own_range():
    with private_directory() as lease, PortLeases(lease.directory) as ports:
        leased = {ports.lease() for _ in range(10)}
        assert len(leased) == 10
        assert not leased & set(ephemeral_range())


def test_a_port_can_be_leased_again_once_it_is_given_back(temporary_directory: Path):
    wished = free_port()
    for _ in range(2):
        with private_directory() as lease, PortLeases(lease.directory) as ports:
            assert ports.lease(wished) == wished
    assert list(temporary_directory.iterdir()) == []


def test_no_free_port_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leases, "bindable", lambda _port: False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with (
        private_directory() as lease,
        PortLeases(lease.directory) as ports,
        pytest.raises(ProvisionError, match="no port is free on"),
    ):
        ports.lease()


@pytest.mark.parametrize("content", [None, "nonsense", "10240 65535"])
def test_ports_are_found_whatever_the_kernel_tells_of_its_range(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told = tmp_path / "range"
    if content is not None:
        told.write_text(content)
    monkeypatch.setattr(leases, "_KERNEL_RANGE", told)
    with private_directory() as lease, PortLeases(lease.directory) as ports:
        assert 10240 <= ports.lease() < 65536


def hold(
    wished: int, temporary_directory: Path, read_line: Callable[[int], str]
) -> tuple[subprocess.Popen[bytes], Path]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(wished)],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary_directory)},
    )
    assert holder.stdout is not None
    directory = Path(read_line(holder.stdout.fileno()))
    assert int(read_line(holder.stdout.fileno())) == wished
    return holder, directory


def test_another_process_keeps_its_port_and_its_directory(temporary_directory: Path, read_line: Callable[[int], str]):
    wished = free_port()
    holder, directory = hold(wished, temporary_directory, read_line)
    with holder:
        try:
            with private_directory() as lease, PortLeases(lease.directory) as ports:
                assert ports.lease(wished) != wished
                assert directory.is_dir()
        finally:
            holder.kill()


def test_what_a_killed_owner_left_is_removed_by_the_next(temporary_directory: Path, read_line: Callable[[int], str]):
    wished = free_port()
    holder, directory = hold(wished, temporary_directory, read_line)
    with holder:
        holder.kill()
    assert directory.is_dir()
    with private_directory() as lease, PortLeases(lease.directory) as ports:
        assert not directory.exists()
        assert ports.lease(wished) == wished
    assert list(temporary_directory.iterdir()) == []


def test_sweeping_tells_what_a_killed_owner_left_and_leaves_the_living_alone(
    temporary_directory: Path, read_line: Callable[[int], str]
):
    wished = free_port()
    holder, directory = hold(wished, temporary_directory, read_line)
    with holder, private_directory() as alive:
        assert leases.sweep() == ()
        holder.kill()
        holder.wait()
        assert leases.sweep() == (f"directory {directory}",)
        assert alive.directory.is_dir()
    assert leases.sweep() == ()
    assert list(temporary_directory.iterdir()) == []


def test_what_a_killed_owner_leased_is_removed_by_its_supervisor(
    temporary_directory: Path, read_line: Callable[[int], str]
):
    holder, directory = hold(free_port(), temporary_directory, read_line)
    with holder:
        holder.kill()
    with Supervisor(remove=[directory]):
        pass
    assert list(temporary_directory.iterdir()) == []


def test_a_file_that_somebody_holds_is_not_acquired_nor_discarded(tmp_path: Path):
    path = tmp_path / "held"
    descriptor = lease_files.acquire(path)
    assert descriptor is not None
    assert lease_files.acquire(path) is None
    assert not lease_files.discard(path)
    assert path.exists()
    lease_files.release(path, descriptor)
    assert not path.exists()


def test_a_file_that_goes_while_it_is_acquired_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "contended"
    locked = lease_files.fcntl.flock
    raced = [path, path]

    def remove_before_lock(descriptor: int, operation: int) -> None:
        if len(raced) == 2:
            raced.pop().unlink()
        elif raced:
            raced.pop().unlink()
            path.touch()
        locked(descriptor, operation)

    monkeypatch.setattr(lease_files.fcntl, "flock", remove_before_lock)
    descriptor = lease_files.acquire(path)
    assert descriptor is not None
    assert os.path.samestat(os.fstat(descriptor), path.stat())
    assert not raced
    os.close(descriptor)


def test_the_directory_of_leases_may_go_while_it_is_locked(temporary_directory: Path, monkeypatch: pytest.MonkeyPatch):
    locked = leases.fcntl.flock
    home = temporary_directory / f"testflow-{os.getuid()}"
    raced = [home, home]

    def remove_before_lock(descriptor: int, operation: int) -> None:
        if len(raced) == 2:
            raced.pop().rmdir()
        elif raced:
            raced.pop().rmdir()
            home.mkdir(mode=0o700)
        locked(descriptor, operation)

    monkeypatch.setattr(leases.fcntl, "flock", remove_before_lock)
    with private_directory() as lease:
        assert lease.directory.is_dir()


def test_the_directory_of_leases_stays_while_somebody_is_about_to_use_it(temporary_directory: Path):
    directory = leases.root()
    about_to = os.open(directory, os.O_RDONLY)
    fcntl.flock(about_to, fcntl.LOCK_EX)
    lease_files.forget(directory)
    assert directory.exists()
    os.close(about_to)
    lease_files.forget(directory)
    assert not directory.exists()


def test_a_port_that_is_let_go_can_be_leased_again():
    with private_directory() as lease, PortLeases(lease.directory) as ports:
        port = ports.lease()
        assert ports.lease(port) != port
        ports.release(port)
        assert ports.lease(port) == port


def test_to_let_go_of_a_port_that_was_not_leased_here_is_nothing():
    with private_directory() as lease, PortLeases(lease.directory) as ports:
        ports.release(1)


def test_leases_that_begin_and_end_at_once_do_not_lose_the_folder_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def lease(_: int) -> None:
        for _ in range(500):
            with leases.private_directory():
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lease, range(4)))
    assert list(tmp_path.iterdir()) == []
