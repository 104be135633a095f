"""Directories that are made once and copied ever after: the user's cache of PostgreSQL's data directories."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from testflow_core.provisioning import lease_files

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from testflow_core.provisioning.supervised import Supervised
    from testflow_core.provisioning.supervisor import Supervisor

VARIABLE = "TESTFLOW_POSTGRES_CACHE"
"""Names another directory for the cache; empty, there is none."""

KEPT = 30 * 24 * 3600.0
"""Seconds that an entry is kept without being used."""

_PART = ".part"
_LOCK = ".lock"
_SMALL = 1 << 18
_NOTHING = bytes(_SMALL)
_PATIENCE = 20.0
_ROOT = Path("/")

_keeping: WeakKeyDictionary[Supervisor, list[Supervised]] = WeakKeyDictionary()


def home() -> Path | None:
    """The directory of the cache, made where it is missing; None where there is none, or it is not ours alone."""
    configured = os.environ.get(VARIABLE)
    if configured == "":
        return None
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (raises nothing)
    path = Path(configured) if configured else Path(base) / "testflow" / "postgres"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
    except OSError:
        return None
    mine = status.st_uid == os.getuid() and not status.st_mode & 0o022
    return path if mine and path.is_absolute() else None


def digest(parts: Sequence[object]) -> str:
    """The name of an entry that is made from these parts and nothing else."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def find(name: str) -> Path | None:
    """An entry, for those who do not change it; None where there is none. Held by a lock, it is not collected."""
    cache = home()
    if cache is None:
        return None
    with suppress(OSError):
        _collect(cache)
    try:
        os.utime(cache / name)
    except OSError:
        return None
    return cache / name


def take(entry: Path, target: Path) -> bool:
    """Make `target` a private copy of an entry; False where it cannot be read."""
    try:
        copy(entry, target)
    except OSError:
        shutil.rmtree(target, ignore_errors=True)
        return False
    return True


def make(name: str, fill: Callable[[Path], None]) -> Path | None:
    """
    A new entry, filled by `fill` in a directory that does not exist yet; None where there can be none.

    Whoever is killed on the way, or has no disk left, leaves none. What `fill` raises is raised, but for OSError.
    """
    cache = home()
    if cache is None:
        return None
    with suppress(OSError), _part(cache) as part:
        fill(part / name)
        # Where somebody else was faster, theirs is as good.
        with suppress(OSError):
            (part / name).rename(cache / name)
        return find(name)
    return None


def keep(name: str, source: Path, supervisor: Supervisor) -> None:
    """Have a directory that only what the supervisor starts can see copied to an entry, while we go on."""
    program = [sys.executable, "-m", __name__, name, str(source)]
    _keeping.setdefault(supervisor, []).append(supervisor.spawn(program, cwd=_ROOT, env=os.environ))


def kept(supervisor: Supervisor) -> None:
    """Until what is being copied is in the cache; nothing where it takes very long."""
    deadline = time.monotonic() + _PATIENCE
    for process in _keeping.pop(supervisor, ()):
        process.wait(max(0.0, deadline - time.monotonic()))


def copy(source: Path, target: Path) -> None:
    """
    Make `target`, which does not exist, a private copy of a directory; OSError where it cannot be.

    Holes stay holes: most of a new server's write-ahead log is one.
    """
    target.mkdir(mode=0o700)
    with os.scandir(source) as entries:
        for entry in entries:
            path = target / entry.name
            if entry.is_dir(follow_symlinks=False):
                copy(Path(entry.path), path)
            else:
                _copy_file(entry.path, str(path))


def _copy_file(source: str, target: str) -> None:
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            content = os.read(reader, _SMALL)
            if len(content) < _SMALL:
                _write(writer, content)
                return
            while content:
                # A block of nothing is skipped, which makes it a hole.
                if content == _NOTHING:
                    os.lseek(writer, len(content), os.SEEK_CUR)
                else:
                    _write(writer, content)
                content = os.read(reader, _SMALL)
            os.ftruncate(writer, os.lseek(writer, 0, os.SEEK_CUR))
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _write(writer: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(writer, rest) :]


@contextmanager
def _part(cache: Path) -> Generator[Path]:
    """A directory beside the entries that is removed by us, or by the next user where we are killed."""
    part = cache / f"{secrets.token_hex(8)}{_PART}"
    part.mkdir(mode=0o700)
    try:
        descriptor = lease_files.create(part / _LOCK)
        try:
            yield part
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _collect(cache: Path) -> None:
    """Remove what nobody has used for long, and what dead builders left."""
    for path in _unused(cache):
        with suppress(OSError), _part(cache) as part, _unheld(path):
            # Renamed first: whoever copies it meanwhile notices, as all its paths are gone at once.
            path.rename(part / path.name)
    for path in cache.glob(f"*{_PART}"):
        with suppress(OSError):
            descriptor = lease_files.acquire(path / _LOCK)
            if descriptor is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(descriptor)


@contextmanager
def _unheld(path: Path) -> Generator[None]:
    """Keep others from holding an entry; OSError where somebody holds it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _unused(cache: Path) -> Iterator[Path]:
    oldest = time.time() - KEPT
    for path in list(cache.iterdir()):
        if path.suffix != _PART and path.stat().st_mtime < oldest:
            yield path


def main(name: str, source: str) -> None:
    """What is run to copy a directory to an entry."""
    make(name, lambda target: copy(Path(source), target))


if __name__ == "__main__":
    main(*sys.argv[1:])
