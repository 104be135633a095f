"""What the tests of a worker print, and what they start prints: standard output and standard error, test by test."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from typing import IO, TYPE_CHECKING

from .output import Output

if TYPE_CHECKING:
    from .child import Ends


class Capture:
    """
    Takes standard output apart from standard error, which stays where the agent reads it if the worker dies.

    For frameworks that leave both as they are.
    """

    def __init__(self, ends: Ends, folder: str) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - open as long as the process
        os.dup2(self._file.fileno(), 1)
        self._outputs = Output(self._file.fileno()), Output(ends.output)
        self._marks = (0, 0)

    def begin(self) -> int:
        """From here on it is a test that prints; the place in what the agent can read."""
        flush()
        out, err = self._outputs
        self._marks = out.mark(), err.mark()
        return self._marks[1]

    def end(self) -> tuple[str, str]:
        """What the test has printed, to standard output and to standard error."""
        flush()
        out, err = (output.since(mark) for output, mark in zip(self._outputs, self._marks))
        return out, err


def flush() -> None:
    """Have Python write what it keeps for the standard streams, unless a test has closed them."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            with contextlib.suppress(Exception):
                stream.flush()
