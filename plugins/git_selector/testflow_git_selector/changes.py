"""The change source `git`: what differs between a base commit and the files of a checkout."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.interfaces import ChangeSource
from testflow_core.model import Change
from testflow_git_selector.above import above
from testflow_git_selector.checkout_files import is_bytecode_cache
from testflow_git_selector.git_command import Git, GitError
from testflow_git_selector.lines import changed_lines
from testflow_git_selector.listing import listing, unwatched, without_filters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.model import Application, ChangedLines

# The first that is there is the main branch. A clone of a continuous integration server may have none but the last two.
_MAIN_BRANCHES = (
    "refs/remotes/origin/HEAD",
    "refs/heads/main",
    "refs/heads/master",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
)


class _UnknowableError(Exception):
    """What changed cannot be told; the message is the reason."""


@frozen(kw_only=True)
class GitChanges(ChangeSource):
    """
    Answers the files below the checkout that differ from the base, untracked ones included, ignored ones not.

    Of the folders above it, where it is a part of a repository, configurations and lock files count, too. Not even
    `assume-unchanged` hides a file. Bytecode that Python keeps in `__pycache__` and checks against its source is no
    change of its own.

    The base is the application's `base`, else the last commit that HEAD has in common with the main branch. A renamed
    file is two, its old name and its new one; a submodule is one, its folder. Nothing is run that the repository
    configures (hooks, filters, fsmonitor, external diffs) and nothing is fetched. `timeout` limits every single git
    command.
    """

    timeout: timedelta = timedelta(seconds=60)

    def changes(self, application: Application) -> Change:
        """The change, paths relative to the checkout, sorted; files None, with the reason, where git cannot say."""
        try:
            return self._changes(application)
        except (_UnknowableError, GitError) as error:
            return Change(application=application.name, files=None, reason=str(error), base=application.base)

    def changed_lines(self, application: Application, change: Change, file: str) -> Iterable[ChangedLines]:
        """The lines of a file that differ from the base of the change, with who wrote them; none where git fails."""
        if application.path is None or change.base is None or file not in (change.files or ()):
            return []
        try:
            git = Git(checkout=application.path.absolute(), timeout=self.timeout)
            git = without_filters(git, listing(git, f":(literal){file}"))
            return [*changed_lines(git, change.base, file)]
        except GitError:
            return []

    def _changes(self, application: Application) -> Change:
        if application.path is None or not application.path.is_dir():
            raise _UnknowableError(f"{application.name} has no checkout to ask git about")
        git = Git(checkout=application.path.absolute(), timeout=self.timeout)
        head, base, named, below = _known_at_once(git, application.base) or _looked_up(git, application.base)
        listed = listing(git)
        git = without_filters(git, listed)
        files = _names(git("diff", *_DIFF_OPTIONS, base, "--", ".")) | listed.untracked | unwatched(git, base, listed)
        files |= above(git, base, _DIFF_OPTIONS) if below else frozenset[str]()
        files = frozenset(file for file in files if not is_bytecode_cache(git.checkout, file))
        return Change(
            application=application.name,
            files=tuple(sorted(files)),
            reason=f"git, compared with {named}",
            base=base,
            head=head,
            # What was declared to compare with need not be of the main branch.
            on_main=None if application.base else base == head and not files,
        )


_DIFF_OPTIONS = (
    "-z",
    "--name-only",
    "--relative",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
)


def _known_at_once(git: Git, base: str | None) -> tuple[str, str, str, bool] | None:
    """What `_looked_up` says by one question, as each costs a process; None where anything must be looked into."""
    if base is None or base.startswith("-"):
        return None
    try:
        told = git("rev-parse", "--show-toplevel", "HEAD^{commit}", f"{base}^{{commit}}", "--")
    except GitError:
        return None
    *top, head, commit, _ = os.fsdecode(told).split("\n")[:-1]
    return (head, commit, base, False) if Path("\n".join(top)).resolve() == git.checkout.resolve() else None


def _looked_up(git: Git, declared: str | None) -> tuple[str, str, str, bool]:
    """HEAD, the base, its name, and whether the checkout is but a part of the repository."""
    below = _is_below(git)
    head = _commit(git, "HEAD")
    if head is None:
        raise _UnknowableError("the repository has no commit yet")
    base, named = _declared_base(git, declared) if declared else _common_base(git, head)
    return head, base, named, below


def _is_below(git: Git) -> bool:
    try:
        top = os.fsdecode(git("rev-parse", "--show-toplevel").removesuffix(b"\n"))
    except GitError as error:
        if "not a git repository" in str(error):
            raise _UnknowableError(f"{git.checkout} is in no git repository") from error
        raise
    below = Path(top).resolve() != git.checkout.resolve()
    if below and not git("ls-files", "-z", "--cached", "--", "."):
        raise _UnknowableError(f"{git.checkout} is not tracked by the git repository around it, {top}")
    return below


def _commit(git: Git, revision: str) -> str | None:
    try:
        found = git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except GitError:
        return None
    return found.decode().strip()


def _declared_base(git: Git, base: str) -> tuple[str, str]:
    commit = None if base.startswith("-") else _commit(git, base)
    if commit is None:
        remedy = "; git fetch --unshallow gets it" if _is_shallow(git) else ""
        lacks = "the clone is shallow and lacks the base" if remedy else "git does not know the base"
        raise _UnknowableError(f"{lacks} {base!r}{remedy}")
    return commit, base


def _common_base(git: Git, head: str) -> tuple[str, str]:
    for branch in _MAIN_BRANCHES:
        tip = _commit(git, branch)
        if tip is not None:
            break
    else:
        raise _UnknowableError("git knows no main branch (origin/HEAD, main or master); give the application a base")
    name = branch.removeprefix("refs/heads/").removeprefix("refs/remotes/")
    try:
        found = git("merge-base", head, tip)
    except GitError as error:
        if _is_shallow(git):
            message = (
                f"the clone is shallow and lacks the base that HEAD and {name} share; git fetch --unshallow gets it"
            )
        else:
            message = f"HEAD and {name} have no commit in common; give the application a base"
        raise _UnknowableError(message) from error
    base = found.decode().strip()
    return base, "HEAD" if base == head else f"where HEAD left {name}"


def _is_shallow(git: Git) -> bool:
    return git("rev-parse", "--is-shallow-repository").strip() == b"true"


def _names(listed: bytes) -> frozenset[str]:
    return frozenset(os.fsdecode(name).removesuffix("/") for name in listed.split(b"\0") if name)
