"""Whether a pattern can match a text in more than one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from testflow_faker_data.pattern import Either, Letters, Repeat

if TYPE_CHECKING:
    from testflow_faker_data.pattern import Part, Sequence_

_End: TypeAlias = frozenset[str]


def is_unambiguous(way: Sequence_) -> bool:
    """
    Whether the next character always tells which way a text goes.

    It is strict: some that are refused could be told apart further on, as LL(1) grammars are not all there are.
    """
    return _clear(way, frozenset())


def _clear(way: Sequence_, after: _End) -> bool:
    """The same, `after` being the characters that may follow; "" is the end."""
    following = after or frozenset({""})
    for part in reversed(way):
        if not _part_clear(part, following):
            return False
        following = _begin((part,), following)
    return True


def _part_clear(part: Part, after: _End) -> bool:
    if isinstance(part, Letters):
        return True
    if isinstance(part, Either):
        begun: set[str] = set()
        for way in part.ways:
            first = _begin(way, after)
            if begun & first or not _clear(way, after):
                return False
            begun |= first
        return True
    if part.least == part.most:
        return _clear((part.part,) * min(part.most, 2), after)
    inner = _begin((part.part,), frozenset())
    return not inner & after and "" not in inner and _part_clear(part.part, after | inner)


def _begin(way: Sequence_, after: _End) -> _End:
    """The characters with which it may begin; what follows belongs to them where it may be empty."""
    found: set[str] = set()
    for part in way:
        first, empty = _part_begin(part)
        found |= first
        if not empty:
            return frozenset(found)
    return frozenset(found) | (after or frozenset({""}))


def _part_begin(part: Part) -> tuple[_End, bool]:
    if isinstance(part, Letters):
        return frozenset(part.letters), False
    if isinstance(part, Repeat):
        first, empty = _part_begin(part.part)
        return (frozenset() if part.most == 0 else first), empty or part.least == 0
    begun = [_begin(way, frozenset()) for way in part.ways]
    first = frozenset[str]().union(*begun)
    return first - {""}, "" in first
