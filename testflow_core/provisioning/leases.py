"""Directories and ports that are ours alone on this machine, for as long as we live."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
import stat
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import ProvisionError
from testflow_core.provisioning import lease_files, leftovers

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import TracebackType
    from typing import Self

LOOPBACK = "127.0.0.1"
_FIRST_PORT, _LAST_PORT = 10240, 65535
_EPHEMERAL = (49152, 65535)
_KERNEL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


@frozen(kw_only=True)
class DirectoryLease:
    """A directory that only its owner uses and only the user can read; `name` is unique on the machine."""

    name: str
    directory: Path


def root() -> Path:
    """The user's directory of all leases, below the temporary directory; ProvisionError where it is not only ours."""
    path = Path(tempfile.gettempdir()) / f"testflow-{os.getuid()}"
    # It may be gone in the very moment in which it is found to be there: whoever locks it tries again then.
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise ProvisionError(f"{path} must be a directory that only you can use; remove it, it is made anew")
    return path


@contextmanager
def private_directory() -> Generator[DirectoryLease]:
    """A directory of our own, gone on exit; those whose owners died without a supervisor are removed on the way."""
    with alone() as home:
        name = secrets.token_hex(6)
        directory = home / f"site-{name}"
        directory.mkdir(mode=0o700)
        manifest = directory / lease_files.MANIFEST
        descriptor = lease_files.create(manifest)
        manifest.write_text(f"{home}/\n", encoding="utf-8")
        # Now that we are in it, the directory of all leases stays even where the sweep leaves nothing else.
        _sweep(home)
    try:
        yield DirectoryLease(name=name, directory=directory)
    finally:
        lease_files.clear(directory)
        os.close(descriptor)
        lease_files.forget(home)


def sweep() -> tuple[str, ...]:
    """
    End and remove what owners have left who are dead; a line for each thing, `directory`, `process` or `lease of port`.

    Whoever makes a private directory does so on the way.
    """
    with alone() as home:
        removed = _sweep(home)
    lease_files.forget(home)
    return tuple(removed)


def held(directory: Path) -> bool:
    """Whether the owner of a private directory lives; False where there is no such directory any more."""
    try:
        descriptor = os.open(directory / lease_files.MANIFEST, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def hold(prefix: str) -> tuple[Path, int]:
    """A new file in the directory of all leases, and the descriptor that holds it until it is closed or we end."""
    with alone() as home:
        path = home / f"{prefix}-{secrets.token_hex(6)}"
        return path, lease_files.create(path)


class PortLeases:
    """Ports that no other run on this machine is given while this context lasts; safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        self._manifest = directory / lease_files.MANIFEST
        self._held: dict[Path, tuple[int, socket.socket]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._held:
            self._let_go(next(iter(self._held)))
        with contextlib.suppress(ProvisionError):
            lease_files.forget(root())

    def lease(self, wished: int | None = None) -> int:
        """The wished port where it is free on the loopback address, else another; ProvisionError where none is."""
        with alone() as home:
            for port in _candidates(wished):
                if self._take(home, port):
                    return port
        raise ProvisionError(f"no port is free on {LOOPBACK} between {_FIRST_PORT} and {_LAST_PORT}")

    def release(self, port: int) -> None:
        """Let go of a port before the end; nothing happens where it was not leased here."""
        with alone() as home:
            if home / f"port-{port}" in self._held:
                self._let_go(home / f"port-{port}")

    def _let_go(self, path: Path) -> None:
        descriptor, claim = self._held.pop(path)
        lease_files.release(path, descriptor)
        claim.close()

    def _take(self, home: Path, port: int) -> bool:
        path = home / f"port-{port}"
        if path in self._held or not bindable(port):
            return False
        descriptor = lease_files.acquire(path)
        if descriptor is None:
            return False
        claim = _claim(port)
        if claim is None:
            lease_files.release(path, descriptor)
            return False
        self._held[path] = (descriptor, claim)
        # Whoever removes the directory of a dead owner finds here what else he held.
        with self._manifest.open("a", encoding="utf-8") as manifest:
            manifest.write(f"{path}\n{home}/\n")
        return True


@contextmanager
def alone() -> Generator[Path]:
    """The directory of all leases, while nobody else changes what is leased."""
    home, descriptor = _lock_home()
    try:
        yield home
    finally:
        os.close(descriptor)


def _lock_home() -> tuple[Path, int]:
    while True:
        with contextlib.suppress(FileNotFoundError):
            home = root()
            descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                # It is removed when its last lease ends: then what we hold is in no directory any more.
                if os.path.samestat(os.fstat(descriptor), home.stat()):
                    return home, os.dup(descriptor)
            finally:
                os.close(descriptor)


def _sweep(home: Path) -> list[str]:
    removed: list[str] = []
    for directory in home.glob("site-*"):
        manifest = directory / lease_files.MANIFEST
        with contextlib.suppress(OSError):
            descriptor = lease_files.acquire(manifest)
            if descriptor is not None:
                removed += [f"process {each.pid}" for each in leftovers.kill_marked(directory)]
                lease_files.clear(directory)
                os.close(descriptor)
                removed.append(f"directory {directory}")
    ports = [path for path in home.glob("port-*") if lease_files.discard(path)]
    return [*removed, *(f"lease of {path.name.replace('-', ' ')}" for path in ports)]


def _candidates(wished: int | None) -> Iterator[int]:
    if wished is not None and 0 < wished <= _LAST_PORT:
        yield wished
    low, high = _ephemeral_range()
    every = range(_FIRST_PORT, _LAST_PORT + 1)
    ports = [port for port in every if not low <= port <= high] or list(every)
    start = secrets.randbelow(len(ports))
    yield from ports[start:]
    yield from ports[:start]


def _ephemeral_range() -> tuple[int, int]:
    """The ports that the kernel gives to outgoing connections: a server on one of them may find it taken."""
    try:
        low, high = map(int, _KERNEL_RANGE.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return _EPHEMERAL
    return low, high


def _claim(port: int) -> socket.socket | None:
    """
    What tells every other run on this machine that a port is leased, until it is closed; None where another one has it.

    The files of leases only tell those who have the same temporary directory. On Linux a socket with an abstract name
    (`man 7 unix`) tells everybody who has the same ports, and goes with its owner.
    """
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    if sys.platform == "linux":
        try:
            claim.bind(f"\0testflow-port-{port}")
        except OSError:
            claim.close()
            return None
    return claim


def bindable(port: int) -> bool:
    """Whether nobody uses a port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
