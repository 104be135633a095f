"""The analyzer `regex`: the user's patterns and a pack of rules, tried on what each failure says of its cause."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from testflow_core.errors import Problem, SpecError
from testflow_core.interfaces import Analyzer
from testflow_regex_analyzer.declared import DeclaredSearch
from testflow_regex_analyzer.diagnosing import diagnosis
from testflow_regex_analyzer.explanation import Explanation, explanation
from testflow_regex_analyzer.reading import account_of
from testflow_regex_analyzer.relating import related
from testflow_regex_analyzer.rule import Rule
from testflow_regex_analyzer.rule_files import rule_file
from testflow_regex_analyzer.rulebook import Rulebook
from testflow_regex_analyzer.shipped import CATEGORIES, shipped_pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Category, Context, Diagnosis, Failure, KnownCause


@frozen(kw_only=True)
class RegexAnalyzer(Analyzer):
    """
    Gives each failure a category, with the evidence for it.

    Of all that matches, what stands closest to the cause decides; there, the user's patterns and rules before those of
    the pack; of these, the one declared first. `rules` are rule files of the user's own, `pack` whether the shipped one
    is used, `linear` whether google-re2 searches where it is installed; the answers are the same.

    Declared patterns are searched in a process of its own: one that takes more than `pattern_timeout` of processor time
    for one rank of one failure is given up, and the reasons say so; where they give no answer within `timeout`, the
    pack alone decides for that failure and those after it, and the reasons say that.
    """

    known_categories: ClassVar[frozenset[str]] = frozenset(CATEGORIES)

    pattern_timeout: timedelta = timedelta(seconds=0.5)
    timeout: timedelta = timedelta(seconds=30)
    rules: tuple[str, ...] = ()
    pack: bool = True
    linear: bool = True
    _own: tuple[Rule, ...] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # At once, so that mistakes in rule files are told when the workflow is declared.
        object.__setattr__(self, "_own", _rules_of(self.rules))

    @property
    def rulebook(self) -> Rulebook:
        """The rules, ready to be tried."""
        return _rulebook(self._own, pack=self.pack, linear=self.linear)

    def analyze(self, failures: Sequence[Failure], context: Context) -> Iterable[Diagnosis]:
        """One diagnosis for every failure, in order, with the matching lines; `unknown` where nothing matches."""
        if not failures:
            return []
        rulebook, categories = self.rulebook, context.analysis.categories
        searched = "no pattern matched" if rulebook.rules or any(each.patterns for each in categories) else _NOTHING
        made: list[Diagnosis] = []
        with self._declared(categories) as search:
            for failure in failures:
                account = account_of(failure)
                found = search.found_in(failure)
                hits = rulebook.hits(account)
                if found.hit is not None:
                    hits = sorted([found.hit, *hits], key=lambda hit: hit.order)
                made.append(diagnosis(failure, account, hits, found, searched))
        return made

    def related(self, causes: Sequence[KnownCause], known: Sequence[KnownCause]) -> Mapping[str, str]:
        """
        For causes that are a known one, or an earlier one of them, its id.

        What a test met (a service that refused, a file that is not there) is one cause wherever it was found, if the
        words name it; else causes are one where they failed at one place with nearly the same words.
        """
        return related(causes, known)

    def explain(self, failure: Failure, context: Context) -> Explanation:
        """Which rules fired on which evidence of the failure, which nearly did and what they lacked."""
        account = account_of(failure)
        with self._declared(context.analysis.categories) as search:
            return explanation(account, self.rulebook, search.found_in(failure))

    def _declared(self, categories: Sequence[Category]) -> DeclaredSearch:
        return DeclaredSearch(
            categories=categories, pattern_timeout=self.pattern_timeout, timeout=self.timeout, linear=self.linear
        )


def _rules_of(paths: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of these files. SpecError with every mistake of all of them, each with its file and line."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for at, path in enumerate(paths):
        try:
            rules += rule_file(Path(path)).rules
        except SpecError as error:
            problems += [Problem(f"$.rules[{at}] ({each.path})", each.message) for each in error.problems]
    if problems:
        raise SpecError(problems)
    return tuple(rules)


@lru_cache(maxsize=8)
def _rulebook(own: tuple[Rule, ...], *, pack: bool, linear: bool) -> Rulebook:
    return Rulebook(rules=(*own, *(shipped_pack().rules if pack else ())), linear=linear)


_NOTHING = "no category has a pattern"
