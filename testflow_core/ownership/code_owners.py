"""The CODEOWNERS file of a checkout, found and read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from testflow_core.model import CodeOwners
from testflow_core.ownership.parsing import parsed

if TYPE_CHECKING:
    from pathlib import Path

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where it may be, in the order in which GitHub looks, and then where GitLab does; the first that is there counts."""

LIMIT = 3 * 1024 * 1024
"""Bytes: GitHub reads no larger one, either."""


def code_owners(checkout: Path) -> tuple[CodeOwners | None, tuple[str, ...]]:
    """
    Whom the files of a checkout belong to, None where nobody says, and a sentence for everything that is wrong.

    A checkout that has no such file goes by that of the repository which it is a part of.
    """
    for root in dict.fromkeys((checkout, _repository(checkout))):
        for place in PLACES:
            path = root / place
            if not path.is_file():
                continue
            prefix = "" if root == checkout else f"{checkout.resolve().relative_to(root).as_posix()}/"
            text, problem = _text(path, root)
            if problem:
                return None, (f"{place} is not used: {problem}",)
            rules, problems = parsed(text)
            return CodeOwners(file=place, rules=rules, prefix=prefix), tuple(f"{place} {each}" for each in problems)
    return None, ()


def _repository(checkout: Path) -> Path:
    """The root of the repository around a checkout, itself where there is none."""
    with suppress(OSError):
        whole = checkout.resolve()
        if not (whole / ".git").exists():
            return next((each for each in whole.parents if (each / ".git").exists()), checkout)
    return checkout


def _text(path: Path, root: Path) -> tuple[str, str]:
    """What the file says, or why it is not read."""
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            return "", "it is a link out of the repository"
        with path.open("rb") as file:
            content = file.read(LIMIT + 1)
    except OSError as error:
        return "", error.strerror or str(error)
    if len(content) > LIMIT:
        return "", f"it is larger than {LIMIT // 1024**2} MB; let patterns with `*` stand for several lines"
    return content.decode("utf-8-sig", errors="replace"), ""
