"""Git as a program that only asks: nothing that the repository configures is run, and nothing is fetched."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

from attrs import frozen

OUTPUT_LIMIT = 64 * 1024 * 1024
"""Bytes of standard output that are read at most."""

# Git's own variables are left out, its configuration excepted: a GIT_DIR set by a hook would point it elsewhere.
_KEPT = re.compile(r"(?!GIT_)|GIT_CONFIG_|GIT_EXEC_PATH$")
_ERROR_LIMIT = 2_000

_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
}


class GitError(Exception):
    """Git is missing, failed or took too long; the message says which."""


@frozen(kw_only=True)
class Git:
    """Git in one checkout: `timeout` limits each command, `options` (`-c name=value`) go before each."""

    checkout: Path
    timeout: timedelta
    options: Sequence[str] = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")

    def __call__(self, *arguments: str, said: bytes = b"") -> bytes:
        """
        Standard output, given `said` as standard input.

        GitError where git fails, takes too long or says more than OUTPUT_LIMIT.
        """
        program = shutil.which("git")
        if program is None:
            raise GitError("git is not installed")
        command = [program, "--no-pager", "-C", str(self.checkout), *self.options, *arguments]
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as given:
            given.write(said)
            given.seek(0)
            status = self._run(command, given, output, errors)
            if status is None:
                raise GitError(f"git {arguments[0]} was stopped after {self.timeout.total_seconds():g} s")
            if status:
                said = _start_of(errors, _ERROR_LIMIT).decode(errors="replace").strip()
                raise GitError(f"git {arguments[0]}: {said or f'exit status {status}'}")
            if output.seek(0, os.SEEK_END) > OUTPUT_LIMIT:
                raise GitError(f"git {arguments[0]} said more than {OUTPUT_LIMIT:,} bytes")
            return _start_of(output, OUTPUT_LIMIT)

    def _run(self, command: Sequence[str], given: IO[bytes], output: IO[bytes], errors: IO[bytes]) -> int | None:
        environment = {name: value for name, value in os.environ.items() if _KEPT.match(name)} | _ENVIRONMENT
        try:
            process = subprocess.Popen(
                command,
                stdin=given,
                stdout=output,
                stderr=errors,
                env=environment,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise GitError(f"git cannot be started: {error}") from error
        try:
            return process.wait(self.timeout.total_seconds())
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _start_of(stream: IO[bytes], size: int) -> bytes:
    stream.seek(0)
    return stream.read(size)
