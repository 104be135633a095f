"""A rule: what makes a failure one of a category, with examples, advice, and whom it concerns."""

from __future__ import annotations

import re
from enum import StrEnum

from attrs import field, frozen


class Strength(StrEnum):
    """
    How much a rule knows where it matches.

    A `cause` is named by the evidence. A `symptom` is what was noticed of it: two values differ, a wait ended. A `kind`
    is hardly more than that something failed: a bare assertion, a non-zero exit.
    """

    CAUSE = "cause"
    SYMPTOM = "symptom"
    KIND = "kind"


@frozen(kw_only=True)
class Rule:
    """
    One rule. It matches an exception where all that it asks for holds.

    `raises` (classes, with or without package) or `codes` (`errno:ECONNREFUSED`, `status:5xx`, `signal:SIGSEGV`,
    `exit:127`): one of them. `raised_in`: the raising frame, as `file:function`. `says`: one of the patterns, in the
    text in small letters. `unless`: none of these. With `logs`, `says` is searched in what was printed, too.
    """

    id: str
    category: str
    strength: Strength = Strength.CAUSE
    raises: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    raised_in: re.Pattern[str] | None = None
    says: tuple[re.Pattern[str], ...] = ()
    unless: tuple[re.Pattern[str], ...] = ()
    logs: bool = False
    advice: str = ""
    owner: str = ""
    tracker: str = ""
    match: tuple[str, ...] = ()
    no_match: tuple[str, ...] = ()
    shipped: bool = field(default=False, eq=False)

    @property
    def structured(self) -> bool:
        """Whether it is found by a class or a code, without searching text."""
        return bool(self.raises or self.codes)


@frozen(kw_only=True)
class Pack:
    """Rules in their order, with the version of the file or folder they are from."""

    version: str
    rules: tuple[Rule, ...]
