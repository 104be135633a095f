"""What machines write into messages: error numbers, HTTP statuses, signals, exit codes."""

from __future__ import annotations

import errno
import re
import signal
from functools import lru_cache

_ERRNO = re.compile(r"\[(?:Errno|WinError) (-?\d+)\]|\berrno[ =:]{1,3}(\d+)\b|\b(E[A-Z]{3,15}|EAI_[A-Z]+)\b", re.ASCII)
_STATUS = re.compile(
    r"\b([1-5]\d\d) (?:client|server) error\b"
    r"|\bstatus(?:[ _]?code)?(?: of)?(?: ?[=:]| was| is)? ?['\"]?([1-5]\d\d)\b"
    r"|\b(?:client|server|redirect) error '([1-5]\d\d) "
    r"|\bhttp(?:/\d(?:\.\d)?)?(?: error| status)?:? ([1-5]\d\d)\b"
    r"|<response \[([1-5]\d\d)"
    r"|\bresponse code:? ([1-5]\d\d)\b"
    r"|\bclientresponseerror: ([1-5]\d\d)\b"
    r"|\b(?:returned error:?|an error occurred) \(?([1-5]\d\d)\b",
    re.ASCII,
)
_HUNDREDS = re.compile(r"(?<!\d)[1-5]\d\d(?!\d)", re.ASCII)
"""What a status looks like: where there is none, the longer pattern need not be tried."""
_SIGNAL = re.compile(r"\b(SIG[A-Z]{3,7})\b", re.ASCII)
_EXIT = re.compile(r"\bexit(?:ed)?(?: with)?(?: (?:code|status|value))?:? (-?\d{1,3})\b", re.ASCII | re.IGNORECASE)
_SYSTEM_EXIT = re.compile(r"SystemExit: (-?\d{1,3})\b")
_UNIX_NAMES = {*errno.errorcode.values(), "ENOTFOUND", "ENODATA", "ESERVFAIL", "EAI_AGAIN", "EAI_NONAME"}
_RESOLVER = {-2: "EAI_NONAME", -3: "EAI_AGAIN", -5: "EAI_NODATA", 11001: "EAI_NONAME"}
_KILLED_BY = 128
"""Shells answer this plus the signal's number for a program that a signal ended."""


# A message and the account of it are the same text more often than not.
@lru_cache(maxsize=16)
def codes_of(text: str) -> frozenset[str]:
    """The codes in a message, each as `errno:NAME`, `status:NNN` with `status:Nxx`, `signal:NAME`, `exit:N`."""
    found: list[str] = []
    lowered = text.lower()
    if "E" in text or "rrno" in text:
        found += [f"errno:{name}" for name in _errnos(text)]
    if _HUNDREDS.search(lowered) and any(word in lowered for word in ("status", "http", "error", "response")):
        for match in _STATUS.finditer(lowered):
            status = next(group for group in match.groups() if group)
            found += (f"status:{status}", f"status:{status[0]}xx")
    if "SIG" in text:
        found += [f"signal:{name}" for name in _SIGNAL.findall(text)]
    if "xit" in text:
        found += _exits(text)
    return frozenset(found)


def _errnos(text: str) -> list[str]:
    names: list[str] = []
    for bracketed, plain, name in _ERRNO.findall(text):
        if name:
            names += [name] if name in _UNIX_NAMES else []
            continue
        number = int(bracketed or plain)
        known = _RESOLVER.get(number) or errno.errorcode.get(number)
        names += [known] if known else []
    return names


def _exits(text: str) -> list[str]:
    found: list[str] = []
    for number in (*_EXIT.findall(text), *_SYSTEM_EXIT.findall(text)):
        code = int(number)
        found.append(f"exit:{code}")
        ended_by = code - _KILLED_BY if code > _KILLED_BY else -code
        if ended_by > 0 and ended_by in _SIGNAL_NAMES:
            found.append(f"signal:{_SIGNAL_NAMES[ended_by]}")
    return found


_SIGNAL_NAMES = {each.value: each.name for each in signal.Signals}
