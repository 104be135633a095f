"""A file that a worker and what it starts print to: kept to a size, and read in parts."""

from __future__ import annotations

import os

from .texts import LIMIT as SHOWN
from .texts import limited

LIMIT = 16 << 20


class Output:
    """The worker's side of the file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def mark(self) -> int:
        """Where it ends now; what is beyond the limit has been dropped."""
        # Asking `fstat` takes three times as long; whoever writes does so at the end anyway.
        size = os.lseek(self._descriptor, 0, os.SEEK_END)
        if size <= LIMIT:
            return size
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return 0

    def since(self, mark: int) -> str:
        """What was printed from a mark on; of much the head and the tail."""
        size = os.fstat(self._descriptor).st_size - mark
        head = os.pread(self._descriptor, min(size, 2 * SHOWN), mark)
        tail = os.pread(self._descriptor, SHOWN, mark + size - SHOWN) if size > len(head) else b""
        return limited((head + tail).decode("utf-8", "replace"))
