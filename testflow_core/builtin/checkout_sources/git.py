"""The checkout source `git`: a clone of a repository on this machine."""

from __future__ import annotations

import hashlib
import re
import shutil
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from attrs import frozen

from testflow_core.builtin.checkout_sources.git_command import git
from testflow_core.builtin.checkout_sources.locking import locked
from testflow_core.errors import ApplicationUnavailableError
from testflow_core.interfaces import CheckoutSource

if TYPE_CHECKING:
    from collections.abc import Generator

    from testflow_core.model import Application

_HEAD, _CURRENT = "refs/testflow/head", "refs/testflow/current"
_BRANCHES = "refs/heads/"


@frozen(kw_only=True)
class GitCheckouts(CheckoutSource):
    """
    Clones an application's `repository` into the cache, or brings the clone that is there up to date.

    The repository is a directory (bare or not, relative to the workspace) or a `file://` address. `timeout` limits
    every single git command, and the wait for another run that is at the same clone.
    """

    workspace: Path
    cache: Path
    timeout: timedelta = timedelta(minutes=5)

    def checkout(self, application: Application) -> Path:
        """The clone's directory, at the commit of the repository's HEAD; else ApplicationUnavailableError."""
        try:
            source = self._source(application)
            return self._clone(application.name, source)
        except (OSError, ValueError) as error:
            message = f"{application.name}: the repository {application.repository!r} cannot be cloned: {error}"
            raise ApplicationUnavailableError(message) from error

    def _source(self, application: Application) -> Path:
        address = application.repository
        if not address:
            message = f"{application.name}: no repository is declared; give the application a path or a repository"
            raise ApplicationUnavailableError(message)
        source = (self.workspace.absolute() / _local_path(address)).resolve()
        if not source.is_dir():
            message = (
                f"{application.name}: the repository {address!r} is not on this machine (looked at {source}), and "
                "cloning from a remote address is not there yet; give the application a path"
            )
            raise ApplicationUnavailableError(message)
        git(source, "rev-parse", "--git-dir", timeout=self.timeout)
        return source

    def _clone(self, name: str, source: Path) -> Path:
        cache = self.cache.absolute()
        cache.mkdir(parents=True, exist_ok=True)
        clone = cache / _folder(name, source)
        with locked(clone.with_name(f"{clone.name}.lock"), self.timeout):
            if not (clone.is_dir() and self._updated(source, clone)):
                with _replacing(clone) as directory:
                    self._git(directory, "init", "--quiet", "--template=")
                    self._git(directory, "config", "remote.origin.url", str(source))
                    self._update(source, directory)
        return clone

    def _updated(self, source: Path, clone: Path) -> bool:
        try:
            self._update(source, clone)
        except ChildProcessError:  # damaged, or left half way by a run that was killed
            return False
        return True

    def _update(self, source: Path, clone: Path) -> None:
        branches, head = "+refs/heads/*:refs/remotes/origin/*", f"+HEAD:{_HEAD}"
        self._git(clone, "fetch", "--quiet", "--prune", "--no-recurse-submodules", "origin", branches, head)
        wanted = self._git(clone, "rev-parse", "--verify", _HEAD)
        current = self._git(clone, "for-each-ref", "--format=%(objectname)", _CURRENT)
        # Detached, so that no branch of the clone is taken for the main branch of the repository.
        self._git(clone, "checkout", "--quiet", "--force", "--detach", wanted)
        if wanted != current:
            # Left by the tests of an older commit; what the repository ignores (.venv, node_modules) stays.
            self._git(clone, "clean", "--quiet", "-ffd")
            self._git(clone, "update-ref", _CURRENT, wanted)
        self._name_main_branch(source, clone)

    def _name_main_branch(self, source: Path, clone: Path) -> None:
        # The HEAD of a bare repository is its main branch; that of a work tree is whatever somebody works on.
        branch = self._git(source, "rev-parse", "--symbolic-full-name", "HEAD")
        if self._git(source, "rev-parse", "--is-bare-repository") == "true" and branch.startswith(_BRANCHES):
            target = f"refs/remotes/origin/{branch.removeprefix(_BRANCHES)}"
            self._git(clone, "symbolic-ref", "refs/remotes/origin/HEAD", target)

    def _git(self, directory: Path, *arguments: str) -> str:
        return git(directory, *arguments, timeout=self.timeout)


def _local_path(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "file":
        return address
    if parts.netloc not in {"", "localhost"}:
        raise ValueError(f"{parts.netloc!r} is another machine")
    return unquote(parts.path)


def _folder(name: str, source: Path) -> str:
    address = hashlib.sha256(str(source).encode(errors="surrogateescape")).hexdigest()[:10]
    return f"{re.sub(r'[^0-9A-Za-z_-]', '_', name)[:100]}-{address}"


@contextmanager
def _replacing(clone: Path) -> Generator[Path, None, None]:
    """An empty directory that takes the clone's place once the block has ended well; needs the clone's lock."""
    part, old = clone.with_name(f"{clone.name}.part"), clone.with_name(f"{clone.name}.old")
    for left_over in (part, old):
        shutil.rmtree(left_over, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        if clone.exists():
            clone.rename(old)
        part.rename(clone)
    finally:
        for left_over in (part, old):
            shutil.rmtree(left_over, ignore_errors=True)
