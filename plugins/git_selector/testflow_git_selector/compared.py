"""Changed files as they are, compared with what they were in the base."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from testflow_git_selector.base_texts import texts_at
from testflow_git_selector.checkout_files import content_of
from testflow_git_selector.git_command import Git, GitError
from testflow_git_selector.javascript import is_script
from testflow_git_selector.javascript import is_the_same as scripts_are_the_same
from testflow_git_selector.unit_changes import changed_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from testflow_core.model import Change

_TIMEOUT = timedelta(seconds=60)
_COMPARED = 200
"""Files that are compared with what they were; of more, each counts as changed."""


def programs(change: Change) -> list[str]:
    """The changed files that can be compared with what they were."""
    return [file for file in change.files or () if file.endswith(".py") or is_script(file)]


def before(checkout: Path, change: Change, changed: Sequence[str]) -> Mapping[str, bytes]:
    """What changed files held in the base, as far as that can be said."""
    if change.base is None or not changed or len(changed) > _COMPARED:
        return {}
    return texts_at(Git(checkout=checkout.absolute(), timeout=_TIMEOUT), change.base, changed)


def is_new(checkout: Path, change: Change, file: str) -> bool:
    """Whether a file is there that was not in the base; False where nobody knows."""
    if change.base is None or not (checkout / file).exists():
        return False
    try:
        return not Git(checkout=checkout.absolute(), timeout=_TIMEOUT)("ls-tree", "-z", change.base, "--", file)
    except GitError:
        return False


def same(checkout: Path, before: Mapping[str, bytes]) -> frozenset[str]:
    """The files that are the same program as before."""
    texts = {file: content_of(checkout / file) for file in before}
    return frozenset(
        file for file, after in texts.items() if after is not None and _is_the_same(file, before[file], after)
    )


def _is_the_same(file: str, before: bytes, after: bytes) -> bool:
    return scripts_are_the_same(file, before, after) if is_script(file) else not changed_units(before, after)
