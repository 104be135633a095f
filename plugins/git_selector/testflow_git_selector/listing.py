"""What git lists of a checkout besides what differs: untracked files, those that it does not look at, repositories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_git_selector.base_texts import texts_at
from testflow_git_selector.git_command import Git, GitError

if TYPE_CHECKING:
    from pathlib import Path

_UNTRACKED = b"?"
_SKIPPED = b"S"
_REPOSITORY = b"160000"


@frozen(kw_only=True)
class Listing:
    """
    Paths relative to the checkout.

    `unwatched` are tracked files that git has been told not to look at (`assume-unchanged`, `skip-worktree`), of which
    those are left out that a sparse checkout does not have; `repositories` are submodules and the like.
    """

    untracked: frozenset[str]
    unwatched: tuple[str, ...]
    repositories: tuple[str, ...]


def listing(git: Git, path: str = ".") -> Listing:
    """All of that below a path, by one question."""
    untracked: list[str] = []
    unwatched: list[str] = []
    repositories: list[str] = []
    said = git("ls-files", "-z", "-v", "-s", "--cached", "--others", "--exclude-standard", "--", path)
    for entry in said.split(b"\0"):
        tag, _, rest = entry.partition(b" ")
        if tag == _UNTRACKED:
            untracked.append(os.fsdecode(rest).removesuffix("/"))
            continue
        told, _, name = rest.partition(b"\t")
        if told.startswith(_REPOSITORY):
            repositories.append(os.fsdecode(name))
        if tag.islower() or tag == _SKIPPED:
            unwatched.append(os.fsdecode(name))
            if tag.upper() == _SKIPPED and not os.path.lexists(git.checkout / unwatched[-1]):
                unwatched.pop()
    return Listing(untracked=frozenset(untracked), unwatched=tuple(unwatched), repositories=tuple(repositories))


def unwatched(git: Git, base: str, listed: Listing) -> frozenset[str]:
    """The files that git does not look at and that are not as they were in the base."""
    before = texts_at(git, base, listed.unwatched) if listed.unwatched else {}
    return frozenset(file for file in listed.unwatched if before.get(file) != _now(git.checkout / file))


def _now(path: Path) -> bytes | None:
    """What git would keep of a file; None where it cannot be read."""
    try:
        return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    except OSError:
        return None


def without_filters(git: Git, listed: Listing) -> Git:
    """
    Git that does not run the content filters that the repository itself configures; those of the user stay.

    Nor those of repositories in it: git goes into them to see whether they changed.
    """
    names = dict.fromkeys(_filters(git, listed))
    if any("=" in name for name in names):  # such a name cannot be said after -c, so it would run
        raise GitError(f"the repository configures a filter with = in its name: {', '.join(names)}")
    options = [part for name in names for part in ("-c", f"{name}=", "-c", f"{name.rpartition('.')[0]}.required=false")]
    return evolve(git, options=(*git.options, *options))


def _filters(git: Git, listed: Listing) -> list[str]:
    try:
        said = git("config", "-z", "--show-scope", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process)$")
    except GitError:  # there are none
        said = b""
    words = os.fsdecode(said).split("\0")
    names = [name for scope, name in zip(words[::2], words[1::2], strict=False) if scope in {"local", "worktree"}]
    for each in listed.repositories:
        inner = git.checkout / each
        if os.path.lexists(inner / ".git"):
            there = evolve(git, checkout=inner)
            names += _filters(there, listing(there))
    return names
