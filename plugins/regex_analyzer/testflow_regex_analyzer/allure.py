"""
Allure's `categories.json` as rules.

The format: https://allurereport.org/docs/how-it-works-categories-file/
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from testflow_core.errors import Problem, SpecError
from testflow_core.model import Category

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STATUSES = {"failed", "broken"}
"""Allure's words for what failed; categories of other statuses are none of failures."""


def allure_rules(path: Path) -> tuple[Category, ...]:
    """
    The categories of a `categories.json`, in its order, for `FailureAnalysis.categories`.

    Of `messageRegex` and `traceRegex`, either may match here; categories that are for passed or skipped tests alone, or
    have no pattern, are left out. Allure matches whole texts: a `.*` around a pattern is taken off, as patterns are
    searched. SpecError with every mistake.
    """
    try:
        loaded: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError([Problem(str(path), f"cannot be read as JSON: {error}")]) from error
    if not isinstance(loaded, list):
        raise SpecError([Problem(str(path), "must be a list of categories")])
    problems: list[Problem] = []
    made = [
        category
        for at, each in enumerate(cast("list[object]", loaded))
        for category in _category(each, f"{path}[{at}]", problems)
    ]
    if problems:
        raise SpecError(problems)
    return tuple(made)


def _category(given: object, where: str, problems: list[Problem]) -> Iterator[Category]:
    if not isinstance(given, Mapping):
        problems.append(Problem(where, "a category is an object with a name"))
        return
    category = cast("Mapping[str, object]", given)
    name, statuses = category.get("name"), category.get("matchedStatuses")
    if not isinstance(name, str) or not name.strip():
        problems.append(Problem(f"{where}.name", f"must be a text, is {name!r}"))
        return
    if isinstance(statuses, list) and statuses and not _STATUSES & set(map(str, cast("list[object]", statuses))):
        return
    patterns: list[re.Pattern[str]] = []
    for key in ("messageRegex", "traceRegex"):
        written = category.get(key)
        if written is None:
            continue
        try:
            patterns.append(re.compile(searched(str(written)), re.DOTALL))
        except re.error as error:
            problems.append(Problem(f"{where}.{key}", f"{written!r} is no regular expression: {error}"))
    if patterns:
        yield Category(name=name, patterns=tuple(patterns))


def searched(pattern: str) -> str:
    """A pattern that is to match a whole text as one that is searched in it: without `.*` at its ends."""
    pattern = pattern.removeprefix("(?s)").removeprefix("^")
    while pattern.startswith((".*", "[\\s\\S]*")):
        pattern = pattern.removeprefix("[\\s\\S]*").removeprefix(".*").removeprefix("?")
    if pattern.endswith(".*") and not pattern.endswith("\\.*"):
        pattern = pattern[:-2]
    return pattern or "."
