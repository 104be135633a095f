"""Which JavaScript and TypeScript files a file needs, by what they say of each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from attrs import field, frozen

from testflow_git_selector.python_source import Reach
from testflow_git_selector.reaching import all_needed, chains_from

TOO_LONG = "is one of too many to read them all"


@frozen(kw_only=True)
class ScriptGraph:
    """
    The scripts that tests of a checkout may come to, by their paths, each with those that it imports.

    `reaches` are ways in which a file reaches others that its text does not tell the goal of; `puzzles` why nobody
    knows what a file imports. `loaded` are what tools load for every test below a folder, each with that folder.
    `packages` are the names of packages that a file imports, `mentions` those that it may use besides; `told` is what
    is written for tools.
    """

    needs: Mapping[str, Sequence[str]] = field(factory=dict[str, "Sequence[str]"])
    reaches: Mapping[str, frozenset[Reach]] = field(factory=dict[str, "frozenset[Reach]"])
    puzzles: Mapping[str, str] = field(factory=dict[str, str])
    loaded: Mapping[str, str] = field(factory=dict[str, str])
    packages: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    mentions: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    told: tuple[str, ...] = ()

    def needing(self, changed: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """The files that need one of these, each with the shortest chain: the changed file, its importer, itself."""
        return chains_from(changed, lambda file: self._importers.get(file, ()))

    def needed_by(self, files: Iterable[str]) -> frozenset[str]:
        """The files that one of these needs, and they themselves."""
        return all_needed(files, lambda file: self.needs.get(file, ()))

    @cached_property
    def _importers(self) -> Mapping[str, Sequence[str]]:
        importers: defaultdict[str, list[str]] = defaultdict(list)
        for file, needed in self.needs.items():
            for each in needed:
                importers[each].append(file)
        return importers
