"""What the analyzer `regex` does once there are failures."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from testflow_regex_analyzer.declared import DeclaredSearch
from testflow_regex_analyzer.diagnosing import diagnosis
from testflow_regex_analyzer.explanation import explanation
from testflow_regex_analyzer.reading import account_of
from testflow_regex_analyzer.rulebook import Rulebook
from testflow_regex_analyzer.shipped import shipped_pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_core.model import Category, Context, Diagnosis, Failure
    from testflow_regex_analyzer.analyzer import RegexAnalyzer
    from testflow_regex_analyzer.explanation import Explanation
    from testflow_regex_analyzer.rule import Rule

_NOTHING = "no category has a pattern"


def analyzed(analyzer: RegexAnalyzer, failures: Sequence[Failure], context: Context) -> list[Diagnosis]:
    """One diagnosis for every failure, in order."""
    rulebook, categories = analyzer.rulebook, context.analysis.categories
    searched = "no pattern matched" if rulebook.rules or any(each.patterns for each in categories) else _NOTHING
    made: list[Diagnosis] = []
    with _declared(analyzer, categories) as search:
        for failure in failures:
            account = account_of(failure)
            found = search.found_in(failure)
            hits = rulebook.hits(account)
            if found.hit is not None:
                hits = sorted([found.hit, *hits], key=lambda hit: hit.order)
            made.append(diagnosis(failure, account, hits, found, searched))
    return made


def explained(analyzer: RegexAnalyzer, failure: Failure, context: Context) -> Explanation:
    """Which rules fired on which evidence of the failure, which nearly did and what they lacked."""
    account = account_of(failure)
    with _declared(analyzer, context.analysis.categories) as search:
        return explanation(account, analyzer.rulebook, search.found_in(failure))


@lru_cache(maxsize=8)
def rulebook_of(own: tuple[Rule, ...], *, pack: bool, linear: bool) -> Rulebook:
    """The user's own rules, and those of the pack where it is wanted."""
    return Rulebook(rules=(*own, *(shipped_pack().rules if pack else ())), linear=linear)


def _declared(analyzer: RegexAnalyzer, categories: Sequence[Category]) -> DeclaredSearch:
    return DeclaredSearch(
        categories=categories,
        pattern_timeout=analyzer.pattern_timeout,
        timeout=analyzer.timeout,
        linear=analyzer.linear,
    )
