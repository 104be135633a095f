"""The files of a checkout: those that git knows, those that are there and may be its own, and what they hold."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_git_selector.git_command import Git, GitError
from testflow_git_selector.javascript.source import is_script

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIMEOUT = timedelta(seconds=20)
_FOREIGN = frozenset({".git", "__pycache__", "node_modules", "site-packages"})
_MOST = 200_000
_FILES = 50_000
_BYTES = 4 * 1024 * 1024
_UNCHECKED = 0b01
"""The flags of bytecode that Python takes without a look at its source (PEP 552)."""


class UnknowableError(Exception):
    """Which file needs which cannot be told; the message is the reason."""


def listed(checkout: Path) -> tuple[str, ...]:
    """Their paths, sorted; empty where there are too many to list, or none. Untracked ones may be missing."""
    git = Git(checkout=checkout.absolute(), timeout=_TIMEOUT)
    try:
        found = os.fsdecode(git("ls-files", "-z", "--", ".")).split("\0")[:-1]
    except GitError:
        found = []
    return tuple(sorted(found or _there(checkout)))


def _there(checkout: Path) -> list[str]:
    found: list[str] = []
    for path in _walked(checkout):
        found.append(path)
        if len(found) > _MOST:
            return []
    return found


def _walked(checkout: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(checkout):
        folders[:] = [name for name in folders if name not in _FOREIGN]
        inside = Path(folder).relative_to(checkout).as_posix()
        yield from files if inside == "." else (f"{inside}/{name}" for name in files)


def files_of(checkout: Path) -> Iterator[str]:
    """Paths below the checkout with `/` between their parts, but for environments and what others installed."""
    number = 0
    for folder, folders, files in os.walk(checkout):
        inside = Path(folder).relative_to(checkout)
        for name in folders:
            if name not in _FOREIGN and Path(folder, name).is_symlink():
                raise UnknowableError(f"{(inside / name).as_posix()} is a link, so a file has several names")
        folders[:] = [
            name for name in folders if name not in _FOREIGN and not Path(folder, name, "pyvenv.cfg").exists()
        ]
        for name in files:
            if name.endswith(".py") or is_script(name):
                number += 1
                if number > _FILES:
                    raise UnknowableError(f"the checkout has more than {_FILES:,} files of source")
                if _is_another(Path(folder, name), checkout):
                    raise UnknowableError(
                        f"{(inside / name).as_posix()} is a link to a file that has another name, too"
                    )
            yield (inside / name).as_posix()


def linked_packages(checkout: Path, folder: str) -> dict[str, str]:
    """The folders of the checkout that are installed as packages of a folder, by the names that these have there."""
    installed = checkout / folder / "node_modules"
    root, found = checkout.resolve(), dict[str, str]()
    try:
        scopes = [each for each in installed.iterdir() if each.name.startswith("@") and not each.is_symlink()]
        there = [*installed.iterdir(), *(each for scope in scopes for each in scope.iterdir())]
        for each in filter(Path.is_symlink, there):
            real = each.resolve()
            if real.is_relative_to(root) and "node_modules" not in real.parts:
                found[each.relative_to(installed).as_posix()] = real.relative_to(root).as_posix()
    except OSError:
        return found
    return found


def _is_another(file: Path, checkout: Path) -> bool:
    return file.is_symlink() and file.is_file() and file.resolve().is_relative_to(checkout.resolve())


def content_of(path: Path) -> bytes | None:
    """What a file holds; None where it cannot be read, is too large, or is none (whoever opens a pipe waits)."""
    try:
        if not path.is_file() or path.stat().st_size > _BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None


def is_bytecode_cache(checkout: Path, file: str) -> bool:
    """
    Whether a path is that of bytecode that Python derives from a source, and drops where the source is another.

    Bytecode outside of `__pycache__` stands for a source that is not there; some (`unchecked-hash`) is not compared.
    """
    folder, _, name = file.rpartition("/")
    if not name.endswith(".pyc") or folder.rpartition("/")[2] != "__pycache__":
        return False
    content = content_of(checkout / file)
    # Without one it is gone, and Python makes it anew.
    return content is None or int.from_bytes(content[4:8], "little") != _UNCHECKED
