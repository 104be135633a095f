"""Finds test files in a checkout by the shape of their paths, without opening them."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SKIPPED_FOLDERS = (
    ".*",
    "*.egg",
    "_darcs",
    "build",
    "CVS",
    "dist",
    "node_modules",
    "venv",
    "{arch}",
    "__pycache__",
    "__snapshots__",
)


def entered(folder: Path) -> bool:
    """Whether tests may be below the folder: not in one that is hidden, built, installed or of another tool."""
    if any(fnmatchcase(folder.name, pattern) for pattern in SKIPPED_FOLDERS):
        return False
    return not (folder / "pyvenv.cfg").is_file()


def files_below(
    checkout: Path,
    paths: Sequence[str],
    wanted: Callable[[str], bool],
    enters: Callable[[Path], bool] = entered,
) -> list[tuple[str, str | None]]:
    """
    Files below the paths that are wanted, each with None; `path::name` answers the file with the name.

    A path that is a file is wanted by being named. Sorted, relative to the checkout with `/` between their parts, and
    never outside it; a path that does not exist yields nothing.
    """
    root = checkout.resolve()
    found: set[tuple[str, str]] = set()
    for path in paths or (".",):
        where, _, name = path.partition("::")
        start = (root / where).resolve()
        if not start.is_relative_to(root):
            continue
        if start.is_file():
            found.add((start.relative_to(root).as_posix(), name))
        elif start.is_dir() and not name:
            found.update((file, "") for file in _below(root, start, enters, wanted))
    return [(file, name or None) for file, name in sorted(found)]


def _below(root: Path, start: Path, enters: Callable[[Path], bool], wanted: Callable[[str], bool]) -> Iterator[str]:
    for folder, folders, files in os.walk(start):
        here = Path(folder)
        folders[:] = [name for name in folders if enters(here / name)]
        inside = here.relative_to(root).as_posix()
        prefix = "" if inside == "." else f"{inside}/"
        # Most files are no tests: only those that are wanted are worth a look at the disk.
        for name in files:
            path = f"{folder}/{name}"
            if wanted(prefix + name) and (not os.path.islink(path) or Path(path).resolve().is_relative_to(root)):  # noqa: PTH114 - hot
                yield prefix + name
