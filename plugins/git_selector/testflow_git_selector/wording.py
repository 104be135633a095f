"""How a choice is put in words that a person can check."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testflow_core.model import Provider
    from testflow_git_selector.causes import Cause, IdleMatch
    from testflow_git_selector.dead_rules import DeadRule

NAMED = 3
"""So many files or reasons are named; of the others, their number."""


def cause(cause: Cause) -> str:
    """Why a test runs: the changed files and what leads from them to the test."""
    if cause.kind == "rule":
        return f"{files(cause.changed)} changed → rule {cause.by}"
    if cause.kind == "import":
        return f"{files(cause.changed)} changed → {cause.by}"
    if cause.kind == "reach":
        return f"{files(cause.changed)} changed, and {cause.by}"
    if cause.kind == "provider":
        return cause.by
    if cause.kind == "component":
        return f"{files(cause.changed)} changed in component {shown(cause.by) or 'of the whole checkout'}"
    return f"{files(cause.changed)} changed"


def used(provider: Provider) -> str:
    """What changed in an application, and who uses it, up to the one that is tested."""
    *users, name = provider.chain
    change = provider.change
    what = f"{files(change.files)} changed" if change.files else f"what changed is not known ({change.reason})"
    return " → ".join([f"{name}: {what}", *(f"used by {user}" for user in reversed(users))])


LOADED = "the configuration of pytest"

LOADED_SCRIPT = "the configuration of the tests"

FOREIGN = "the test is not Python: it may use that"

UNREAD = "nobody knows what the test imports: it may use that"

_WAYS = {
    "imports": "imports by names that are computed",
    "processes": "starts processes",
    "source": "reads files of source",
    "services": "talks to services",
    "files": "reads files",
    "browsers": "drives a browser",
}


def imported(chain: Sequence[str]) -> str:
    """Who imports a changed file, who imports that one, and so on to the test."""
    links = [shown(file) for file in chain]
    if len(links) > NAMED:
        links = [links[0], f"{len(links) - 2} more", links[-1]]
    return " → ".join(f"imported by {link}" if index == 0 else link for index, link in enumerate(links))


def reaches(file: str, ways: Sequence[str]) -> str:
    """Why it is not known what a file uses."""
    return f"{shown(file)} {' and '.join(_WAYS[way] for way in ways)}: it may use that"


def puzzled(file: str, why: str) -> str:
    """Why it is not known what a script imports."""
    return f"{shown(file)} {shown(why)}: it may use that"


def several(clauses: Sequence[str], count: int) -> str:
    """The clauses that are named, and the number of the others, `count` being that of all."""
    rest = count - len(clauses)
    return "; ".join([*clauses, f"and {rest} more"] if rest else clauses)


def unexplained(changed: Sequence[str], keys: Mapping[str, Sequence[str]]) -> str:
    """Why all tests run; `keys` are, by file, those under which it says something else."""
    they = "it concerns" if len(changed) == 1 else "they concern"
    named = [f"{file} ({', '.join(keys[file][:NAMED])})" if file in keys else file for file in changed]
    return f"{files(named)} changed and nothing says which tests {they}: all tests run"


def unconcerned(changed: Sequence[str]) -> str:
    """Why a test is skipped."""
    count = f", {len(changed)} files" if len(changed) > 1 else ""
    dots = ", …" if len(changed) > NAMED else ""
    named = ", ".join(map(shown, changed[:NAMED]))
    return f"no change concerns it (changed: {named}{dots}{count})"


def idle(match: IdleMatch) -> str:
    """A warning that a rule matched and led nowhere."""
    return f"rule {match.rule} explains nothing for {files(match.changed)}: there is no test at {files(match.wanted)}"


def dead(rule: DeadRule) -> str:
    """A warning that a rule can have no effect, whatever changes."""
    if not rule.matched:
        said = f"whole paths from the top of it, such as {shown(rule.file)}, are matched"
        return f"rule {rule.rule} matches no file of the checkout; check its source_pattern: {said}"
    they = f"the file that it matches, {shown(rule.file)}," if rule.matched == 1 else f"any of {rule.matched:,} files"
    example = f"there is none at {shown(rule.wanted)}" + ("" if rule.matched == 1 else f" for {shown(rule.file)}")
    return f"rule {rule.rule} leads to no test from {they} and so has no effect; check its test_pattern: {example}"


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
