"""The first line of an exception: its class and the beginning of its message."""

from __future__ import annotations

import re

_HEADER = re.compile(
    r"""
    (?:Uncaught[ ]|Unhandled[ ]|\(node:\d+\)[ ]|Exception[ ]in[ ]thread[ ]"[^"\n]{0,200}"[ ]|\[ERROR\][ ])?
    (?P<name>(?:(?:[A-Za-z_$][\w$-]*|<locals>)\.)*[A-Za-z_$][\w$]*)  # java.net.ConnectException, _queue.Empty
    (?:[ ]\[(?P<code>[A-Z][A-Z0-9_]+)\])?                  # Error [ERR_BAD_REQUEST]: what Node writes
    (?:[ ]?:[ ]?(?P<message>.*)|\s*$)                     # .NET writes a space before the colon
    """,
    re.VERBOSE | re.ASCII,
)
_TELLING = re.compile(
    r"(?:Error|Exception|Failure|Warning|Interrupt|Exit|Fault|Timeout|Violation|Expired|Refused|Iteration|Rejection)\w*$"
)
_EXCEPTIONS = re.compile(r"\.(?:exceptions|errors|exc)\.")
_OTHERS = {"error", "Failed"}
"""Classes that look like none: node-postgres throws an `error`, pytest's `fail` a `Failed`."""


def header(line: str) -> tuple[str, str] | None:
    """Class and message of a line that begins an exception's account; None where it is no such line."""
    match = _HEADER.match(line)
    if not match:
        return None
    name, message = match["name"].replace("<locals>.", ""), (match["message"] or "").strip()
    simple = name.rpartition(".")[2].rpartition("$")[2]
    if not (_TELLING.search(simple) or name in _OTHERS or _looks_like_class(name, simple)):
        return None
    if match["code"]:
        message = f"[{match['code']}] {message}"
    return name, message


def _looks_like_class(name: str, simple: str) -> bool:
    """`_queue.Empty`, `pexpect.exceptions.EOF`, `Cart$Empty`: parted, and the last part begins with a capital."""
    return (
        ("." in name or "$" in name[1:])
        and simple[:1].isupper()
        and (not simple.isupper() or _EXCEPTIONS.search(name) is not None)
    )
