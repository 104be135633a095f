"""Directories with data in them: each private, copied for who wants one alone, and kept for people to look at."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from testflow_core.errors import DataError
from testflow_core.model import Loaded
from testflow_core.provisioning import leases, ledger

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from testflow_core.model import DataSet
    from testflow_core.provisioning.ledger import Entry

REMOVER = f"{__name__}:remove"


@contextmanager
def private(data: DataSet, below: Path, prefix: str) -> Generator[Path]:
    """A new directory, gone on exit; DataError where there can be none."""
    try:
        below.mkdir(parents=True, exist_ok=True)
        directory = Path(mkdtemp(prefix=prefix, dir=below))
    except OSError as error:
        raise DataError(f"the data set {data.name!r} cannot be put into {below}: {error.strerror}") from error
    try:
        yield directory
    finally:
        rmtree(directory, ignore_errors=True)


def loaded(data: DataSet, directory: Path, variable: str, file: str = "") -> Loaded:
    """
    A directory, or a file in it, that a variable names; with the means to copy it and to keep it.

    What was kept before, and has had its time, is removed.
    """
    ledger.sweep(REMOVER)

    @contextmanager
    def clone() -> Generator[Loaded]:
        with private(data, directory.parent, f"{directory.name}-") as copy:
            _copy(data, directory, copy)
            yield Loaded(variables={variable: str(copy / file)})

    def keep(seconds: float) -> str:
        name = token_hex(6)
        place = leases.root() / f"data-{name}"
        ledger.keep(REMOVER, name, {"path": str(place)}, seconds)
        _copy(data, directory, place)
        return str(place / file)

    return Loaded(variables={variable: str(directory / file)}, clone=clone, keep=keep)


def _copy(data: DataSet, directory: Path, place: Path) -> None:
    try:
        copytree(directory, place, dirs_exist_ok=True)
    except OSError as error:
        raise DataError(f"the data set {data.name!r} cannot be copied to {place}: {error}") from error


def remove(entries: Sequence[Entry]) -> Iterator[str]:
    """Remove directories that were kept."""
    for entry in entries:
        rmtree(str(entry["path"]), ignore_errors=True)
        yield f"test data in {entry['path']}"
