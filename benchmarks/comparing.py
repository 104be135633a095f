"""How the tests of a suite end in one run and in another, and where the two differ."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Place: TypeAlias = tuple[str, str]
"""A file, and the name of a test in it; the name is empty for what is said of the whole file."""

NO_TESTS = (
    "pytest collects no tests in ",
    "pytest ignores ",
    "the options of pytest, or its plugins, deselect every test in ",
)
"""What testflow says of a file of which plain pytest says nothing."""

VOLATILE = re.compile(r"(?<=0x)[0-9a-f]{6,}|\b\d+(\.\d+)? ?(?=(ms|s|seconds)\b)")
"""Addresses of objects, and times that something took."""


@frozen(kw_only=True)
class Ending:
    """
    How a test ended, in pytest's words: passed, failed, error, skipped, xfailed or xpassed.

    `said` is the first line of why it was skipped, expected to fail, or failed; `printed` is what it wrote.
    """

    status: str
    said: str = ""
    printed: str = ""


@frozen(kw_only=True)
class Difference:
    """A test that did not end alike; None where it was not there."""

    test: str
    pytest: Ending | None
    testflow: Ending | None
    cause: str = ""


def by_pytest(entries: Iterable[tuple[str, str, str, str, str]]) -> dict[Place, Ending]:
    """What the plugin of a plain pytest wrote."""
    return {
        (file, name): Ending(status=status, said=_line(said), printed=_text(printed))
        for file, name, status, said, printed in entries
    }


def by_testflow(outcomes: Iterable[Mapping[str, str | None]]) -> dict[Place, Ending]:
    """The outcomes of a run: file, name, status, reason, message and stdout of each; one test may have two."""
    found: dict[Place, Ending] = {}
    for each in outcomes:
        reason = each["reason"] or ""
        if each["name"] is None and each["status"] == "skipped" and reason.startswith(NO_TESTS):
            continue
        status, said = _in_words_of_pytest(each["status"] or "", reason, each["message"] or "")
        place = (each["file"] or "", each["name"] or "")
        if place in found:
            said = f"a second outcome, {status}: {said}"
            status = "told twice"
        found[place] = Ending(status=status, said=_line(said), printed=_text(each["stdout"] or ""))
    return found


def _in_words_of_pytest(status: str, reason: str, message: str) -> tuple[str, str]:
    word, _, said = reason.partition(": ")
    expected = {("skipped", "xfail"): "xfailed", ("passed", "xpass"): "xpassed"}.get((status, word))
    if expected is not None:
        return expected, said
    if status == "passed":
        # What is said of one that passed is of the value that it returned.
        return status, ""
    return status, reason if status == "skipped" else message


def _line(said: str) -> str:
    lines = said.strip().splitlines()
    return VOLATILE.sub("_", lines[0])[:1000] if lines else ""


def _text(printed: str) -> str:
    return VOLATILE.sub("_", printed.encode("utf-8", "backslashreplace").decode())


def differing(
    theirs: Mapping[Place, Ending], ours: Mapping[Place, Ending]
) -> dict[Place, tuple[Ending | None, Ending | None]]:
    """The tests that did not end alike, in the order of their names."""
    places = sorted({*theirs, *ours})
    return {each: (theirs.get(each), ours.get(each)) for each in places if theirs.get(each) != ours.get(each)}
