"""Whom the files of a repository belong to, as its CODEOWNERS says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence


class MatchesPaths(Protocol):
    """A pattern, as a regular expression is one."""

    def fullmatch(self, path: str, /) -> object | None:
        """Something where the whole path matches, None where it does not."""
        ...


@frozen(kw_only=True)
class OwnerRule:
    """
    One line of a CODEOWNERS file.

    `pattern` is as written, `matches` matches whole paths from the repository's root. `owners` are `@name`,
    `@organisation/team` or a mail address; none where the line says that nobody owns these files. `section` is
    GitLab's, in small letters, empty before the first. `part` is a name between slashes that every path has which
    matches, empty where there is none.
    """

    line: int
    pattern: str
    matches: MatchesPaths
    owners: tuple[str, ...] = ()
    section: str = ""
    part: str = ""


@frozen(kw_only=True)
class CodeOwners:
    """
    A CODEOWNERS file: where it is, from the repository's root, and its rules in order.

    `prefix` is where the application's checkout is in the repository, `services/shop/`; empty where it is its root.
    """

    file: str
    rules: tuple[OwnerRule, ...] = ()
    prefix: str = ""
    _by_part: dict[str, list[int]] = field(init=False, factory=dict[str, "list[int]"], eq=False, repr=False)

    def rule_for(self, file: str) -> OwnerRule | None:
        """
        The rule that decides about a file of the checkout, None where none matches.

        The last match of each section is what it says; of these, the last that names anybody, else the last.
        """
        path = self.prefix + file
        last: OwnerRule | None = None
        sections: set[str] = set()
        for rule in self._candidates(path):
            if rule.section in sections or rule.matches.fullmatch(path) is None:
                continue
            if rule.owners:
                return rule
            sections.add(rule.section)
            last = last or rule
        return last

    def _candidates(self, path: str) -> Sequence[OwnerRule]:
        """The rules that may match, the last first: of a file of 60,000 lines a few."""
        if not self._by_part:
            for number, rule in enumerate(self.rules):
                self._by_part.setdefault(rule.part, []).append(number)
        numbers = {number for part in {"", *path.split("/")} for number in self._by_part.get(part, ())}
        return [self.rules[number] for number in sorted(numbers, reverse=True)]
