"""Reads single lines of the Test Anything Protocol, versions 12 to 14 (https://testanything.org)."""

from __future__ import annotations

import re

from attrs import frozen

from testflow_core.builtin.runners.agent.texts import limited

VERSION = re.compile(r"TAP version \d+$")
_PLAN = re.compile(r"1\.\.(\d{1,9})\s*(?:#\s*(?:skip\S*)?\s*(.*))?$", re.IGNORECASE)
# More digits than this are no number of a test, and Python refuses to read very many.
_POINT = re.compile(r"(not )?ok(?:\s+(\d{1,9}))?(?=\s|$)(.*)")
_DIRECTIVE = re.compile(r"(?:^|\s)#\s*(?:(skip)\S*|(todo)\b):?\s*(.*)$", re.IGNORECASE)
# node-tap and vitest write `# time=1.5ms`, bats `# in 2 ms`: as a part of the name it would change from run to run.
_TIMING = re.compile(r"(?:^|\s)#\s*(?:time=|in )(\d{1,12}(?:\.\d+)?) ?(ms|s)$")
_SUBTEST = re.compile(r"#\s*Subtest(?::\s*(.*))?$")
_BAIL_OUT = re.compile(r"Bail out!\s*(.*)$", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\#])")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@frozen(kw_only=True)
class Plan:
    """How many tests there are; `reason` says why there are none."""

    count: int
    reason: str = ""


@frozen(kw_only=True)
class Point:
    """
    A line that tells the result of a test: its `number`, if it has one, and its `name`, which may be empty.

    `directive` is `skip`, `todo` or empty, `duration` is in seconds, and `opens` says that its subtest comes after it.
    """

    ok: bool
    number: int | None = None
    name: str = ""
    directive: str = ""
    reason: str = ""
    duration: float = 0.0
    opens: bool = False


def plan(text: str) -> Plan | None:
    """The plan of a line `1..5` or `1..0 # SKIP reason`; None where it is another line."""
    found = _PLAN.match(text)
    return found and Plan(count=int(found[1]), reason=_plain(found[2] or ""))


def point(text: str) -> Point | None:
    """The result of a line `not ok 3 - name # TODO reason`; None where it is another line."""
    found = _POINT.match(text)
    if found is None:
        return None
    said = found[3].strip()
    opens = said.endswith(" {") or said == "{"
    said = said.removesuffix("{").rstrip() if opens else said
    directive = _DIRECTIVE.search(said)
    said = said[: directive.start()].rstrip() if directive else said
    timing = _TIMING.search(said)
    said = said[: timing.start()].rstrip() if timing else said
    return Point(
        ok=found[1] is None,
        number=int(found[2]) if found[2] else None,
        name=_plain(re.sub(r"^-(\s+|$)", "", said)),
        directive=(directive[1] or directive[2]).lower() if directive else "",
        reason=_plain(directive[3]) if directive else "",
        duration=float(timing[1]) / (1000 if timing[2] == "ms" else 1) if timing else 0.0,
        opens=opens,
    )


def subtest(text: str) -> str | None:
    """The name that a comment `# Subtest: name` promises, empty where it has none; None where it is another line."""
    found = _SUBTEST.match(text)
    return found and _plain(found[1] or "")


def bail_out(text: str) -> str | None:
    """Why a program gives up; None where it does not."""
    found = _BAIL_OUT.match(text)
    return found and _plain(found[1])


def _plain(text: str) -> str:
    return limited(_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", _ESCAPED.sub(r"\1", text)).strip())
