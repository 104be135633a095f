"""What one engine process has on this machine and on a container engine: looked for from outside, by where it works."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import field, frozen

from testflow_core.provisioning.process_tree import descendants, read_process
from testflow_core.provisioning.shared_memory import remove_segments

LEASE = "testflow.lease"
SHARED = "/dev/shm"  # noqa: S108 - where the system keeps shared memory
_LISTENING = "0A"


@frozen(kw_only=True)
class Known:
    """What was seen of a victim before it was killed, and is told apart by numbers and names alone."""

    pids: dict[int, int] = field(factory=dict[int, int])
    ports: frozenset[int] = frozenset()
    shared: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()


def guards(engine: int) -> list[int]:
    """The guardian of an engine's environment and its supervisor, which forks from it, as far as they have come."""
    program = b"testflow_core.provisioning.guardian"
    found = [each.pid for each in descendants(engine) if program in _read(each.pid, "cmdline")]
    # Between the two there is, for a moment, one that only makes namespaces for the supervisor.
    return [pid for pid in found if not _makes_namespaces(pid)][:2]


def _makes_namespaces(pid: int) -> bool:
    try:
        own, given = (Path(f"/proc/{pid}/ns/{kind}").readlink() for kind in ("pid", "pid_for_children"))
    except OSError:
        return False
    return own != given


def known(engine: int, folder: Path, api: Any | None) -> Known:
    """What an engine that works in a folder has at this moment."""
    tree = descendants(engine)
    leased = {int(file.name.removeprefix("port-")) for file in folder.glob("*/port-*")}
    shared = {name for each in tree for name in re.findall(rf"{SHARED}/(\S+)", _read(each.pid, "maps").decode())}
    volumes: set[str] = set()
    for container in _containers(api, folder):
        leased |= {port["PublicPort"] for port in container["Ports"] if "PublicPort" in port}
        volumes |= {mount["Name"] for mount in container["Mounts"] if mount.get("Type") == "volume"}
    return Known(
        pids={each.pid: each.started for each in tree},
        ports=frozenset(leased),
        shared=frozenset(shared),
        volumes=frozenset(volumes),
    )


def left(seen: Known, folder: Path, api: Any | None, spared: int | None = None) -> dict[str, list[str]]:
    """Kind to what is there of a victim that worked in a folder; `spared` is a process that may live."""
    pids = sorted(_processes(seen, folder) - {spared})
    there = {
        "processes": [f"{pid} {_read(pid, 'cmdline')[:80]!r}" for pid in pids],
        "ports": sorted(map(str, _listening() & seen.ports)),
        "files": sorted(str(path.relative_to(folder)) for path in _files(folder)),
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line],
        "shared memory": _segments(seen),
        "containers": [each["Id"] for each in _containers(api, folder)],
        "networks": [each["Id"] for each in _networks(api, folder)],
        "volumes": sorted(_volumes(api) & seen.volumes),
    }
    return {kind: found for kind, found in there.items() if found}


def remove(seen: Known, folder: Path, api: Any | None) -> None:
    """Remove from the kernel and from a container engine what is left there once all processes have ended."""
    remove_segments(seen.pids, 0)
    for container in _containers(api, folder):
        with suppress(Exception):
            api.remove_container(container["Id"], v=True, force=True)  # pyright: ignore[reportOptionalMemberAccess]
    for network in _networks(api, folder):
        with suppress(Exception):
            api.remove_network(network["Id"])  # pyright: ignore[reportOptionalMemberAccess]


def living(seen: Known, folder: Path) -> set[int]:
    """The processes that live of a victim."""
    return _processes(seen, folder)


def _processes(seen: Known, folder: Path) -> set[int]:
    found: set[int] = set()
    inside = os.fsencode(folder)
    for entry in Path("/proc").glob("[0-9]*"):
        pid = int(entry.name)
        process = read_process(pid)
        if process is None or pid == os.getpid():
            continue
        if seen.pids.get(pid) == process.started or _works_in(pid, inside):
            found.add(pid)
    return found


def _works_in(pid: int, folder: bytes) -> bool:
    """Whether a process was told of a folder, names it, or stands in it."""
    place = b""
    with suppress(OSError):
        place = os.fsencode(Path(f"/proc/{pid}/cwd").readlink())
    return any(folder in text for text in (place, _read(pid, "environ"), _read(pid, "cmdline")))


def _files(folder: Path) -> list[Path]:
    # What the victim was given is none of its traces.
    return list(folder.iterdir()) + [path for each in folder.iterdir() if each.is_dir() for path in each.glob("*")]


def _listening() -> set[int]:
    found: set[int] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
            found |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == _LISTENING}
    return found


def _segments(seen: Known) -> list[str]:
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    segments = [f"segment {row[1]} of {row[4]}" for row in rows if int(row[4]) in seen.pids]
    return segments + [f"{SHARED}/{name}" for name in sorted(seen.shared) if Path(SHARED, name).exists()]


def _containers(api: Any | None, folder: Path) -> list[Any]:
    return [] if api is None else _of(folder, api.containers(all=True, filters={"label": [LEASE]}))


def _networks(api: Any | None, folder: Path) -> list[Any]:
    return [] if api is None else _of(folder, api.networks(filters={"label": [LEASE]}))


def _volumes(api: Any | None) -> set[str]:
    return set() if api is None else {each["Name"] for each in api.volumes()["Volumes"] or ()}


def _of(folder: Path, listed: list[Any]) -> list[Any]:
    return [each for each in listed if each["Labels"][LEASE].startswith(str(folder))]


def _read(pid: int, file: str) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/{file}").read_bytes()
    return b""
