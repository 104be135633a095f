"""The user's own patterns, as the failure analysis declares them, searched in the evidence as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Self

from attrs import define, field, frozen

from testflow_core.model import Category
from testflow_regex_analyzer.pattern_sets import LinearFilter, linear_available
from testflow_regex_analyzer.reading import TEXT_LIMIT
from testflow_regex_analyzer.rule import Rule
from testflow_regex_analyzer.rulebook import Hit
from testflow_regex_analyzer.search import Search, SearchStoppedError, search_for

if TYPE_CHECKING:
    from types import TracebackType

    from testflow_core.model import Evidence, Failure

_CUT = "\n…\n"
_AFTER_EXCEPTIONS = 2
"""Logs come after the exceptions that were found in the account."""
_OF_THE_TEST = {"message", "text"}
"""What the framework says is where the rules of the pack find exceptions: there, the user's patterns come first."""


@frozen(kw_only=True)
class Found:
    """What the user's patterns say of one failure: the deciding match, if any, and what has to be told about it."""

    hit: Hit | None = None
    remark: str = ""
    stopped: bool = False


@define
class DeclaredSearch:
    """
    A search for the patterns of the declared categories, to be used in a `with` statement.

    It runs in a process of its own, so that a pattern that never ends can be stopped. Where google-re2 is installed,
    what it sees matches nowhere is not searched at all.
    """

    categories: Sequence[Category]
    pattern_timeout: timedelta
    timeout: timedelta
    linear: bool = True
    _rules: list[tuple[Category, re.Pattern[str]]] = field(init=False)
    _filter: LinearFilter | None = field(init=False, default=None)
    _stack: ExitStack = field(init=False, factory=ExitStack)
    _search: Search | None = field(init=False, default=None)
    _stopped: str = field(init=False, default="")

    def __attrs_post_init__(self) -> None:
        self._rules = [(category, pattern) for category in self.categories for pattern in category.patterns]
        if self.linear and self._rules and linear_available():
            self._filter = LinearFilter([pattern for _, pattern in self._rules])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def found_in(self, failure: Failure) -> Found:
        """The first pattern that matches the evidence closest to the cause in which any does."""
        if not self._rules:
            return Found()
        ranked = sorted(failure.evidence, key=lambda piece: piece.rank)
        groups = [list(group) for _, group in groupby(ranked, key=lambda piece: piece.rank)]
        texts = [[_shortened(piece.text) for piece in group] for group in groups]
        if self._filter and not any(self._filter.may_match(text) for group in texts for text in group):
            return Found()
        if self._stopped:
            return Found(remark=self._stopped, stopped=True)
        try:
            answer = self._ready().first_match(texts)
        except (SearchStoppedError, OSError) as error:
            starts = isinstance(error, OSError)
            self._stopped = f"the searching process cannot be started: {error}" if starts else str(error)
            return Found(remark=self._stopped, stopped=True)
        slow = ", ".join(repr(self._rules[number][1].pattern) for number in answer.given_up)
        remark = f"given up after {self.pattern_timeout.total_seconds():g} s: {slow}" if slow else ""
        match = answer.match
        if match is None:
            cut = "".join(dict.fromkeys(cut_note(piece) for group in groups for piece in group))
            return Found(remark="; ".join(each for each in (cut.strip(), remark) if each))
        category, pattern = self._rules[match.pattern]
        piece = groups[match.group][match.text]
        hit = Hit(
            rule=Rule(id=f"{category.name}: {pattern.pattern}", category=category.name),
            number=match.pattern,
            kind=piece.kind,
            rank=0 if piece.kind in _OF_THE_TEST else piece.rank + _AFTER_EXCEPTIONS,
            piece_rank=piece.rank,
            by=f"{pattern.pattern!r} matched the {piece.kind}{cut_note(piece)}",
            text=_shortened(piece.text),
            start=match.start,
            end=match.end,
        )
        return Found(hit=hit, remark=remark)

    def _ready(self) -> Search:
        if self._search is None:
            patterns = [pattern for _, pattern in self._rules]
            opened = search_for(patterns, pattern_timeout=self.pattern_timeout, limit=self.timeout)
            self._search = self._stack.enter_context(opened)
        return self._search


def _shortened(text: str) -> str:
    if len(text) <= TEXT_LIMIT:
        return text
    return text[: TEXT_LIMIT // 2] + _CUT + text[-TEXT_LIMIT // 2 :]


def cut_note(piece: Evidence) -> str:
    """That only the ends of a long text were searched, in brackets; nothing where all of it was."""
    if len(piece.text) <= TEXT_LIMIT:
        return ""
    size, searched = len(piece.text), TEXT_LIMIT // 2
    return f" (of {size:,} characters of the {piece.kind}, the first and last {searched:,} were searched)"
