"""Chance that is no chance: bits that depend on nothing but where they are needed."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Draw: TypeAlias = "Callable[[int], bytes]"
"""Sixteen bytes for each row."""


def draw(seed: int, data_set: str, entity: str, field: str) -> Draw:
    """
    The draws of a field: a pure function of these arguments and the row, so that no field shifts the values of another.

    BLAKE2b (RFC 7693) of the arguments as JSON, and the row in eight bytes.
    """
    state = blake2b(json.dumps([seed, data_set, entity, field]).encode(), digest_size=16)

    def bits(row: int) -> bytes:
        of_row = state.copy()
        of_row.update(row.to_bytes(8, "big"))
        return of_row.digest()

    return bits


def number(bits: bytes) -> int:
    """A draw as a number from 0 to 2**128 - 1."""
    return int.from_bytes(bits, "big")
