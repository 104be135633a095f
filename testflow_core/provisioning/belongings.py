"""Things of this machine and whose they are, as Linux lists them under `/proc`; nothing elsewhere."""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from testflow_core.provisioning.leases import LOOPBACK, bindable
from testflow_core.provisioning.process_tree import MARKER, Process, parse_process
from testflow_core.provisioning.shared_memory import TABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_SHARED_FILES = "/dev/shm"  # noqa: S108 (we only look)
_BLOCK = 1 << 16
_LISTENING = "0A"
_ESCAPED = re.compile(r"\\([0-7]{3})")


class Segment(NamedTuple):
    """Shared memory of System V: its id, the process that made it, and when it was changed last (epoch seconds)."""

    id: int
    maker: int
    changed: int

    def __str__(self) -> str:
        """`segment 7 of process 42`."""
        return f"segment {self.id} of process {self.maker}"


class SharedFile(NamedTuple):
    """Shared memory of POSIX, which is a file: its path, device and number."""

    path: str
    device: int
    inode: int

    def __str__(self) -> str:
        """Its path."""
        return self.path

    @property
    def mapping(self) -> bytes:
        """How a process that maps it has it among its `maps`, whatever the path is there."""
        return f" {os.major(self.device):02x}:{os.minor(self.device):02x} {self.inode} ".encode()

    def is_there(self) -> bool:
        """Whether it is still this file that bears the name."""
        with suppress(OSError):
            status = Path(self.path).lstat()
            return (status.st_dev, status.st_ino) == (self.device, self.inode)
        return False


class Entry(NamedTuple):
    """
    A number in `/proc` and that of the inode behind it.

    Both are the same for one process only. The inode may become another while the process lives, never the reverse: so
    whoever has the same is known without reading its birth, which takes ten times as long.
    """

    pid: int
    inode: int


def ticks() -> int:
    """The present in clock ticks since boot, as the births of processes are told; 0 where the system does not tell."""
    seconds = 0.0
    if sys.platform == "linux":
        seconds = time.clock_gettime(time.CLOCK_BOOTTIME)
    return int(seconds * os.sysconf("SC_CLK_TCK"))


def entries() -> set[Entry]:
    """What tells processes from each other without reading anything of them."""
    found: set[Entry] = set()
    with suppress(OSError), os.scandir("/proc") as listed:
        found.update(Entry(int(each.name), each.inode()) for each in listed if each.name.isdigit())
    return found


class Moment(NamedTuple):
    """When something began, in ticks since boot, and the processes that were there already."""

    ticks: int
    older: frozenset[Entry]


def now() -> Moment:
    """The present."""
    return Moment(ticks(), frozenset(entries()))


def processes(since: Moment) -> list[Process]:
    """The living processes that are not older than a moment."""
    found = (parse_process(each.pid, _text(f"/proc/{each.pid}/stat")) for each in entries() - since.older)
    return [each for each in found if each is not None and each.started >= since.ticks]


def of_supervisors(living: Iterable[Process], identities: Collection[str], known: Collection[Process]) -> set[Process]:
    """Those of the living that bear the mark of a supervisor, are its program, descend from one, or are known."""
    marks = tuple(f"{MARKER}={identity}:".encode() for identity in identities)
    programs = {identity.encode() for identity in identities}
    births = {(each.pid, each.started) for each in known}
    family: set[int] = set()
    ours: set[Process] = set()
    # Numbers may have begun anew in between: parents are not always before their children, births are.
    for each in sorted(living, key=lambda process: (process.started, process.pid)):
        if (
            (each.pid, each.started) in births
            or each.parent in family
            or any(word.startswith(marks) for word in _words(each.pid, "environ"))
            or (each.parent == os.getpid() and not programs.isdisjoint(_words(each.pid, "cmdline")))
        ):
            family.add(each.pid)
            ours.add(each)
    return ours


def named(process: Process) -> str:
    """`42 (postgres)`: never its arguments, in which passwords may stand."""
    return f"{process.pid} ({_read(f'/proc/{process.pid}/comm').decode(errors='replace').strip()})"


