"""The text of a CODEOWNERS file, in the syntax of GitHub and of GitLab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define, field

from testflow_core.model import OwnerRule
from testflow_core.ownership.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLD = 20
"""Lines that cannot be used which are named one by one."""

_SECTION = re.compile(r"\^?\[(?P<name>[^\[\]]*[^\[\]\s][^\[\]]*)\](?:\[\d+\])?(?P<owners>\s.*)?")
_PATTERN = re.compile(r"((?:\\.|[^\\\s])+\\?)(.*)")
_OWNER = re.compile(r"@@?[\w.-]{1,100}(?:/[\w.-]{1,100}){0,20}|[\w.+%'-]{1,64}@[\w.-]{1,255}")
_SHOWN = 60


def parsed(text: str) -> tuple[tuple[OwnerRule, ...], tuple[str, ...]]:
    """
    The rules, and a sentence for each line that is wrong; the first TOLD of them, and how many more there are.

    https://docs.github.com/articles/about-code-owners, https://docs.gitlab.com/user/project/codeowners/reference
    """
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        reader.line(number, line.strip())
    problems = reader.problems
    if len(problems) > TOLD:
        problems = [*problems[:TOLD], f"{len(problems) - TOLD} more lines are wrong"]
    return tuple(reader.rules), tuple(problems)


@define
class _Reader:
    """What has been read so far; `defaults` are the owners of each section for lines that name none."""

    rules: list[OwnerRule] = field(factory=list[OwnerRule])
    problems: list[str] = field(factory=list[str])
    section: str = ""
    defaults: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])

    def line(self, number: int, line: str) -> None:
        if not line or line.startswith("#"):
            return
        if section := _SECTION.fullmatch(line):
            self.section = section["name"].strip().lower()
            owners, wrong = _owners(section["owners"] or "")
            self.defaults[self.section] = owners or self.defaults.get(self.section, ())
            self._tell(number, wrong, "those that are named beside are used" if owners else "the section is used")
        elif line.startswith(("[", "^[")):
            self.problems.append(f"line {number} is not used: {_shown(line)} is no section, `[Name]`")
        else:
            self._rule(number, line)

    def _rule(self, number: int, line: str) -> None:
        found = _PATTERN.match(line)
        pattern, rest = found.groups() if found else (line, "")
        owners, wrong = _owners(rest)
        try:
            matches = compiled(pattern)
        except ValueError as error:
            self.problems.append(f"line {number} is not used: {_shown(pattern)}: {error}")
            return
        used = not wrong or bool(owners)
        self._tell(number, wrong, "the others are used" if used else "the line is not used")
        if used:
            made = owners or self.defaults.get(self.section, ())
            self.rules.append(
                OwnerRule(
                    line=number,
                    pattern=pattern,
                    matches=matches,
                    owners=made,
                    section=self.section,
                    part=matches.part,
                )
            )

    def _tell(self, number: int, wrong: Sequence[str], used: str) -> None:
        if wrong:
            words = ", ".join(map(_shown, wrong[:3])) + (", …" if wrong[3:] else "")
            known = "`@name`, `@organisation/team`, a mail address"
            self.problems.append(f"line {number}: {words}: no owner ({known}); {used}")


def _owners(text: str) -> tuple[tuple[str, ...], list[str]]:
    """The owners that are named, and the words that name none; `#` begins a comment."""
    owners: list[str] = []
    wrong: list[str] = []
    for word in text.split():
        if word.startswith("#"):
            break
        (owners if _OWNER.fullmatch(word) else wrong).append(word)
    return tuple(dict.fromkeys(owners)), wrong


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
