"""Rules made ready: found by class and by code, and all text patterns searched at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from testflow_regex_analyzer.pattern_sets import PatternSet, pattern_set
from testflow_regex_analyzer.rule import Rule, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_regex_analyzer.account import Account, Exhibit, Log

SEARCHED_LIMIT = 4_000
"""Characters of an exception's text that rules are tried on."""

_STRENGTH_ORDER = {Strength.CAUSE: 0, Strength.SYMPTOM: 1, Strength.KIND: 4}
_LOG_ORDER = {Strength.CAUSE: 2, Strength.SYMPTOM: 3, Strength.KIND: 5}
"""What was printed decides before a bare assertion or exit does, and after everything that an exception says."""
_SERVICE_ORDER = 6
"""What services wrote decides where nobody else says anything: they write of what goes well, too."""


@frozen(kw_only=True)
class Hit:
    """A rule that matched: by what, on which piece of evidence, and where in it."""

    rule: Rule
    number: int
    kind: str
    rank: int
    by: str
    text: str
    start: int = 0
    end: int = 0
    groups: tuple[tuple[str, str], ...] = ()
    piece_rank: int | None = None

    @property
    def order(self) -> tuple[int, int, bool, int]:
        """The smallest decides: what a rule knows, how close to the cause, the user's first, as declared."""
        strength = _STRENGTH_ORDER[self.rule.strength]
        if self.kind in _LOGS and self.rule.shipped:
            strength = _SERVICE_ORDER if self.kind == _OF_SERVICES else _LOG_ORDER[self.rule.strength]
        elif self.kind == "context" and self.rule.shipped and self.rule.category.startswith("code/"):
            # A key that was looked up and not found is how programs ask: what they then say of it tells more.
            strength = _STRENGTH_ORDER[Strength.KIND]
        return strength, self.rank, self.rule.shipped, self.number


_OF_SERVICES = "services"
_LOGS = {"stderr", "stdout", "log", "facts", _OF_SERVICES}


@frozen(kw_only=True)
class NearMiss:
    """A rule that would have matched a piece of evidence but for one thing, and which."""

    rule: Rule
    kind: str
    lacks: str


