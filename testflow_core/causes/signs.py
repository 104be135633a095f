"""What of a changed file can be told from its name, and from what was said."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testflow_core.model import ChangedLines, TestCase

DATA = {".json", ".yaml", ".yml", ".toml", ".csv", ".tsv", ".xml", ".sql", ".ini", ".cfg", ".properties", ".jsonl"}
DOCUMENTS = {".md", ".rst", ".adoc", ".txt", ".png", ".jpg", ".svg", ".gif", ".pdf"}
PAPERS = {"LICENSE", "AUTHORS", "NOTICE", "CODEOWNERS", ".gitignore", ".gitattributes", ".editorconfig"}


def fixtures_of(tests: Iterable[TestCase]) -> set[str]:
    """Where pytest looks for the fixtures of tests."""
    return {str(folder / "conftest.py") for test in tests for folder in PurePosixPath(test.file).parents}


def names(said: str, file: str) -> bool:
    """Whether the path of a file stands in a text, by itself or below the checkout's, or as a module of Python."""
    module = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") if file.endswith(".py") else file
    return any(
        name in said and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", said) is not None
        for name in {file, module}
    )


def is_inert(lines: Sequence[ChangedLines]) -> bool:
    """Whether it is known that none of a file's changes can matter."""
    return bool(lines) and all(each.inert for each in lines)


def is_document(file: str) -> bool:
    """Whether people read it, and no program."""
    path = PurePosixPath(file)
    return path.suffix.lower() in DOCUMENTS or path.name in PAPERS


def is_data(file: str) -> bool:
    """Whether programs read it, and run nothing of it."""
    return PurePosixPath(file).suffix.lower() in DATA
