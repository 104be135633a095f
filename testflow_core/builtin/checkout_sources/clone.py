"""A clone in the cache: made, or brought to the commit of the repository's HEAD."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.checkout_sources.addresses import Origin
from testflow_core.builtin.checkout_sources.contact import contact_with
from testflow_core.builtin.checkout_sources.git_command import Git
from testflow_core.builtin.checkout_sources.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Generator


_HEAD, _CURRENT = "refs/testflow/head", "refs/testflow/current"
_BRANCHES = "refs/heads/"


@frozen(kw_only=True)
class Cloning:
    """What a clone is made with; commands that speak to the origin are given up after `patience` without progress."""

    git: Git
    origin: Origin
    patience: timedelta


def make_current(cloning: Cloning, clone: Path) -> None:
    """
    The repository's HEAD in `clone`, whose lock is held; a clone that is damaged is made anew.

    ChildProcessError or TimeoutError where the repository cannot be had; the clone is then as it was.
    """
    main_branch = _main_branch(cloning, clone.parent)
    if not (clone.is_dir() and _updated(cloning, clone)):
        with _replacing(clone) as directory:
            cloning.git(directory, "init", "--quiet", "--template=")
            cloning.git(directory, "config", "remote.origin.url", cloning.origin.url)
            _update(cloning, directory)
    if main_branch is not None:
        target = f"refs/remotes/origin/{main_branch}"
        cloning.git(clone, "symbolic-ref", "refs/remotes/origin/HEAD", target)


def current_commit(git: Git, clone: Path) -> str | None:
    """The commit that a clone was last brought to; None where there is no whole clone."""
    if not clone.is_dir():
        return None
    try:
        return git(clone, "rev-parse", "--verify", "--quiet", _CURRENT)
    except (OSError, ValueError):
        return None


def _main_branch(cloning: Cloning, cache: Path) -> str | None:
    """The name of the repository's main branch, None where it has none to tell; its first contact, if it is remote."""
    git, origin = cloning.git, cloning.origin
    if origin.host is None:
        # The HEAD of a bare repository is its main branch; that of a work tree is whatever somebody works on.
        source = Path(origin.url)
        is_bare = git(source, "rev-parse", "--is-bare-repository") == "true"
        branch = git(source, "rev-parse", "--symbolic-full-name", "HEAD") if is_bare else ""
        return branch.removeprefix(_BRANCHES) if branch.startswith(_BRANCHES) else None
    contact = contact_with(git, origin, cache, cloning.patience)
    said = git(cache, "ls-remote", "--symref", origin.url, "HEAD", contact=contact)
    if not said:
        raise ChildProcessError(f"HEAD of {origin.url} has no commit yet")
    named, _, what = said.partition("\n")[0].partition("\t")
    marker = f"ref: {_BRANCHES}"
    return named.removeprefix(marker) if what == "HEAD" and named.startswith(marker) else None


def _updated(cloning: Cloning, clone: Path) -> bool:
    try:
        _update(cloning, clone)
    except ChildProcessError as error:
        if cloning.origin.host is not None and refusal(str(error)):
            raise
        return False  # damaged, or left half way by a run that was killed
    return True


def _update(cloning: Cloning, clone: Path) -> None:
    git = cloning.git
    contact = contact_with(git, cloning.origin, clone, cloning.patience)
    for left_over in contact.arriving.glob("tmp_*"):  # of a command that was stopped
        left_over.unlink()
    branches, head = "+refs/heads/*:refs/remotes/origin/*", f"+HEAD:{_HEAD}"
    # Whole history: what changed is told from a base, which may be any commit, without a network.
    options = ["--progress", "--prune", "--no-recurse-submodules"]
    git(clone, "fetch", *options, cloning.origin.url, branches, head, contact=contact)
    wanted = git(clone, "rev-parse", "--verify", _HEAD)
    current = git(clone, "for-each-ref", "--format=%(objectname)", _CURRENT)
    # Detached, so that no branch of the clone is taken for the main branch of the repository.
    git(clone, "checkout", "--quiet", "--force", "--detach", wanted)
    if wanted != current:
        # Left by the tests of an older commit; what the repository ignores (.venv, node_modules) stays.
        git(clone, "clean", "--quiet", "-ffd")
        git(clone, "update-ref", _CURRENT, wanted)


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
