"""What functions keep from one call to the next under a name: whoever comes to it relies on what they have entered."""

from __future__ import annotations

import operator
from types import CodeType
from typing import TYPE_CHECKING

from .keeping import ITSELF, kept_by

if TYPE_CHECKING:
    from typing import Callable

KNOWN = 1 << 17
"""How many functions are remembered: a suite may make any number."""

NAMED: Callable[[CodeType], object] = operator.attrgetter(
    next(each for each in ("co_qualname", "co_linetable", "co_lnotab") if hasattr(CodeType, each))
)
"""
What a code object is looked up by, and then compared: it is dear to hash, and `id` raises an audit event, which costs
more than all else that is done when a function is entered.
"""


class Kept:
    """The names under which functions keep something, by file, each with the contexts of the functions."""

    def __init__(self) -> None:
        self.any = False
        self._names: dict[object, tuple[CodeType, frozenset[str]]] = {}
        self._numbers: dict[str, dict[str, set[int]]] = {}

    def by(self, code: CodeType) -> frozenset[str]:
        """The names under which a function keeps something, `ITSELF` among them where only it comes to that."""
        key = NAMED(code)
        known = self._names.get(key)
        if known is not None and known[0] is not code:
            key = apart(code)
            known = self._names.get(key)
        if known is None or known[0] is not code:
            known = (code, kept_by(code))
            self.any = self.any or bool(known[1])
            if len(self._names) < KNOWN:
                self._names[key] = known
        return known[1]

    def look_through(self, module: CodeType) -> None:
        """Find out whether any function of a module keeps something."""
        waiting = [module]
        while waiting and not self.any:
            inner = [each for each in waiting.pop().co_consts if isinstance(each, CodeType)]
            waiting += inner
            for each in inner:
                self.by(each)

    def note(self, place: str, names: frozenset[str], number: int) -> bool:
        """A function of a file has begun to keep something under these names; whether that is new."""
        known = self._numbers.setdefault(place, {})
        fresh = [each for each in names if each != ITSELF and number not in known.setdefault(each, set())]
        for each in fresh:
            known[each].add(number)
        return bool(fresh)

    def found_by(self, code: CodeType, place: str) -> set[int]:
        """The contexts of functions that may have kept what a function of their file mentions."""
        known = self._numbers.get(place)
        return {number for name in code.co_names for number in known.get(name, ())} if known else set()


def apart(code: CodeType) -> object:
    """What tells a code object apart from those that are called alike, as a rule."""
    return code.co_filename, code.co_firstlineno
