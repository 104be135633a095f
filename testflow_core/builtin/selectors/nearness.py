"""How near a test file is to what changed."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ITSELF, NAMESAKE, BESIDE = 3.0, 1.5, 0.5
"""What is added to the log odds of a failure where the file itself changed, one it is named after, or one beside it."""

_MARKS = ("test_", "tests_", "spec_", "_test", "_tests", "_spec")
_NO_SUBJECTS = {"", "__init__", "__main__", "conftest", "index", "main"}


class Nearness:
    """Of one change, to any test file: what it adds to the log odds that a test of it fails, and why."""

    def __init__(self, changed: Iterable[str]) -> None:
        self._files = frozenset(changed)
        self._stems: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        for file in sorted(self._files):
            path = PurePosixPath(file)
            self._stems.setdefault(_subject(path), file)
            self._folders.setdefault(str(path.parent), file)

    def changed(self, file: str) -> bool:
        """Whether the file itself changed."""
        return file in self._files

    def of(self, file: str) -> tuple[float, str]:
        """What is added, 0 and no reason where the file is not near."""
        if file in self._files:
            return ITSELF, "its file changed"
        path = PurePosixPath(file)
        subject = _subject(path)
        if subject and (namesake := self._stems.get(subject)):
            return NAMESAKE, f"named like {namesake}, which changed"
        if beside := self._folders.get(str(path.parent)):
            return BESIDE, f"beside {beside}, which changed"
        return 0.0, ""


def _subject(path: PurePosixPath) -> str:
    """What a file is about: its name without its suffix and without what marks a test."""
    stem = path.name.partition(".")[0] if path.name.count(".") > 1 else path.stem
    stem = stem.lower()
    for mark in _MARKS:
        stem = stem.removeprefix(mark).removesuffix(mark)
    return "" if stem in _NO_SUBJECTS else stem
