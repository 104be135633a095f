"""What functions keep from one call to the next under a name: whoever comes to it relies on what they have entered."""

from __future__ import annotations

import operator
from types import CodeType
from typing import TYPE_CHECKING

from .keeping import kept_in
from .walking import ITSELF, MAKERS

if TYPE_CHECKING:
    from typing import Callable, Collection

KNOWN = 1 << 17
"""How many functions are remembered: a suite may make any number."""

NAMED: Callable[[CodeType], object] = operator.attrgetter(
    next(each for each in ("co_qualname", "co_linetable", "co_lnotab") if hasattr(CodeType, each))
)
"""
What a code object is looked up by, and then compared: it is dear to hash, and `id` raises an audit event, which costs
more than all else that is done when a function is entered.
"""

NOTHING: frozenset[str] = frozenset()
EVERYWHERE = ""


class Kept:
    """The names under which functions keep something, by file, each with the contexts of the functions."""

    def __init__(self) -> None:
        self.any = False
        self._names: dict[object, tuple[CodeType, frozenset[str]]] = {}
        self.in_objects: set[int] = set()
        self._numbers: dict[str, dict[str, set[int]]] = {}

    def by(self, code: CodeType) -> frozenset[str]:
        """The names under which a function keeps something, `ITSELF` among them where only it comes to that."""
        known = self._names.get(NAMED(code))
        if known is not None and known[0] is not code:
            known = self._names.get(apart(code))
        return known[1] if known is not None and known[0] is code else NOTHING

    def look_through(self, module: CodeType) -> None:
        """Find out which functions of a file keep something, before any of them is entered."""
        for code, names in kept_in(module):
            if names:
                self.keep(code, names)

    def keep(self, code: CodeType, names: frozenset[str]) -> None:
        """A function is found to keep something."""
        if len(self._names) < KNOWN:
            self.any = True
            known = self._names.setdefault(NAMED(code), (code, names))
            if known[0] is not code:
                self._names[apart(code)] = (code, names)

    def note(self, place: str, names: Collection[str], number: int) -> bool:
        """
        A function of a file has begun to keep something under these names; whether that is new.

        `EVERYWHERE` is the place of what others find without any call of the file's.
        """
        known = self._numbers.setdefault(place, {})
        fresh = [each for each in names if each != ITSELF and number not in known.setdefault(each, set())]
        for each in fresh:
            known[each].add(number)
        return bool(fresh)

    def found_by(self, code: CodeType, place: str) -> set[int]:
        """The contexts of functions that may have kept what a function of their file mentions."""
        known, anywhere = self._numbers.get(place), self._numbers.get(EVERYWHERE)
        found: set[int] = set()
        if known:
            found.update(number for name in code.co_names for number in known.get(name, ()))
        if anywhere:
            # A fixture is mentioned as an argument.
            mentioned = (*code.co_names, *code.co_varnames[: code.co_argcount])
            found.update(number for name in mentioned for number in anywhere.get(name, ()))
        # It binds the attributes of another object than that which outlives tests.
        return found - self.in_objects if code.co_name in MAKERS else found


def apart(code: CodeType) -> object:
    """What tells a code object apart from those that are called alike, as a rule."""
    return code.co_filename, code.co_firstlineno
