"""Finds the files that unittest would load, by the shape of their paths and by what makes a package."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.builtin.runners.discovery import files_below
from testflow_core.builtin.runners.unittest_command import PATTERN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.builtin.runners.unittest_command import Discovery, UnittestCommand

PACKAGE = "__init__.py"
MODULE_NAME = re.compile(r"[_a-z]\w*\.py", re.IGNORECASE)
LOADS_TESTS = re.compile(rb"^(async )?def load_tests\b|^load_tests *=|\bimport\b.*\bload_tests\b", re.MULTILINE)
HAS_TESTS = re.compile(rb"^\s+(async )?def test", re.MULTILINE)


def unittest_files(checkout: Path, command: UnittestCommand, paths: Sequence[str]) -> list[tuple[str, str | None]]:
    """
    Each file that the command would load with None, or with the test that is named; paths limit it to what is below.

    Where it discovers, folders below the start must be packages; one with a `load_tests` of its own is its
    `__init__.py` alone, as that decides what is in it. Where it takes files, every folder is looked through.
    """
    if command.discovery is None:
        named = [found for name in command.names if (found := _named(checkout, name)) is not None]
        return [] if command.names and not paths and not named else files_below(checkout, paths or named, _matches)
    packages = _Packages(checkout.resolve(), command.discovery)
    start = packages.start
    where = [start if _contains(path, start) else path for path in paths or ["."]]
    return files_below(checkout, where, packages.wants, packages.enters)


def _matches(file: str) -> bool:
    return fnmatchcase(file.rpartition("/")[2], PATTERN)


def _contains(path: str, start: str) -> bool:
    return path.rstrip("/") in {"", "."} or start == path.rstrip("/") or start.startswith(path.rstrip("/") + "/")


def _named(checkout: Path, name: str) -> str | None:
    """The path of a file that is named as such or as a module, with the class and the test that are named in it."""
    if name.endswith(".py"):
        return name
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = "/".join(parts[:length])
        for file in (f"{module}.py", f"{module}/{PACKAGE}"):
            if (checkout / file).is_file():
                return "::".join([file, *parts[length:]])
    return None


class _Packages:
    """What discovery enters and wants; `start` is where it begins, a folder or a package by its dotted name."""

    def __init__(self, root: Path, discovery: Discovery) -> None:
        by_path = (root / discovery.start).is_dir()
        start = (root / (discovery.start if by_path else discovery.start.replace(".", "/"))).resolve()
        self.start = start.relative_to(root).as_posix() if start.is_relative_to(root) else discovery.start
        # What modules are imported from is no package.
        implicit = start if by_path else root
        self._top = implicit if discovery.top is None else (root / discovery.top).resolve()
        self._root = root
        self._pattern = discovery.pattern
        self._read: dict[Path, bytes | None] = {}

    def wants(self, file: str) -> bool:
        folder, name = self._root / Path(file).parent, Path(file).name
        made = self._made_of(folder)
        if name == PACKAGE:
            return made is not None and bool(LOADS_TESTS.search(made) or HAS_TESTS.search(made))
        if made is not None and LOADS_TESTS.search(made):
            return False
        return fnmatchcase(name, self._pattern) and MODULE_NAME.fullmatch(name) is not None

    def enters(self, folder: Path) -> bool:
        above = self._made_of(folder.parent)
        if above is not None and LOADS_TESTS.search(above):
            return False
        return (folder / PACKAGE).is_file()

    def _made_of(self, folder: Path) -> bytes | None:
        """The code of a package; None where the folder is none."""
        if folder not in self._read:
            try:
                self._read[folder] = None if folder == self._top else (folder / PACKAGE).read_bytes()
            except OSError:
                self._read[folder] = None
        return self._read[folder]
