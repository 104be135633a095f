"""Mapping rules that can have no effect: they match no file of the checkout, or lead from none of them to a test."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_git_selector.causes import matches, written
from testflow_git_selector.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testflow_core.model import MappingRule
    from testflow_git_selector.file_index import FileIndex

_LAST = "\U0010ffff"
_SPECIAL = frozenset("\\.^$*+?{}[]()")
_REPEATING = frozenset("*+?{")


@frozen(kw_only=True)
class DeadRule:
    """
    A rule without effect, whatever changes.

    `matched` is how many files of the checkout it matches; `file` is one of them, or of the checkout where that is 0,
    and `wanted` where the rule would find the tests of the file.
    """

    rule: str
    matched: int
    file: str
    wanted: str = ""


def dead_rules(rules: Sequence[MappingRule], files: Sequence[str], tests: FileIndex) -> Iterator[DeadRule]:
    """The rules that no file, of all of a checkout in order, brings to a test; none where there are no files."""
    for rule in rules if files else ():
        pattern = compiled(rule.test_pattern)
        groups = matches(rule, _candidates(rule.source_pattern, files))
        if not groups:
            yield DeadRule(rule=written(rule), matched=0, file=files[0])
        elif tests.files and not any(tests.matching(pattern, dict(each)) for each in groups):
            texts, those = next(iter(groups.items()))
            wanted = pattern.filled(dict(texts))
            yield DeadRule(rule=written(rule), matched=sum(map(len, groups.values())), file=those[0], wanted=wanted)


def _candidates(pattern: re.Pattern[str], files: Sequence[str]) -> Sequence[str]:
    """The files among which are all that the pattern matches: those that begin as it does."""
    start = _literal_start(pattern)
    first = bisect_left(files, start)
    return files[first : bisect_left(files, start + _LAST, first)]


def _literal_start(pattern: re.Pattern[str]) -> str:
    text = pattern.pattern
    if "|" in text or pattern.flags != re.UNICODE:
        return ""
    end = next((place for place, letter in enumerate(text) if letter in _SPECIAL), len(text))
    # What repeats may be there no time.
    return text[: max(end - 1, 0)] if text[end : end + 1] in _REPEATING else text[:end]
