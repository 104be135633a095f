"""What destinations make that is neither a process nor a file of ours: written down before, removed in the end."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from testflow_core.errors import DataError
from testflow_core.model import Json
from testflow_core.provisioning import lease_files, leases
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Generator

Entry: TypeAlias = Mapping[str, Json]
"""One thing, as its remover understands it: what it is, what it is called, and how it is reached."""

Remove: TypeAlias = Callable[[Sequence[Entry]], Iterable[str]]
"""Removes things, in the order given, and tells what it was of each; what is not there is no matter. DataError."""

_PREFIX = "ledger"
_FORGOTTEN = 7 * 24 * 3600.0
_ROOT = Path("/")


class Ledger:
    """The things of one owner: what is noted is removed when he ends, in whatever way, the latest first."""

    def __init__(self, path: Path, remover: str, before: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._before = before
        self._append({"remover": remover, "until": 0})

    def note(self, entry: Entry) -> None:
        """Write down what is about to be made."""
        self._before()
        self._append({"entry": entry})

    def keep(self, seconds: float) -> None:
        """Leave it all in place: the first sweep after that time removes it."""
        self._append({"until": time.time() + seconds})

    def _append(self, line: Mapping[str, Json]) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise DataError(f"what is made of test data cannot be noted in {self._path}: {error.strerror}") from error


class _Book:
    """What stands in the file of a ledger."""

    def __init__(self, path: Path) -> None:
        lines = list(_lines(path))
        self.remover: str = next((line["remover"] for line in lines if "remover" in line), "")
        self.until: float = next((line["until"] for line in reversed(lines) if "until" in line), 0.0)
        self.entries: list[Entry] = [line["entry"] for line in reversed(lines) if "entry" in line]

    def remove(self) -> list[str]:
        """Remove all of it, the latest first."""
        if not self.entries:
            return []
        module, _, name = self.remover.partition(":")
        return list(cast("Remove", getattr(import_module(module), name))(self.entries))


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            # Its owner was killed while he wrote it: what it tells of was not made yet.
            return


@contextmanager
def ledger(remover: str) -> Generator[Ledger]:
    """
    A ledger of our own; on exit, or when we are killed, everything in it is removed, the latest first.

    `remover` names a function of the kind `Remove`, `acme_data.remains:remove`. What dead owners have left to the same
    one is removed on the way. What cannot be removed is a DataError, and left to the next sweep.
    """
    with suppress(DataError):
        sweep(remover)
    path, descriptor = leases.hold(_PREFIX)
    try:
        with Supervisor() as supervisor:
            # What is about to be made must have an heir; until then he has the time to get ready.
            heirs: list[Callable[[], None]] = []

            def bequeath() -> None:
                if not heirs:
                    program = [sys.executable, "-m", __name__, str(path)]
                    heirs.append(supervisor.bequeath(program, cwd=_ROOT, env=os.environ))

            try:
                yield Ledger(path, remover, bequeath)
            finally:
                try:
                    book = _Book(path)
                    if not book.until:
                        book.remove()
                        path.unlink()
                finally:
                    # An heir would wait for what we hold: what could not be removed is left to the next sweep.
                    for withdraw in heirs:
                        withdraw()
    finally:
        os.close(descriptor)
        lease_files.forget(path.parent)


def keep(remover: str, name: str, entry: Entry, seconds: float) -> None:
    """Note something that outlives its owner on purpose, by a name of its own; once more for another such time."""
    with leases.alone() as home:
        path = home / f"{_PREFIX}-kept-{name}"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        there = Ledger(path, remover)
        there.note(entry)
        there.keep(seconds)


def sweep(remover: str = "", *, kept: bool = False) -> list[str]:
    """
    Remove what dead owners have left, of one remover or of all, and with `kept` what was to stay for a while.

    A line for each thing. DataError, once all others are done, where something cannot be removed: it stays noted for
    seven days.
    """
    removed: list[str] = []
    troubles: list[str] = []
    with leases.alone() as home:
        there = list(home.glob(f"{_PREFIX}-*"))
    for path in there:
        descriptor = _held(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if descriptor is None:
            continue
        try:
            removed += _swept(path, remover, kept=kept)
        except DataError as error:
            troubles.append(str(error))
            if time.time() - path.stat().st_mtime > _FORGOTTEN:
                path.unlink()
        finally:
            os.close(descriptor)
    lease_files.forget(home)
    if troubles:
        raise DataError("; ".join(troubles))
    return removed


def _swept(path: Path, remover: str, *, kept: bool) -> list[str]:
    book = _Book(path)
    if (remover and book.remover != remover) or (book.until > time.time() and not kept):
        return []
    try:
        removed = book.remove()
    except (ImportError, AttributeError) as error:
        raise DataError(f"what was made of test data cannot be removed by {book.remover}: {error}") from error
    path.unlink()
    return removed


def _held(path: Path, how: int) -> int | None:
    """A descriptor that holds a ledger, None where its owner lives or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, how)
        # Its last holder may have removed it between our open and our lock.
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def main(path: Path) -> None:
    """What is run once an owner is gone."""
    descriptor = _held(path, fcntl.LOCK_EX)
    if descriptor is not None:
        book = _Book(path)
        if not book.until:
            book.remove()
            path.unlink()
        os.close(descriptor)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