@define
class Rulebook:
    """
    Rules in their order, made ready to be tried on accounts.

    `linear` searches with google-re2 where that is installed; the answers are the same without.
    """

    rules: tuple[Rule, ...]
    linear: bool = True
    _by_class: dict[str, list[int]] = field(init=False, factory=dict[str, list[int]])
    _by_code: dict[str, list[int]] = field(init=False, factory=dict[str, list[int]])
    _texts: tuple[tuple[int, re.Pattern[str]], ...] = field(init=False)
    _text_set: PatternSet = field(init=False)
    _log_texts: tuple[tuple[int, re.Pattern[str]], ...] = field(init=False)
    _log_set: PatternSet = field(init=False)

    def __attrs_post_init__(self) -> None:
        for number, rule in enumerate(self.rules):
            for name in rule.raises:
                self._by_class.setdefault(name, []).append(number)
            for code in rule.codes:
                self._by_code.setdefault(code, []).append(number)
        numbered = list(enumerate(self.rules))
        self._texts = tuple((at, says) for at, rule in numbered if not rule.structured for says in rule.says)
        self._log_texts = tuple((at, says) for at, rule in numbered if rule.logs for says in rule.says)
        self._text_set = pattern_set([says for _, says in self._texts], linear=self.linear)
        self._log_set = pattern_set([says for _, says in self._log_texts], linear=self.linear)

    def hits(self, account: Account) -> list[Hit]:
        """Every rule that matches a piece of the account, the deciding one first."""
        found = [hit for exhibit in account.exhibits for hit in self.hits_on_exception(exhibit)]
        found += [hit for log in account.logs for hit in self.hits_in_log(log)]
        found += [hit for log in account.logs for said in log.exhibits for hit in self.hits_on_exception(said)]
        found.sort(key=lambda hit: hit.order)
        return found

    def hits_on_exception(self, exhibit: Exhibit) -> Iterator[Hit]:
        """The rules that match an exception."""
        raised = exhibit.raised
        text = raised.text[:SEARCHED_LIMIT]
        lowered = lowercase(text)
        for number, by in self._identified(exhibit):
            rule = self.rules[number]
            if self._lacking(rule, exhibit, lowered) is None:
                says = next((match for says in rule.says if (match := says.search(lowered))), None)
                yield _hit(rule, number, exhibit, by if says is None else f"{by} and {says.re.pattern!r}", text, says)
        tried: set[int] = set()
        for at in self._text_set.matching(lowered):
            number, says = self._texts[at]
            rule = self.rules[number]
            match = None if number in tried else says.search(lowered)
            if match and self._lacking(rule, exhibit, lowered) is None:
                tried.add(number)
                yield _hit(rule, number, exhibit, repr(says.pattern), text, match)

    def hits_in_log(self, log: Log) -> Iterator[Hit]:
        """The rules for logs that match what was printed."""
        if not log.text or not self._log_texts:
            return
        lowered = lowercase(log.text)
        tried: set[int] = set()
        for at in self._log_set.matching(lowered):
            number, says = self._log_texts[at]
            rule = self.rules[number]
            match = None if number in tried else says.search(lowered)
            if match is None or any(unless.search(_line(lowered, match)) for unless in rule.unless):
                continue
            tried.add(number)
            yield _hit(rule, number, log, repr(says.pattern), log.text, match)

    def near_misses(self, account: Account) -> Iterator[NearMiss]:
        """The rules that a class or code of an exception points to, and which ask for something that is not there."""
        for exhibit in account.exhibits:
            lowered = lowercase(exhibit.raised.text[:SEARCHED_LIMIT])
            for number, _ in self._identified(exhibit):
                lacks = self._lacking(self.rules[number], exhibit, lowered)
                if lacks is not None:
                    yield NearMiss(rule=self.rules[number], kind=exhibit.kind, lacks=lacks)
            for at in self._text_set.matching(lowered):
                rule = self.rules[self._texts[at][0]]
                lacks = self._lacking(rule, exhibit, lowered)
                if lacks is not None:
                    yield NearMiss(rule=rule, kind=exhibit.kind, lacks=lacks)

    def _identified(self, exhibit: Exhibit) -> Iterator[tuple[int, str]]:
        raised = exhibit.raised
        seen: set[int] = set()
        for name in _names(raised.name):
            for number in self._by_class.get(name, ()):
                if number not in seen:
                    seen.add(number)
                    yield number, f"the class {name}"
        for code in sorted(raised.codes):
            for number in self._by_code.get(code, ()):
                if number not in seen:
                    seen.add(number)
                    yield number, code.replace(":", " ")

    def _lacking(self, rule: Rule, exhibit: Exhibit, lowered: str) -> str | None:
        """What the rule asks for besides, and is not there; None where it matches."""
        if rule.structured and rule.says and not any(says.search(lowered) for says in rule.says):
            return f"no {' or '.join(repr(says.pattern) for says in rule.says)} in the {exhibit.kind}"
        for unless in rule.unless:
            if unless.search(lowered):
                return f"{unless.pattern!r} stands in the {exhibit.kind}"
        if rule.raised_in is not None:
            frames = exhibit.raised.frames[:1]
            places = [f"{frame.file}:{frame.function}" for frame in frames]
            if not any(rule.raised_in.search(place) for place in places):
                return f"it was raised in {places[0] if places else 'a place that is not told'}"
        return None


def lowercase(text: str) -> str:
    """The text in small letters, every character in its place."""
    lowered = text.lower()
    # A few letters become two: those texts are lowered in ASCII alone, so that places stay comparable.
    return lowered if len(lowered) == len(text) else text.translate(_ASCII_LOWER)


_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _names(name: str) -> Iterable[str]:
    """`a.b.Error` as itself, `b.Error`, and `Error`."""
    if not name:
        return
    name = name.replace("$", ".")
    yield name
    while "." in name:
        name = name.partition(".")[2]
        yield name


def _hit(rule: Rule, number: int, of: Exhibit | Log, by: str, text: str, match: re.Match[str] | None) -> Hit:
    if match is None:
        return Hit(rule=rule, number=number, kind=of.kind, rank=of.rank, by=by, text=text, end=len(text))
    groups = tuple(
        (name, text[match.start(name) : match.end(name)]) for name in match.re.groupindex if match.start(name) >= 0
    )
    return Hit(
        rule=rule,
        number=number,
        kind=of.kind,
        rank=of.rank,
        by=by,
        text=text,
        start=match.start(),
        end=match.end(),
        groups=groups,
    )


def _line(text: str, match: re.Match[str]) -> str:
    end = text.find("\n", match.end())
    return text[text.rfind("\n", 0, match.start()) + 1 : end if end >= 0 else len(text)]


def firing(rulebook: Rulebook, accounts: Sequence[Account]) -> dict[str, int]:
    """How often each rule matched, by id, those that never did included."""
    counted = dict.fromkeys((rule.id for rule in rulebook.rules), 0)
    for account in accounts:
        for name in {hit.rule.id for hit in rulebook.hits(account)}:
            counted[name] += 1
    return counted
