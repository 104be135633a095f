"""Where the file of a history is, and what becomes of one that is damaged."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
SHARES = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "9p",
    "fuse.sshfs",
    "fuse.glusterfs",
    "ceph",
    "lustre",
}


def share(path: Path, mounts: Path = MOUNTS) -> str:
    """The kind of network share that a file is on; empty where it is on none, or nobody can say."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found: tuple[int, str] = (0, "")
    for line in lines:
        _, mounted, kind, *_ = [*line.split(" "), "", "", ""]
        # Octal escapes stand for what would end the word.
        place = mounted.encode("latin-1", "replace").decode("unicode_escape")
        if os.path.commonpath([place or "/", path.parent.absolute()]) == place and len(place) >= found[0]:
            found = (len(place), kind)
    return found[1] if found[1] in SHARES else ""


def set_aside(path: Path) -> Path | None:
    """The name under which a damaged file is kept from now on; None where somebody else has put it aside."""
    name = next(name for number in count(1) if not (name := path.with_name(f"{path.name}.damaged-{number}")).exists())
    try:
        path.rename(name)
    except FileNotFoundError:
        return None
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(name.with_name(name.name + suffix))
    return name