def segments() -> set[Segment]:
    """Every segment of shared memory that there is."""
    rows = [row.split() for row in _text(TABLE).splitlines()[1:]]
    return {Segment(int(row[1]), int(row[4]), int(row[13])) for row in rows}


def segments_made(ours: Collection[Process], since: float) -> set[Segment]:
    """Those that these processes have made since a time (seconds since the epoch)."""
    pids = {each.pid for each in ours}
    return {each for each in segments() if each.maker in pids and each.changed >= int(since)}


def files_mapped(ours: Collection[Process], since: float) -> set[SharedFile]:
    """Shared memory in files that are new since a time (seconds since the epoch), and that these processes map."""
    candidates = set(_new_files(since))
    if not candidates:
        return set()
    maps = b"\n".join(_read(f"/proc/{each.pid}/maps") for each in ours)
    return {each for each in candidates if each.mapping in maps}


def mounts(directory: Path) -> tuple[str, ...]:
    """Where something is mounted at or below a directory, as we see it."""
    place = str(directory.resolve())
    points = (_unescaped(row.split(" ")[4]) for row in _text("/proc/self/mountinfo").splitlines())
    return tuple(point for point in points if point == place or point.startswith(f"{place}/"))


def taken(ports: Iterable[int]) -> tuple[str, ...]:
    """Those of the ports that are in use at the loopback address, by whomever."""
    return tuple(_told(port) for port in sorted({port for port in ports if not bindable(port)}))


def listening(ports: Iterable[int], ours: Collection[Process]) -> tuple[str, ...]:
    """The ports at which these processes, or we, listen."""
    in_use = {port for port in ports if not bindable(port)}
    if not in_use:
        # Listing all connections takes the kernel some ms.
        return ()
    sockets = {f"socket:[{number}]": port for port, number in _listeners() if port in in_use}
    links = {link for pid in (os.getpid(), *(each.pid for each in ours)) for link in _links(pid)}
    return tuple(_told(port) for port in sorted({port for name, port in sockets.items() if name in links}))


def _told(port: int) -> str:
    return f"{LOOPBACK}:{port}"


def _listeners() -> Iterator[tuple[int, int]]:
    """The port and the socket's number of whatever listens (`man 5 proc`)."""
    for table in ("tcp", "tcp6"):
        for row in _text(f"/proc/net/{table}").splitlines()[1:]:
            words = row.split()
            if words[3] == _LISTENING:
                yield int(words[1].rpartition(":")[2], 16), int(words[9])


def _links(pid: int) -> Iterator[str]:
    for name in _names(f"/proc/{pid}/fd"):
        with suppress(OSError):
            yield str(Path(f"/proc/{pid}/fd/{name}").readlink())


def _new_files(since: float) -> Iterator[SharedFile]:
    for name in _names(_SHARED_FILES):
        path = f"{_SHARED_FILES}/{name}"
        with suppress(OSError):
            status = Path(path).lstat()
            if stat.S_ISREG(status.st_mode) and status.st_ctime >= int(since):
                yield SharedFile(path, status.st_dev, status.st_ino)


def _words(pid: int, file: str) -> list[bytes]:
    return _read(f"/proc/{pid}/{file}").split(b"\0")


def _unescaped(point: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), point)


def _names(directory: str) -> list[str]:
    names: list[str] = []
    with suppress(OSError), os.scandir(directory) as listed:
        names.extend(each.name for each in listed)
    return names


def _text(path: str) -> str:
    return _read(path).decode(errors="replace")


def _read(path: str) -> bytes:
    """All of a file of the kernel's; empty where there is none, or none for us. Unbuffered: there are hundreds."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    parts: list[bytes] = []
    try:
        # A process may end while it is read.
        with suppress(OSError):
            while part := os.read(descriptor, _BLOCK):
                parts.append(part)
    finally:
        os.close(descriptor)
    return b"".join(parts)
