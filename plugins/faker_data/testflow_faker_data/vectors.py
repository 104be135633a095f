"""
Many values at a time by numpy, where it is installed (the extra `fast`): the same values, sooner.

Everything here is exact: whole numbers of 64 bits that cannot overflow, and divisions that Python rounds alike. What
does not fit into that is answered by None, and made one by one as without numpy.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from testflow_core.model import Json

    Array: TypeAlias = NDArray[np.int64]
    Objects: TypeAlias = NDArray[np.object_]

MANY = 1024
"""Fewer at a time are made sooner without."""

WORTHWHILE = 50_000
"""Records of an entity for which it is worth importing numpy, which takes as long as making them without."""

_BITS = 63
_EXACT = 2**53


@lru_cache(maxsize=1)
def _numpy() -> ModuleType | None:
    try:
        import numpy as np  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        return None
    return np


def worthwhile(rows: int, count: int) -> bool:
    """Whether so many rows of an entity of so many records should be made by numpy, and can be."""
    return rows >= MANY and (count >= WORTHWHILE or "numpy" in sys.modules) and _numpy() is not None


def is_array(numbers: Sequence[int] | Array) -> TypeGuard[Array]:
    """Whether these are numbers of numpy."""
    return hasattr(numbers, "astype")


def listed(numbers: Sequence[int] | Array) -> Sequence[int]:
    """Numbers of Python."""
    return numbers.tolist() if is_array(numbers) else cast("Sequence[int]", numbers)


def below(drawn: bytes, size: int, width: int) -> Array | None:
    """What `Draws.below` says of so many bytes for each number."""
    import numpy as np  # noqa: PLC0415 - as above

    if width in (2, 4):
        numbers = np.frombuffer(drawn, f"<u{width}").astype(np.int64)
        return (numbers * size) >> (8 * width)
    half = 4 * width
    if size.bit_length() + half > _BITS or 2 * half > _BITS:
        return None
    padded = np.zeros((len(drawn) // width, 8), np.uint8)
    padded[:, :width] = np.frombuffer(drawn, np.uint8).reshape(-1, width)
    whole = padded.view("<i8").ravel().astype(np.int64)
    # The product has more than 64 bits; that of each half has not.
    upper, lower = whole >> half, whole & ((1 << half) - 1)
    return (upper * size + (lower * size >> half)) >> half


def permuted(
    rows: Sequence[int], size: int, halves: tuple[int, int], affine: tuple[int, int], tables: Sequence[Sequence[int]]
) -> Array | None:
    """What `Permutation.of` says, of these `halves` (left and right), factor and offset, and tables to both."""
    import numpy as np  # noqa: PLC0415 - as above

    left, right = halves
    factor, offset = affine
    total = left * right
    if 2 * total.bit_length() + 1 > _BITS:
        return None
    to_right, to_left = (np.asarray(each, np.int64) for each in tables)

    def once(numbers: Array) -> Array:
        one, other = np.divmod((numbers * factor + offset) % total, right)
        other = (other + to_right[one % len(to_right)]) % right
        return (one + to_left[other % len(to_left)]) % left * right + other

    found = once(np.arange(rows.start, rows.stop, rows.step) if isinstance(rows, range) else np.asarray(rows, np.int64))
    while (behind := np.flatnonzero(found >= size)).size:
        found[behind] = once(found[behind])
    return found


def objects(values: Sequence[Json]) -> Objects:
    """Values by their numbers."""
    import numpy as np  # noqa: PLC0415 - as above

    return np.fromiter(values, dtype=object, count=len(values))


def picked(values: Sequence[Json]) -> Callable[[Array], list[Json]]:
    """Those of some numbers."""
    table = lru_cache(maxsize=1)(lambda: objects(values))
    return lambda numbers: table()[numbers].tolist()


def joined(before: Sequence[str], after: Sequence[str]) -> Callable[[Array], list[Json]]:
    """Texts of two parts: how many there are of the second is by what a number is divided."""
    tables = lru_cache(maxsize=1)(lambda: (objects(before), objects(after)))

    def made(numbers: Array) -> list[Json]:
        first, second = tables()
        return (first[numbers // len(after)] + second[numbers % len(after)]).tolist()

    return made


def shifted(least: int) -> Callable[[Array], list[Json]]:
    """Numbers from `least` on."""
    return lambda numbers: (numbers + least).tolist()


def divided(least: int, most: int, by: int) -> Callable[[Array], list[Json]] | None:
    """Numbers from `least` on as fractions, where both are exact as such."""
    if max(abs(least), abs(most), by) >= _EXACT:
        return None
    return lambda numbers: ((numbers + least) / by).tolist()


def chosen(ends: Sequence[int], values: Sequence[Json]) -> Callable[[Array], list[Json]]:
    """The value below whose end a number is."""
    pick = picked(values)

    def made(numbers: Array) -> list[Json]:
        import numpy as np  # noqa: PLC0415 - as above

        return pick(np.searchsorted(np.asarray(ends, np.int64), numbers, side="right"))

    return made


def timed(
    least: int, day: Callable[[int], str], minutes: Sequence[str], seconds: Sequence[str]
) -> Callable[[Array], list[Json]]:
    """Seconds since 1970 as text, whose parts are those of the day, the minute and the second."""
    parts = lru_cache(maxsize=1)(lambda: (objects(minutes), objects(seconds)))

    def made(numbers: Array) -> list[Json]:
        import numpy as np  # noqa: PLC0415 - as above

        of_minute, of_second = parts()
        days, rest = np.divmod(numbers + least, 86_400)
        first = int(days.min())
        # Of a window of centuries, more days than there are rows.
        different, which = (range(first, int(days.max()) + 1), days - first)
        if len(different) > len(numbers):
            found, which = np.unique(days, return_inverse=True)
            different = found.tolist()
        texts = objects([day(each) for each in different])
        return (texts[which] + of_minute[rest // 60] + of_second[rest % 60]).tolist()

    return made
