"""What had run out when a test failed: memory and disks, by what the kernel says of them."""

from __future__ import annotations

import contextlib
import os
import resource
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Iterable, Iterator

LITTLE = 1 << 20
"""Bytes; a disk with fewer of them free is told of whatever the test says."""

NO_SPACE = ("No space left on device", "Disk quota exceeded", "ENOSPC", "database or disk is full")
NO_MEMORY = ("MemoryError", "Cannot allocate memory", "bad_alloc", "std::bad_alloc")
_STEP = 1024
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_UNLIMITED = 1 << 60


class Kernel:
    """What the kernel has counted, and where it says so; what cannot be read is not told."""

    def __init__(self, groups: str = "/proc/self/cgroup", mounts: str = "/sys/fs/cgroup") -> None:
        self._places = list(_places(groups, mounts))
        self._killed = self._kills()

    def killed(self) -> int:
        """How many processes of the control group it has killed for lack of memory since this was last asked."""
        before, self._killed = self._killed, self._kills()
        return max(0, self._killed - before)

    def memory_limit(self) -> int | None:
        """Bytes that the control group may use; None where there is no limit, or nobody says."""
        for place in self._places:
            for name in ("memory.max", "memory.limit_in_bytes"):
                said = _read(os.path.join(place, name)).strip()  # noqa: PTH118 - texts
                if said.isdigit() and int(said) < _UNLIMITED:
                    return int(said)
        return None

    def _kills(self) -> int:
        for place in self._places:
            for name in ("memory.events", "memory.oom_control"):
                for line in _read(os.path.join(place, name)).splitlines():  # noqa: PTH118 - texts
                    key, _, number = line.partition(" ")
                    if key == "oom_kill" and number.isdigit():
                        return int(number)
        return 0


def lacking(said: str, kernel: Kernel, folders: Iterable[str]) -> list[str]:
    """What had run out for a test that failed with these words, a sentence each."""
    found = list(kills(kernel.killed()))
    if any(word in said for word in NO_MEMORY):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found.append(memory(peak, kernel.memory_limit(), resource.getrlimit(resource.RLIMIT_AS)[0]))
    return found + list(disks(folders, full_only=not any(word in said for word in NO_SPACE)))


def kills(number: int) -> Iterator[str]:
    """That the kernel has killed so many processes."""
    if number:
        processes = "a process" if number == 1 else f"{number} processes"
        yield f"the kernel killed {processes} of its control group for lack of memory"


def memory(peak: int, group_limit: int | None, address_space: int = resource.RLIM_INFINITY) -> str:
    """How much memory a process has used, and might; in bytes."""
    told = [f"the test process used {amount(peak)} of memory at most"]
    if group_limit is not None:
        told.append(f"its control group may use {amount(group_limit)}")
    if address_space != resource.RLIM_INFINITY:
        told.append(f"its address space may have {amount(address_space)}")
    available = _available()
    if available:
        told.append(f"{amount(available)} of the machine's are available")
    return "; ".join(told)


def disks(folders: Iterable[str], *, full_only: bool) -> Iterator[str]:
    """How full the disks are that these folders are on, each once."""
    seen: set[int] = set()
    for folder in folders:
        with contextlib.suppress(OSError):
            device, disk = os.stat(folder).st_dev, os.statvfs(folder)  # noqa: PTH116 - a text
            free = disk.f_bavail * disk.f_frsize
            no_files = disk.f_files > 0 and disk.f_favail == 0
            if device in seen or (full_only and free >= LITTLE and not no_files):
                continue
            seen.add(device)
            said = (
                "no more files can be made"
                if no_files
                else f"{amount(free)} of {amount(disk.f_blocks * disk.f_frsize)} are free"
            )
            full = f"the disk of {folder} is full: " if free < LITTLE else f"on the disk of {folder} "
            yield full + said


def working_folders() -> list[str]:
    """Where tests write if nobody says otherwise."""
    with contextlib.suppress(OSError):
        return [os.getcwd(), tempfile.gettempdir()]  # noqa: PTH109 - a text
    return []


def amount(number: int) -> str:
    """Bytes as people read them."""
    size, unit = float(number), 0
    while size >= _STEP and unit < len(_UNITS) - 1:
        size, unit = size / _STEP, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{number} bytes"


def _places(groups: str, mounts: str) -> Iterator[str]:
    """Folders of the control group that counts memory, its own first, then that of a container."""
    for line in _read(groups).splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        mount = mounts if number == "0" else os.path.join(mounts, "memory")  # noqa: PTH118 - texts
        if number == "0" or "memory" in names.split(","):
            yield os.path.join(mount, path.lstrip("/"))  # noqa: PTH118 - texts
            yield mount


def _available() -> int:
    for line in _read("/proc/meminfo").splitlines():
        key, _, said = line.partition(":")
        if key == "MemAvailable":
            return int(said.split()[0]) * 1024
    return 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as stream:  # noqa: PTH123 - a text
            return stream.read()
    except OSError:
        return ""
