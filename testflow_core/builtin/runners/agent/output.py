"""What a worker prints past the capture of its tests: a file that is kept to a size."""

from __future__ import annotations

import os

LIMIT = 16 << 20


class Output:
    """The worker's side of the file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def mark(self) -> int:
        """Where it ends now; what is beyond the limit has been dropped."""
        size = os.fstat(self._descriptor).st_size
        if size <= LIMIT:
            return size
        os.ftruncate(self._descriptor, 0)
        return 0
