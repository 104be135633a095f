"""Text by a regular expression: a subset of which it is known how many texts there are, each with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST_TEXT = 100_000
"""Characters of a text at most: a field for more is a file."""

SIZE_LIMIT = 2**256
"""Different texts of a pattern at most."""


@frozen
class Letters:
    """One of these characters."""

    letters: str


@frozen
class Either:
    """One of these sequences."""

    ways: tuple[Sequence_, ...]


@frozen
class Repeat:
    """From `least` to `most` times the same."""

    part: Part
    least: int
    most: int


Part: TypeAlias = "Letters | Either | Repeat"
Sequence_: TypeAlias = "tuple[Part, ...]"
Decode: TypeAlias = "Callable[[int], str]"


@frozen(kw_only=True)
class Pattern:
    """A regular expression, how many ways there are to match it, and whether no two of them give the same text."""

    text: str
    way: Sequence_
    size: int
    unambiguous: bool

    def texts(self, numbers: Sequence[int]) -> list[str]:
        """The texts of some numbers from 0 to below `size`."""
        decode = _decoder(self.way)
        return [decode(number) for number in numbers]


def size_of(way: Sequence_) -> int:
    """How many ways there are to match it; some number above SIZE_LIMIT where that are more."""
    size = 1
    for part in way:
        size *= part_size(part)
        if size > SIZE_LIMIT:
            return size  # no need to know how large a number it would be
    return size


def part_size(part: Part) -> int:
    """The same of one part."""
    if isinstance(part, Letters):
        return len(part.letters)
    if isinstance(part, Either):
        return sum(size_of(way) for way in part.ways)
    once = part_size(part.part)
    total, power = 0, 1
    for times in range(part.most + 1):
        total += power if times >= part.least else 0
        power *= once
        if power > SIZE_LIMIT:
            return SIZE_LIMIT + 1 if times < part.most else total
    return total


def longest(way: Sequence_) -> int:
    """The characters of its longest text."""
    return sum(map(_part_longest, way))


def _part_longest(part: Part) -> int:
    if isinstance(part, Letters):
        return 1
    if isinstance(part, Either):
        return max(map(longest, part.ways))
    return part.most * _part_longest(part.part)


def _decoder(way: Sequence_) -> Decode:
    """From a number to a text: the last part takes what is left over by the size of the ones after it."""
    decoders = [(part_size(part), _part_decoder(part)) for part in reversed(way)]

    def decode(number: int) -> str:
        found: list[str] = []
        for size, part in decoders:
            number, here = divmod(number, size)
            found.append(part(here))
        return "".join(reversed(found))

    return decode


def _part_decoder(part: Part) -> Decode:
    if isinstance(part, Letters):
        return part.letters.__getitem__
    if isinstance(part, Either):
        ways = [(size_of(way), _decoder(way)) for way in part.ways]
    else:
        once = part_size(part.part)
        inner = _part_decoder(part.part)
        ways = [(once**times, _repeated(inner, once, times)) for times in range(part.least, part.most + 1)]

    def decode(number: int) -> str:
        for size, way in ways:
            if number < size:
                return way(number)
            number -= size
        raise AssertionError("the number is below the sum of the sizes")

    return decode


def _repeated(inner: Decode, once: int, times: int) -> Decode:
    def decode(number: int) -> str:
        found: list[str] = []
        for _ in range(times):
            number, here = divmod(number, once)
            found.append(inner(here))
        return "".join(reversed(found))

    return decode
