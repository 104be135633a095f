"""How a choice is put in words that a person can check."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testflow_git_selector.causes import Cause, IdleMatch

NAMED = 3
"""So many files or reasons are named; of the others, their number."""


def cause(cause: Cause) -> str:
    """Why a test runs: the changed files and what leads from them to the test."""
    if cause.kind == "rule":
        return f"{files(cause.changed)} changed → rule {cause.by}"
    if cause.kind == "component":
        return f"{files(cause.changed)} changed in component {shown(cause.by) or 'of the whole checkout'}"
    return f"{files(cause.changed)} changed"


def several(clauses: Sequence[str], count: int) -> str:
    """The clauses that are named, and the number of the others, `count` being that of all."""
    rest = count - len(clauses)
    return "; ".join([*clauses, f"and {rest} more"] if rest else clauses)


def unexplained(changed: Sequence[str]) -> str:
    """Why all tests run."""
    they = "it concerns" if len(changed) == 1 else "they concern"
    return f"{files(changed)} changed and nothing says which tests {they}: all tests run"


def unconcerned(changed: Sequence[str]) -> str:
    """Why a test is skipped."""
    count = f", {len(changed)} files" if len(changed) > 1 else ""
    dots = ", …" if len(changed) > NAMED else ""
    named = ", ".join(map(shown, changed[:NAMED]))
    return f"no change concerns it (changed: {named}{dots}{count})"


def idle(match: IdleMatch) -> str:
    """A warning that a rule matched and led nowhere."""
    return f"rule {match.rule} explains nothing for {files(match.changed)}: there is no test at {files(match.wanted)}"


def selects_nothing(changed: Sequence[str]) -> str:
    """A warning that no rule says anything of changed files."""
    return f"{files(changed)} changed and no rule says which tests to run for that: none are"


def files(names: Sequence[str]) -> str:
    """The first files and the number of the others."""
    named, rest = [shown(name) for name in names[:NAMED]], len(names) - NAMED
    if rest > 0:
        return f"{', '.join(named)} and {rest} more"
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]


def shown(name: str) -> str:
    """A path as it may be printed: what is not printable (a line break, a byte that is no text) is escaped."""
    if name.isprintable():
        return name
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in name)
