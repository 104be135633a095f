"""Many patterns searched in one text: by google-re2 in one pass where it is installed, else one after the other."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMORY_LIMIT = 512 * 1024 * 1024
"""Bytes that google-re2 may take for the automaton of one set; it takes them as texts need them."""

_CLASSES_BESIDES = re.compile(r"[\x0b\x1c-\x1f]")
"""White space of Python that is none of RE2's."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


class PatternSet(Protocol):
    """Patterns that are searched together."""

    def matching(self, text: str) -> Sequence[int]:
        """The numbers of the patterns that match somewhere in the text, ascending."""
        ...


def linear_available() -> bool:
    """Whether google-re2 is installed."""
    return find_spec("re2") is not None


def pattern_set(patterns: Sequence[re.Pattern[str]], *, linear: bool = True) -> PatternSet:
    """The patterns as a set; with `linear` by google-re2, if that is installed and understands them."""
    if linear and patterns and linear_available():
        return LinearSet(patterns)
    return OneByOne(patterns)


class OneByOne:
    """The patterns of the standard library, one after the other."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._searches = [(number, pattern.search) for number, pattern in enumerate(patterns)]

    def matching(self, text: str) -> Sequence[int]:
        """The numbers of the patterns that match somewhere in the text, ascending."""
        return [number for number, search in self._searches if search(text)]


class LinearSet:
    """
    The patterns in one automaton of google-re2, in time that is linear in the text.

    What RE2 finds is a promise that the standard library is asked to keep, so that the answers are the same: patterns
    that mean something else there, or nothing, are searched by the standard library, and so is every text that has
    characters that the two see differently (letters beyond ASCII, unless all patterns have the flag `re.ASCII`).
    """

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._patterns = patterns
        self._all = OneByOne(patterns)
        self._automaton = Automaton(patterns)

    def matching(self, text: str) -> Sequence[int]:
        """The numbers of the patterns that match somewhere in the text, ascending."""
        candidates = self._automaton.candidates(text)
        if candidates is None:
            return self._all.matching(text)
        return [number for number in candidates if self._patterns[number].search(text)]


class LinearFilter:
    """Whether any of many patterns may match a text: patterns that may never end are not tried at all."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._automaton = Automaton(patterns)

    def may_match(self, text: str) -> bool:
        """False where none of the patterns matches; True where one does, or where that is not known."""
        candidates = self._automaton.candidates(text)
        return candidates is None or bool(candidates)


class Automaton:
    """Patterns as google-re2 reads them, in one; with those that it cannot read, or reads otherwise, beside it."""

    def __init__(self, patterns: Sequence[re.Pattern[str]], memory: int = MEMORY_LIMIT) -> None:
        engine = cast("_Engine", import_module("re2"))
        options = engine.Options()
        options.max_mem = memory
        options.log_errors = False
        # Bytes in Latin-1: a text of ASCII is looked at as it is.
        options.encoding = engine.Options.Encoding.LATIN1
        self._set = engine.Set.SearchSet(options)
        # Where no pattern knows letters beyond ASCII, all of them are one thing to both engines: no letter, no space.
        self._ascii = all(pattern.flags & re.ASCII for pattern in patterns)
        self._numbers: list[int] = []
        self._others: list[int] = []
        for number, pattern in enumerate(patterns):
            (self._numbers if self._added(engine, pattern) else self._others).append(number)
        if self._numbers:
            self._set.Compile()

    def candidates(self, text: str) -> list[int] | None:
        """
        The numbers of the patterns that match, and of those that only the standard library can tell of; ascending.

        None where the text has characters that the two engines see differently.
        """
        if not self._numbers or _CLASSES_BESIDES.search(text):
            return None
        if not text.isascii():
            if not self._ascii:
                return None
            text = _BEYOND_ASCII.sub("\xff", text)
        found = [self._numbers[at] for at in self._set.Match(text.encode("latin-1")) or ()]
        return sorted([*found, *self._others])

    def _added(self, engine: _Engine, pattern: re.Pattern[str]) -> bool:
        written = translated(pattern)
        if written is None:
            return False
        try:
            self._set.Add(written.encode("ascii"))
        except engine.error:
            return False
        return True


_DIFFERENT = re.compile(
    r"\\[0-9ZuUN]"  # octal or back reference, the end of the text, characters by code or name
    r"|\(\?(?:#|P=|P>|=|!|<=|<!|\(|>)"  # comments, references, look-around, conditions, atomic groups
    r"|\(\?[ims-]*[auLx]"  # flags that RE2 lacks
    r"|\[\[:|\{,|[*+?}]\+"  # classes of POSIX, counts without a beginning, possessive ones
    r"|\$"  # matches before a last line end, too, unless lines are looked at
)
_FLAGS = ((re.IGNORECASE, "i"), (re.MULTILINE, "m"), (re.DOTALL, "s"))


def translated(pattern: re.Pattern[str]) -> str | None:
    """The pattern as RE2 is to read it, or None where it means something else there, or might."""
    written = pattern.pattern
    if not written.isascii() or pattern.flags & (re.VERBOSE | re.LOCALE):
        return None
    for found in _DIFFERENT.finditer(written):
        if not (found[0] == "$" and pattern.flags & re.MULTILINE):
            return None
    flags = "".join(letter for flag, letter in _FLAGS if pattern.flags & flag)
    bare = re.sub(r"^\(\?[aiLmsux]+\)", "", written)
    return f"(?{flags}:{bare})" if flags else bare


class _Options(Protocol):
    max_mem: int
    log_errors: bool
    encoding: object

    class Encoding:
        LATIN1: object


class _Set(Protocol):
    def Add(self, pattern: bytes) -> int: ...  # noqa: N802 - its name
    def Compile(self) -> None: ...  # noqa: N802 - its name
    def Match(self, text: bytes) -> list[int] | None: ...  # noqa: N802 - its name


class _Sets(Protocol):
    def SearchSet(self, options: _Options) -> _Set: ...  # noqa: N802 - its name


class _Engine(Protocol):
    Options: type[_Options]
    Set: _Sets
    error: type[Exception]
