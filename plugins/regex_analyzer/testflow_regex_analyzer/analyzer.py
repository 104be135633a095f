"""The analyzer `regex`: the first declared category one of whose patterns matches the best evidence."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.interfaces import Analyzer
from testflow_core.model import UNKNOWN, Diagnosis
from testflow_regex_analyzer.search import SearchStoppedError, search_for

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Sequence

    from testflow_core.model import Category, Context, Evidence, Failure
    from testflow_regex_analyzer.search import Answer, Match, Search

TEXT_LIMIT = 256 * 1024
"""Characters of one piece of evidence that are searched: of a longer one, half of that from each end."""

EVIDENCE_LIMIT = 2_000
"""Characters of the matching lines that a diagnosis carries at most."""

_CUT = "\n…\n"


@frozen(kw_only=True)
class RegexAnalyzer(Analyzer):
    """
    Gives each failure the category whose pattern matches the evidence closest to the cause.

    Evidence of the lowest rank with any match decides, and in it the category declared first. Matching runs in a
    process of its own: a pattern that takes more than `pattern_timeout` of processor time for one rank of one failure
    is given up, and the reasons say so; where a failure gets no answer within `timeout`, it and those after it are
    `unknown`.
    """

    pattern_timeout: timedelta = timedelta(seconds=0.5)
    timeout: timedelta = timedelta(seconds=60)

    def analyze(self, failures: Sequence[Failure], context: Context) -> Iterable[Diagnosis]:
        """One diagnosis for every failure, in order, with the matching lines; `unknown` where nothing matches."""
        categories = context.analysis.categories
        rules = [(category, pattern) for category in categories for pattern in category.patterns]
        if not rules or not failures:
            return [_unknown(failure, "no category has a pattern") for failure in failures]
        patterns = [pattern for _, pattern in rules]
        try:
            with search_for(patterns, pattern_timeout=self.pattern_timeout, limit=self.timeout) as search:
                return self._diagnoses(failures, rules, search)
        except OSError as error:
            return [_unknown(failure, f"the searching process cannot be started: {error}") for failure in failures]

    def _diagnoses(
        self, failures: Sequence[Failure], rules: Sequence[tuple[Category, re.Pattern[str]]], search: Search
    ) -> list[Diagnosis]:
        made: list[Diagnosis] = []
        stopped = ""
        for failure in failures:
            if stopped:
                made.append(_unknown(failure, stopped))
                continue
            groups = _by_rank(failure)
            try:
                answer = search.first_match([[_shortened(piece.text) for piece in group] for group in groups])
            except SearchStoppedError as error:
                stopped = str(error)
                made.append(_unknown(failure, stopped))
            else:
                made.append(_diagnosis(failure, groups, answer, rules, self.pattern_timeout))
        return made


def _by_rank(failure: Failure) -> list[list[Evidence]]:
    ranked = sorted(failure.evidence, key=lambda piece: piece.rank)
    return [list(group) for _, group in groupby(ranked, key=lambda piece: piece.rank)]


def _shortened(text: str) -> str:
    if len(text) <= TEXT_LIMIT:
        return text
    return text[: TEXT_LIMIT // 2] + _CUT + text[-TEXT_LIMIT // 2 :]


def _diagnosis(
    failure: Failure,
    groups: Sequence[Sequence[Evidence]],
    answer: Answer,
    rules: Sequence[tuple[Category, re.Pattern[str]]],
    pattern_timeout: timedelta,
) -> Diagnosis:
    slow = ", ".join(repr(rules[number][1].pattern) for number in answer.given_up)
    given_up = f"; given up after {pattern_timeout.total_seconds():g} s: {slow}" if slow else ""
    match = answer.match
    if match is None:
        cut = "".join(dict.fromkeys(_cut_note(piece) for group in groups for piece in group))
        return _unknown(failure, f"no pattern matched{cut}{given_up}")
    category, pattern = rules[match.pattern]
    piece = groups[match.group][match.text]
    return Diagnosis(
        test=failure.test,
        category=category.name,
        reason=f"{pattern.pattern!r} matched the {piece.kind}{_cut_note(piece)}{given_up}",
        evidence=evolve(piece, text=_matching_lines(_shortened(piece.text), match)),
    )


def _cut_note(piece: Evidence) -> str:
    if len(piece.text) <= TEXT_LIMIT:
        return ""
    size, searched = len(piece.text), TEXT_LIMIT // 2
    return f" (of {size:,} characters of the {piece.kind}, the first and last {searched:,} were searched)"


def _matching_lines(text: str, match: Match) -> str:
    start = text.rfind("\n", 0, match.start) + 1
    end = text.find("\n", max(match.start, match.end - 1))
    lines = text[start : end if end >= 0 else len(text)]
    if len(lines) <= EVIDENCE_LIMIT:
        return lines.strip("\r")
    before = max(0, match.start - start - EVIDENCE_LIMIT // 4)
    return f"…{lines[before : before + EVIDENCE_LIMIT - 2]}…"


def _unknown(failure: Failure, reason: str) -> Diagnosis:
    evidence = failure.evidence[0] if failure.evidence else None
    return Diagnosis(test=failure.test, category=UNKNOWN, reason=reason, evidence=evidence)
