"""Sets of numbered tests as the bits of one integer, and their packed form: the smaller of a bitmap and a list."""

from __future__ import annotations

import sys
from array import array

LIST, BITMAP = b"l", b"b"

_SET = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


def pack(tests: int) -> bytes:
    """The bytes of a set: a letter, then its numbers in 4 bytes each, or a bit for every number, the least first."""
    size = (tests.bit_length() + 7) // 8
    if tests.bit_count() * 4 >= size:
        return BITMAP + tests.to_bytes(size, "little")
    found = array("I", numbers_of(tests))
    if sys.byteorder == "big":
        found.byteswap()
    return LIST + found.tobytes()


def unpack(packed: bytes) -> int:
    """The set that was packed; ValueError for what was not."""
    kind, rest = packed[:1], packed[1:]
    if kind == BITMAP:
        return int.from_bytes(rest, "little")
    if kind != LIST:
        raise ValueError(f"{kind!r} is no kind of a packed set")
    found = array("I")
    found.frombytes(rest)
    if sys.byteorder == "big":
        found.byteswap()
    return of_numbers(found)


def of_numbers(numbers: array[int] | list[int]) -> int:
    """The set of these numbers."""
    if not numbers:
        return 0
    bits = bytearray((max(numbers) >> 3) + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def numbers_of(tests: int) -> list[int]:
    """The numbers in a set, the least first."""
    found: list[int] = []
    for position, byte in enumerate(tests.to_bytes((tests.bit_length() + 7) // 8, "little")):
        if byte:
            base = position << 3
            found += [base + bit for bit in _SET[byte]]
    return found
