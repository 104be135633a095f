"""The checkout source `git`: a clone of a repository on this machine or elsewhere."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.checkout_sources.addresses import origin_of, redacted
from testflow_core.builtin.checkout_sources.clone import Cloning, current_commit, make_current
from testflow_core.builtin.checkout_sources.git_command import Git
from testflow_core.builtin.checkout_sources.locking import locked
from testflow_core.builtin.checkout_sources.refusals import refusal
from testflow_core.builtin.checkout_sources.trees import tree_of
from testflow_core.errors import ApplicationUnavailableError, ProvisionError
from testflow_core.interfaces import CheckoutSource
from testflow_core.provisioning.supervisor import Supervisor

if TYPE_CHECKING:
    from testflow_core.builtin.checkout_sources.addresses import Origin
    from testflow_core.model import Application

_PATH = "or give the application a path"


@frozen(kw_only=True)
class GitCheckouts(CheckoutSource):
    """
    Clones an application's `repository` into the cache, or brings the clone that is there up to date.

    The repository is a directory (bare or not, relative to the workspace) or an address that git knows; `host.tld/path`
    stands for `https://host.tld/path`. Nothing is asked for: credentials are those of the address, of git's helpers or
    of the ssh agent. What comes from elsewhere is given up after `patience` without progress. `timeout` limits every
    single git command, and the wait for another run that is at the same clone.
    """

    workspace: Path
    cache: Path
    timeout: timedelta = timedelta(minutes=30)
    patience: timedelta = timedelta(seconds=20)

    def checkout(self, application: Application) -> Path:
        """The clone's directory, at the commit of the repository's HEAD; else ApplicationUnavailableError."""
        name, address = application.name, application.repository
        if not address:
            message = f"{name}: no repository is declared; give the application a path or a repository"
            raise ApplicationUnavailableError(message)
        try:
            origin = origin_of(address, self.workspace.absolute())
        except (OSError, ValueError) as error:
            message = f"{name}: the repository {redacted(address)!r} cannot be cloned: {error}"
            raise ApplicationUnavailableError(message if _PATH in message else f"{message}, {_PATH}") from None
        try:
            return self._clone(name, origin)
        except (OSError, ValueError, ProvisionError) as error:
            message = f"{name}: the repository {origin.shown} cannot be cloned: {error}"
            raise ApplicationUnavailableError(message) from error

    def tree(self, checkout: Path) -> str:
        """What it has, by git."""
        return tree_of(checkout)

    def _clone(self, name: str, origin: Origin) -> Path:
        cache = self.cache.absolute()
        cache.mkdir(parents=True, exist_ok=True)
        clone = cache / _folder(name, origin)
        lock = clone.with_name(f"{clone.name}.lock")
        with locked(lock, self.timeout), Supervisor() as supervisor:
            git = Git(supervisor=supervisor, timeout=self.timeout)
            try:
                make_current(Cloning(git=git, origin=origin, patience=self.patience), clone)
            except (ChildProcessError, TimeoutError) as error:
                if origin.host is None:
                    raise
                raise ChildProcessError(_explained(error, origin.host) + _cached(git, clone)) from error
        return clone


def _explained(error: OSError, host: str) -> str:
    told = refusal(str(error))
    if told is not None:
        return f"{told.reason}; {told.remedy}, {_PATH}".format(host=host)
    if isinstance(error, TimeoutError):
        return f"{error}; check the network and the server {host}, {_PATH}"
    return f"{error}; check `repository`, {_PATH}"


def _cached(git: Git, clone: Path) -> str:
    # An old commit that passes for the newest is worse than none: using it is the user's decision.
    commit = current_commit(git, clone)
    return f" (its commit {commit} is in the cache: the path {str(clone)!r} uses that)" if commit else ""


def _folder(name: str, origin: Origin) -> str:
    address = hashlib.sha256(origin.identity.encode(errors="surrogateescape")).hexdigest()[:10]
    return f"{re.sub(r'[^0-9A-Za-z_-]', '_', name)[:100]}-{address}"
