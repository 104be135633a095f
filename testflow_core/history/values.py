"""What a test framework may hand over, made fit to be stored."""

from __future__ import annotations

import math

TEXT_LIMIT = 20_000
"""Characters that are kept of one text; a longer one loses its middle."""


def storable(text: str) -> str:
    """The text without lone surrogates, which SQLite refuses, written as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def key_of_test(test_id: str, variant: str) -> str:
    """What stands in the column `test_id`: the id, and after a tab, which no id has, the variant if there is one."""
    return storable(f"{test_id}\t{variant}" if variant else test_id)


def excerpt(text: str) -> str:
    """The storable text, or where it is long its beginning and its end, with the length of what is missing."""
    if not text:
        return ""
    text = storable(text)
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def seconds(value: float) -> float:
    """The number, 0 where a framework reports none: SQLite would take NaN for a missing value."""
    return float(value) if math.isfinite(value) else 0.0
