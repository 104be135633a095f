"""In which file of its application a test failed."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_TESTS = re.compile(
    r"(?:.*/)?(?:(?:tests?|__tests__|testing|specs?|e2e)/.*|conftest\.py|test_[^/]*\.py|[^/]*_test\.\w+|[^/]*\.(?:test|spec)\.\w+)",
    re.DOTALL,
)


def failing_file(frames: Iterable[str], checkout: Path, test_file: str) -> str:
    """
    The first file that belongs to the application itself, relative to its checkout; empty where none does.

    `frames` are files as they were printed, that of the frame that failed first; what is not there, lies outside, or is
    a part of the tests (by the names that frameworks look for) is passed over.
    """
    roots = _roots(checkout)
    for printed in dict.fromkeys(frames):
        with suppress(OSError, ValueError):
            file = _relative(printed, roots)
            if file and file != test_file and not _OF_TESTS.fullmatch(file):
                return file
    return ""


def file_within(printed: str, checkout: Path) -> str:
    """The file of a frame, as it was printed, relative to the checkout; empty where it is not there."""
    with suppress(OSError, ValueError):
        return _relative(printed, _roots(checkout))
    return ""


def _roots(checkout: Path) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((Path(os.path.normpath(checkout)), Path(os.path.realpath(checkout)))))


def _relative(printed: str, roots: tuple[Path, ...]) -> str:
    name = unquote(urlsplit(printed).path) if printed.startswith("file://") else printed
    path = Path(os.path.normpath(roots[0] / name))
    for root in roots:
        if path != root and path.is_relative_to(root) and path.is_file():
            return path.relative_to(root).as_posix()
    return ""
