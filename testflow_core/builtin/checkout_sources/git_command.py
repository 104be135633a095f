"""Git as a program: no questions, no hooks, no network that is not asked for, and limits on its time."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from attrs import field, frozen

from testflow_core.builtin.checkout_sources.progress import wait_while_moving
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.provisioning.supervised import Supervised

_OUTPUT_LIMIT = 64 * 1024
_GRACE = 1.0

# Git's own variables are left out, its configuration excepted: a GIT_DIR set by a hook would point it elsewhere.
_KEPT = re.compile(r"(?!GIT_|SSH_ASKPASS)|GIT_CONFIG_|GIT_EXEC_PATH$|GIT_SSL_|GIT_PROXY_|GIT_SSH(_COMMAND|_VARIANT)?$")
_PROGRESS = re.compile(r": +\d+% |objects: \d+|^remote: *$")
# Git anonymises most of what it says; an address that its configuration puts in the place of ours may slip through.
_USER = re.compile(r"\b(https?|git)://[^/\s'\"]*@")


@frozen(kw_only=True)
class Contact:
    """
    How a command may speak to another repository: by which protocols, and with what more in its environment.

    It is given up after `patience` without progress; `arriving` is where what it fetches is put.
    """

    protocols: str
    patience: timedelta
    arriving: Path
    environment: Mapping[str, str] = field(factory=dict[str, str], repr=False)


@frozen(kw_only=True)
class Git:
    """Git whose every process ends with the supervisor; `timeout` limits each command."""

    supervisor: Supervisor
    timeout: timedelta

    def __call__(
        self,
        directory: Path,
        *arguments: str,
        contact: Contact | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """
        What git says in `directory`, which must itself be a repository, not a folder of one.

        `environment` is added to what it is given.

        ChildProcessError with what it says where it fails, TimeoutError where it takes too long or makes no progress;
        its children end with it.
        """
        program = shutil.which("git")
        if program is None:
            raise ChildProcessError("git is not installed")
        # An unusual core.fsmonitor or hook of the repository is a program that would run.
        options = ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "gc.auto=0"]
        # What is fetched is always one pack, whose growth can be seen.
        options += ["-c", "fetch.unpackLimit=1"] if contact else []
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            process = self.supervisor.spawn(
                [program, "-C", str(directory), *options, *arguments],
                cwd=directory,
                env=_environment(directory, contact) | dict(environment or {}),
                stdout=output.fileno(),
                stderr=errors.fileno(),
            )
            with _ending(process):
                try:
                    status = wait_while_moving(process, self.timeout, contact, errors.fileno())
                except TimeoutError as error:
                    raise TimeoutError(f"git {arguments[0]} in {directory} was stopped after {error}") from None
            if status:
                said = _last_words(errors) or f"exit status {status}"
                raise ChildProcessError(f"git {arguments[0]} in {directory}: {said}")
            output.seek(0)
            return output.read(_OUTPUT_LIMIT).decode(errors="replace").strip()


@contextmanager
def _ending(process: Supervised) -> Generator[None, None, None]:
    try:
        yield
    finally:
        if process.returncode is None:
            process.end(_GRACE)


def _environment(directory: Path, contact: Contact | None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _KEPT.match(name)}
    return (
        kept
        | {
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            # Empty, not absent: else core.askPass of the configuration would hold.
            "GIT_ASKPASS": "",
            "SSH_ASKPASS_REQUIRE": "never",
            "GCM_INTERACTIVE": "never",
            "GIT_ALLOW_PROTOCOL": contact.protocols if contact else "file",
            "GIT_CEILING_DIRECTORIES": str(directory.parent),
        }
        | (dict(contact.environment) if contact else {})
    )


def _last_words(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _OUTPUT_LIMIT))
    lines = re.split(r"[\r\n]+", errors.read().decode(errors="replace"))
    return _USER.sub(r"\1://***@", "\n".join(line for line in lines if not _PROGRESS.search(line)).strip())
