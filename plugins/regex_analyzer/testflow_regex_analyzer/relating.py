"""Causes that are one although their fingerprints differ: found from elsewhere, or said in slightly other words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from testflow_regex_analyzer.categories import CATEGORIES
from testflow_regex_analyzer.shipped import VERIFICATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from testflow_core.model import KnownCause

VERSION = 1
"""Of how causes are compared: those that were written down by another one are not."""

NEAR = 0.9
"""The share of words that two texts have in common from which on they say the same."""
COMPARED = 50
"""Causes at one place that another one is compared with."""

_SEPARATOR = "\x1f"
_TOKEN = re.compile(r"<\w+:\d+>|\w+|[^\w\s]")
_CODE = re.compile(r"\b(?:errno|status|signal|exit):\w+")
_NAMED = re.compile(r"""<(?!number|line)\w+|["'`/]""")
_WORD = re.compile(r"[A-Za-z_]{2,}")
_TELLING = 10
"""So many words say more than that something was refused, also where they name no host, no path and nothing quoted."""

# The place where these are found says nothing of them: what they met is the cause.
_MET = frozenset(CATEGORIES) - VERIFICATION - {"data", "concurrency", "crash", "ui", "test_definition"}


def comparable(what: str, where: str) -> str:
    """What a diagnosis carries for causes to be compared by: what was said, and where."""
    return _SEPARATOR.join((str(VERSION), what, where))


def related(causes: Iterable[KnownCause], known: Iterable[KnownCause]) -> Mapping[str, str]:
    """The id of the known cause, or of an earlier one of them, that a cause is; those that are new are left out."""
    seen = _Seen()
    for each in known:
        seen.add(each)
    return {each.id: found for each in causes if (found := seen.add(each)) != each.id}


@frozen
class _Said:
    id: str
    tokens: Sequence[str]
    codes: frozenset[str]


@define
class _Seen:
    """What has been told so far: by what was met, and by place."""

    met: dict[tuple[str, str], str] = field(factory=dict[tuple[str, str], str])
    at: dict[tuple[str, str], list[_Said]] = field(factory=dict[tuple[str, str], "list[_Said]"])

    def add(self, cause: KnownCause) -> str:
        """The id of the one that it is, its own if it is none of them."""
        version, _, rest = cause.masked.partition(_SEPARATOR)
        what, _, where = rest.partition(_SEPARATOR)
        if version != str(VERSION) or not what:
            return cause.id
        if _is_met(cause.category, what):
            return self.met.setdefault((cause.category, what), cause.id)
        if not where:
            return cause.id
        there = self.at.setdefault((cause.category, where), [])
        said = _Said(cause.id, _TOKEN.findall(what), frozenset(_CODE.findall(what)))
        found = next((each.id for each in there if _near(each, said)), None)
        if found is None and len(there) < COMPARED:
            there.append(said)
        return found or cause.id


def _is_met(category: str, what: str) -> bool:
    """Whether the words alone tell the cause: it is none of the test's, and they name what was met."""
    if category.partition("/")[0] not in _MET:
        return False
    return _NAMED.search(what) is not None or len(_WORD.findall(what)) >= _TELLING


def _near(one: _Said, other: _Said) -> bool:
    if one.codes != other.codes:
        return False
    matcher = SequenceMatcher(None, one.tokens, other.tokens, autojunk=False)
    return matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR and matcher.ratio() >= NEAR
