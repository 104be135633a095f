"""The analyzer `regex`: the user's patterns and a pack of rules, tried on what each failure says of its cause."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from testflow_core.errors import Problem, SpecError
from testflow_core.interfaces import Analyzer
from testflow_regex_analyzer.categories import CATEGORIES
from testflow_regex_analyzer.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Context, Diagnosis, Failure, KnownCause
    from testflow_regex_analyzer.explanation import Explanation
    from testflow_regex_analyzer.rulebook import Rulebook


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

    Every plan loads it, to have its options checked, and few runs have failures: what reads them is imported by then.
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
        from testflow_regex_analyzer.analysis import rulebook_of  # noqa: PLC0415 - see the class

        return rulebook_of(self._own, pack=self.pack, linear=self.linear)

    def analyze(self, failures: Sequence[Failure], context: Context) -> Iterable[Diagnosis]:
        """One diagnosis for every failure, in order, with the matching lines; `unknown` where nothing matches."""
        if not failures:
            return []
        from testflow_regex_analyzer.analysis import analyzed  # noqa: PLC0415 - see the class

        return analyzed(self, failures, context)

    def related(self, causes: Sequence[KnownCause], known: Sequence[KnownCause]) -> Mapping[str, str]:
        """
        For causes that are a known one, or an earlier one of them, its id.

        What a test met (a service that refused, a file that is not there) is one cause wherever it was found, if the
        words name it; else causes are one where they failed at one place with nearly the same words.
        """
        from testflow_regex_analyzer.relating import related  # noqa: PLC0415 - see the class

        return related(causes, known)

    def explain(self, failure: Failure, context: Context) -> Explanation:
        """Which rules fired on which evidence of the failure, which nearly did and what they lacked."""
        from testflow_regex_analyzer.analysis import explained  # noqa: PLC0415 - see the class

        return explained(self, failure, context)


def _rules_of(paths: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of these files. SpecError with every mistake of all of them, each with its file and line."""
    if not paths:
        return ()
    from testflow_regex_analyzer.rule_files import rule_file  # noqa: PLC0415 - see the class

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
