"""Chance that is no chance: bits that depend on nothing but where they are needed."""

from __future__ import annotations

import json
import sys
from array import array
from hashlib import shake_128
from math import gcd, isqrt
from typing import TYPE_CHECKING

from testflow_faker_data import vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_faker_data.vectors import Array

BLOCK = 512
"""Rows whose bits come from one call of SHAKE-128; another number would be other values."""

_CODES = {2: "H", 4: "I", 8: "Q"}
_KEPT_BLOCKS = 64


class Draws:
    """
    The bits of a field: a pure function of the key and the row, so that no field shifts the values of another.

    SHAKE-128 (FIPS 202) of the key as JSON, and the number of the block of rows in eight bytes.
    """

    def __init__(self, *key: str | int) -> None:
        self._state = shake_128(json.dumps(key).encode())
        self._kept: dict[tuple[int, int], bytes] = {}

    def read(self, rows: Sequence[int], width: int) -> bytes:
        """So many bytes for each row, one after the other."""
        if not rows:
            return b""
        if isinstance(rows, range) and rows.step == 1:
            first, last = rows.start // BLOCK, (rows.stop - 1) // BLOCK
            if first == last and len(rows) < BLOCK:
                start = rows.start % BLOCK * width
                return self._block(first, width)[start : start + len(rows) * width]
            made = b"".join(self._made(block, width) for block in range(first, last + 1))
            start = (rows.start - first * BLOCK) * width
            return made[start : start + len(rows) * width]
        if len(rows) <= _KEPT_BLOCKS:
            return b"".join(self._one(row, width) for row in rows)
        # Sorted, so that each block is made once, however many rows are spread over them.
        found = [b""] * len(rows)
        for at in sorted(range(len(rows)), key=rows.__getitem__):
            found[at] = self._one(rows[at], width)
        return b"".join(found)

    def numbers(self, rows: Sequence[int], width: int) -> array[int]:
        """A number of so many bytes (2, 4 or 8) for each row."""
        found = array(_CODES[width], self.read(rows, width))
        if sys.byteorder == "big":
            found.byteswap()
        return found

    def below(self, rows: Sequence[int], size: int) -> list[int]:
        """A number from 0 to below `size` for each row, each as likely as any other to less than one in 2**8."""
        if size <= 1 << 8:
            return [drawn * size >> 16 for drawn in self.numbers(rows, 2)]
        if size <= 1 << 24:
            return [drawn * size >> 32 for drawn in self.numbers(rows, 4)]
        width = (size.bit_length() + 15) // 8
        made = self.read(rows, width)
        shift = 8 * width
        starts = range(0, len(made), width)
        return [int.from_bytes(made[start : start + width], "little") * size >> shift for start in starts]

    def many_below(self, rows: Sequence[int], size: int, count: int) -> Sequence[int] | Array:
        """The same, by numpy where that is worthwhile for an entity of so many records."""
        if not vectors.worthwhile(len(rows), count):
            return self.below(rows, size)
        width = 2 if size <= 1 << 8 else 4 if size <= 1 << 24 else (size.bit_length() + 15) // 8
        found = vectors.below(self.read(rows, width), size, width)
        return self.below(rows, size) if found is None else found

    def _one(self, row: int, width: int) -> bytes:
        start = row % BLOCK * width
        return self._block(row // BLOCK, width)[start : start + width]

    def _block(self, block: int, width: int) -> bytes:
        found = self._kept.get((block, width))
        if found is None:
            if len(self._kept) >= _KEPT_BLOCKS:
                self._kept.clear()
            found = self._kept[block, width] = self._made(block, width)
        return found

    def _made(self, block: int, width: int) -> bytes:
        of_block = self._state.copy()
        of_block.update(block.to_bytes(8, "big"))
        return of_block.digest(BLOCK * width)


class Permutation:
    """
    Another number below `size` for every number below `size`, with random access.

    An affine map, then two rounds of an unbalanced Feistel network whose halves are added instead of combined bit by
    bit, so that any size will do (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
    """

    _TABLE = 1024

    def __init__(self, size: int, *key: str | int) -> None:
        self._size = size
        self._right = isqrt(size)
        self._left = -(-size // self._right)
        # A little more than `size`: what falls behind it goes through once more, until it falls before it.
        self._total = self._left * self._right
        drawn = Draws(*key, "permutation")
        width = (self._total.bit_length() + 15) // 8
        factor, self._offset = (int.from_bytes(drawn.read([row], width), "big") % self._total for row in (0, 1))
        self._factor = _coprime(max(factor, 1), self._total)
        self._to_right, self._to_left = (
            Draws(*key, "permutation", name).below(range(min(other, self._TABLE)), own)
            for name, own, other in (("right", self._right, self._left), ("left", self._left, self._right))
        )

    def many_of(self, rows: Sequence[int], count: int) -> Sequence[int] | Array:
        """The same as `of`, by numpy where that is worthwhile for an entity of so many records."""
        found = None
        if vectors.worthwhile(len(rows), count):
            halves, affine = (self._left, self._right), (self._factor, self._offset)
            found = vectors.permuted(rows, self._size, halves, affine, (self._to_right, self._to_left))
        return self.of(rows) if found is None else found

    def of(self, rows: Sequence[int]) -> list[int]:
        """Where each row goes."""
        found = self._once(rows)
        behind = [at for at, number in enumerate(found) if number >= self._size]
        while behind:
            for at, number in zip(behind, self._once([found[at] for at in behind]), strict=True):
                found[at] = number
            behind = [at for at in behind if found[at] >= self._size]
        return found

    def _once(self, rows: Sequence[int]) -> list[int]:
        total, right, left = self._total, self._right, self._left
        factor, offset, to_right, to_left = self._factor, self._offset, self._to_right, self._to_left
        rights, lefts = len(to_right), len(to_left)
        return [
            (
                (number := (row * factor + offset) % total) // right
                + to_left[(other := (number + to_right[number // right % rights]) % right) % lefts]
            )
            % left
            * right
            + other
            for row in rows
        ]


def _coprime(number: int, size: int) -> int:
    while gcd(number, size) != 1:
        number += 1
    return number
