"""Git as a program: no questions, no hooks, no network, and a limit on its time."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

_OUTPUT_LIMIT = 64 * 1024

# Git's own variables are left out, its configuration excepted: a GIT_DIR set by a hook would point it elsewhere.
_KEPT = re.compile(r"(?!GIT_)|GIT_CONFIG_|GIT_EXEC_PATH$")


def git(directory: Path, *arguments: str, timeout: timedelta) -> str:
    """
    What git says in `directory`, which must itself be a repository, not a folder of one.

    ChildProcessError with what it says where it fails, TimeoutError where it takes too long; its children end with it.
    """
    program = shutil.which("git")
    if program is None:
        raise ChildProcessError("git is not installed")
    # An unusual core.fsmonitor or hook of the repository is a program that would run.
    options = ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "gc.auto=0"]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [program, "-C", str(directory), *options, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=_environment(directory),
            start_new_session=True,
        )
        try:
            status = process.wait(timeout.total_seconds())
        except subprocess.TimeoutExpired:
            message = f"git {arguments[0]} in {directory} was stopped after {timeout.total_seconds():g} s"
            raise TimeoutError(message) from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if status:
            said = _text(errors) or f"exit status {status}"
            raise ChildProcessError(f"git {arguments[0]} in {directory}: {said}")
        return _text(output)


def _environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _KEPT.match(name)}
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_CEILING_DIRECTORIES": str(directory.parent),
    }


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read(_OUTPUT_LIMIT).decode(errors="replace").strip()
