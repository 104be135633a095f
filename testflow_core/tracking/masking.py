"""Secrets struck out of what leaves the machine: those of this environment, and whatever looks like one."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK = "********"
SHORTEST = 8
"""A value of fewer characters is too likely to be an ordinary word."""

_NAMED = re.compile(r"(?i)token|secret|password|passwd|api_?key|private_?key|credential|_key$|_pat$|webhook")

# Bounded, so that each takes a time that grows with the text alone.
_LOOKS = (
    re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8000}?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"),
    re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_\w{16,255}|glpat-[\w-]{16,255})"),
    re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{8,255}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bATATT[\w=-]{16,300}"),
    re.compile(r"\bsk[-_](?:live[-_]|test[-_]|proj[-_]|ant[-_])?[A-Za-z0-9_-]{16,255}"),
    re.compile(r"\beyJ[\w-]{8,4000}\.[\w-]{4,4000}\.[\w-]{0,1000}"),
    re.compile(r"https://hooks\.slack\.com/[\w/-]{8,255}"),
)
_CREDENTIALS = re.compile(
    r"(?i)(\bauthorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:\w{1,20}\s{1,4})?|\bbearer\s{1,4}(?=\S{16}))[\w.~+/=:-]{4,4000}"
)
_IN_URLS = re.compile(r"(://[^\s/:@]{1,255}:)[^\s/@]{1,255}(?=@)")
_ASSIGNED = re.compile(
    r"""(?ix)\b([\w.-]{0,40}(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?
    \s{0,4}[=:]\s{0,4}["']?)[^\s"',;&)]{3,1000}"""
)


def masked(text: str, variables: Mapping[str, str] | None = None) -> str:
    """
    The text without secrets: values of variables that are named like one, and texts that look like one.

    `variables` are those of the process where nothing is given.
    """
    for value in _values(os.environ if variables is None else variables):
        text = text.replace(value, MASK)
    for pattern in _LOOKS:
        text = pattern.sub(MASK, text)
    text = _CREDENTIALS.sub(rf"\1{MASK}", text)
    text = _IN_URLS.sub(rf"\1{MASK}", text)
    return _ASSIGNED.sub(rf"\1{MASK}", text)


def _values(variables: Mapping[str, str]) -> list[str]:
    """The longest first: one may be a part of another."""
    found = {value for name, value in variables.items() if _NAMED.search(name) and len(value) >= SHORTEST}
    return sorted(found, key=len, reverse=True)
