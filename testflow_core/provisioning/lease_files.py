"""Files held by a lock for as long as their owner lives; standard library only, for the supervisor's program."""

from __future__ import annotations

import contextlib
import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    StrPath = str | os.PathLike[str]

MANIFEST = ".leases"
"""In a private directory: the file that its owner holds, and in it, one a line, what is to go with it.

A line is the path of a file, or of a directory (with `/` at its end) that goes where it is empty, or the mark
`TESTFLOW_LEASE=<identity>` that begins an entry in the environment of every process of one supervisor.
"""


def acquire(path: StrPath) -> int | None:
    """A descriptor that holds the file, made where it is missing; None where somebody else holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its last holder may have removed it between our open and our lock.
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        os.close(descriptor)


def create(path: StrPath) -> int:
    """The descriptor of a new file that we hold; FileExistsError where it is not new."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def release(path: StrPath, descriptor: int) -> None:
    """Remove a file that we hold, then let it go."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def discard(path: StrPath) -> bool:
    """Remove a file that nobody holds any more; whether it was one."""
    with contextlib.suppress(OSError):
        descriptor = acquire(path)
        if descriptor is not None:
            release(path, descriptor)
            return True
    return False


def lines(directory: StrPath) -> list[str]:
    """The manifest of a private directory; empty where it has none."""
    try:
        with open(os.path.join(directory, MANIFEST), encoding="utf-8") as manifest:
            return manifest.read().splitlines()
    except OSError:
        return []


def ports(noted: Iterable[str]) -> list[int]:
    """The ports whose leases stand among the lines of a manifest."""
    names = (line.rpartition("/")[2].partition("-") for line in noted if line.startswith("/"))
    return [int(number) for kind, _, number in names if kind == "port"]


def note(directory: StrPath, line: str) -> None:
    """Add a line to the manifest of a directory, where it has one."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(
            os.path.join(directory, MANIFEST), os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        )
        with open(descriptor, "w", encoding="utf-8") as manifest:
            manifest.write(f"{line}\n")


def clear(directory: StrPath) -> None:
    """Remove a private directory with all in it, and what its manifest names outside of it."""
    import shutil  # noqa: PLC0415 - what it imports would take a fifth of the supervisor's start

    leased = [line for line in lines(directory) if line.startswith("/")]
    for line in leased:
        if not line.endswith("/"):
            discard(line)
    shutil.rmtree(directory, ignore_errors=True)
    for line in leased:
        if line.endswith("/"):
            forget(line)


def forget(directory: StrPath) -> None:
    """
    Remove the directory of all leases where it holds none.

    Not where somebody holds its lock: who does is about to make a lease there, and forgets the directory afterwards.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rmdir(directory)
        finally:
            os.close(descriptor)
