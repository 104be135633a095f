"""What two failures have in common, as far as a message tells."""

from __future__ import annotations

import re
from zlib import crc32

_VARIABLE = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8,}|\d+")
_SHOWN = 200
_OWN_AFFAIR = re.compile(r"(?:\w+\.)*(?:Assertion\w*|assert\b|expect)", re.IGNORECASE)


def masked(message: str) -> str:
    """The first line of a message without what differs from failure to failure."""
    return _VARIABLE.sub("0", message.partition("\n")[0][:_SHOWN])


def cause_of(message: str) -> str:
    """
    The same short name for failures with one message, whatever its numbers; empty where that says nothing.

    What an assertion compares is the affair of its test: it tells nothing of another one.
    """
    line = masked(message.strip())
    return "" if not line or _OWN_AFFAIR.match(line) else f"{crc32(line.encode('utf-8', 'surrogatepass')):08x}"
