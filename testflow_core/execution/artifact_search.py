"""Which files below a checkout a failed test left: by globs and time, never through a symbolic link."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.globs import matching

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

LOOKED_AT = 50_000
"""Files and folders that are looked at for one failure."""
TICK = 0.01
"""Seconds by which the clock of a file system may be late: the kernel keeps it by its ticks, 100 a second at least."""
SHORTEST = 4
"""Characters of a test's name from which on it tells tests apart."""
_SKIPPED = {".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".testflow"}
_WILD = re.compile(r"[*?\[]")
_BETWEEN = re.compile(r"[^a-z0-9]+")


@frozen(kw_only=True)
class Window:
    """When a test ran, in seconds since the epoch."""

    since: float
    until: float

    def has(self, moment: float) -> bool:
        """Whether it was then, or so shortly before that its clock cannot tell."""
        return self.since - TICK <= moment <= self.until


def written_meanwhile(checkout: Path, globs: Sequence[str], window: Window, avoided: Collection[str] = ()) -> list[str]:
    """The files that match and were last changed in the window, relative to the checkout, sorted."""
    wanted = matching(globs)
    starts = {_start(glob) for glob in globs}
    found: set[str] = set()
    for start in sorted(starts):
        if any(start != other and _is_below(start, other) for other in starts) or not _is_plain(checkout, start):
            continue
        for path, status in _below(checkout, start, avoided):
            # Renaming changes this time, too: what a browser has recorded is moved where it belongs.
            if wanted(path) and window.has(status.st_ctime):
                found.add(path)
    return sorted(found)


def naming(paths: Iterable[str], name: str) -> list[str]:
    """The paths in which the name of a test stands, whatever is between its words."""
    plain, _, _ = name.rpartition("::")[2].partition("[")
    words = _words(plain)
    return [path for path in paths if len(words) > SHORTEST + 1 and words in _words(path)]


def regular_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All files below a folder, relative to it, those nearest to it first."""
    return _below(folder, "", ())


def _words(text: str) -> str:
    return f"-{_BETWEEN.sub('-', text.lower()).strip('-')}-"


def _start(glob: str) -> str:
    """The folder that all that matches is in."""
    parts = PurePosixPath(glob.removeprefix("./")).parts
    if len(parts) == 1 and not glob.endswith("/"):
        return ""
    folders = parts if glob.endswith("/") else parts[:-1]
    wild = next((at for at, part in enumerate(folders) if _WILD.search(part)), len(folders))
    return "/".join(folders[:wild])


def _is_below(path: str, other: str) -> bool:
    return not other or path.startswith(f"{other}/")


def _is_plain(checkout: Path, start: str) -> bool:
    """Whether every part of the way is a folder, and none of them a link, or one up."""
    place = checkout
    for part in PurePosixPath(start).parts:
        place /= part
        if part in {"..", "/"} or place.is_symlink() or not place.is_dir():
            return False
    return True


def _below(root: Path, start: str, avoided: Collection[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Files, not folders, links or whatever else there may be."""
    waiting = [start]
    looked = 0
    for folder in waiting:
        with suppress(OSError), os.scandir(root / folder) as entries:
            for entry in sorted(entries, key=lambda each: each.name):
                looked += 1
                if looked > LOOKED_AT:
                    return
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _SKIPPED and entry.path not in avoided:
                        waiting.append(path)
                    continue
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode):
                        yield path, status
