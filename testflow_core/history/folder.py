"""The folder of a run beside the history: who writes it, and what must outlive him."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from testflow_core.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

DECLARED = "declared.json"
"""Secrets that stand in the declaration."""

GENERATED = "generated.json"
"""Secrets of the environment, which are struck out of what tests tell."""


_LONGEST = 300


def folders(history: Path) -> Path:
    """Where the folders of the runs of a history are."""
    return history.with_name(f"{history.name}.runs")


def sweep(history: Path, wanted: Container[str]) -> None:
    """Remove the folders that nobody holds of runs that nobody can resume: of those killed before they had begun."""
    with suppress(OSError):
        for path in folders(history).iterdir():
            if path.name not in wanted:
                with suppress(HistoryError):
                    RunFolder(history, path.name).release(remove=True)


class RunFolder:
    """Held by whoever carries a run out, as long as he lives; HistoryError where that is somebody else."""

    def __init__(self, history: Path, run_id: str) -> None:
        self.path = folders(history) / run_id
        try:
            while not self._is_locked():
                # Somebody has swept it away between its making and its locking.
                os.close(self._lock)
        except BlockingIOError:
            holder = os.pread(self._lock, _LONGEST, 0).decode("utf-8", "replace").strip()
            os.close(self._lock)
            raise HistoryError(
                f"the run {run_id} still goes on in another process{holder and f' ({holder})'}; let it end, or end it"
            ) from None
        except OSError as error:
            raise HistoryError(f"the folder of the run {run_id} cannot be made: {error}") from error

    def _is_locked(self) -> bool:
        """Whether the lock that is ours now is the one that others find."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.path / "lock"
        self._lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not (file.exists() and os.path.samestat(file.stat(), os.fstat(self._lock))):
            return False
        # For whoever finds it locked; where there is no room for that, the lock is one all the same.
        with suppress(OSError):
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"{os.getpid()} on {os.uname().nodename}".encode(), 0)
        return True

    def keep(self, name: str, secrets: tuple[str, ...]) -> None:
        """Write down, by a name, what must not stand in the history; only the user himself can read it."""
        descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(secrets, stream)

    def kept(self, name: str) -> tuple[str, ...]:
        """What was kept by a name."""
        try:
            return tuple(json.loads((self.path / name).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return ()

    def release(self, *, remove: bool) -> None:
        """Let go of it; where nothing of the run is left to do, it goes."""
        if remove:
            shutil.rmtree(self.path, ignore_errors=True)
            # Other runs may have theirs beside it.
            with suppress(OSError):
                self.path.parent.rmdir()
        os.close(self._lock)
