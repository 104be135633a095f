"""Which Python files a file needs, by what they say of each other: a fallback for tests that were never recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from posixpath import dirname
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_git_selector.python_source import PythonSource, module_names
from testflow_git_selector.reaching import all_needed, chains_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_git_selector.python_source import Reach

_TESTS = frozenset({"test", "tests", "testing", "e2e", "integration"})


@frozen(kw_only=True)
class ImportGraph:
    """
    The Python files of a checkout, by their paths, and what each says of others; of one that is gone, nothing.

    A name stands for every file that may bear it, whatever the search path is: an edge too many costs a test, one too
    few a failure.
    """

    sources: Mapping[str, PythonSource]

    def needing(self, changed: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """
        The files that need one of these, each with its chain: the changed file, who imports it, and so on to itself.

        The chains are the shortest there are.
        """
        known = (file for file in changed if file in self.sources)
        return chains_from(known, lambda file: self._importers.get(file, ()))

    def needed_by(self, files: Iterable[str]) -> frozenset[str]:
        """The files that one of these needs, and they themselves."""
        return all_needed((file for file in files if file in self.sources), self._needed)

    def named(self, names: Iterable[str]) -> tuple[str, ...]:
        """The files that these dotted names may stand for, with the packages around them."""
        found = [file for name in names for file in self._modules(name)]
        return tuple(dict.fromkeys([*found, *(package for file in found for package in self._packages(file))]))

    def reaching(self, reaches: frozenset[Reach]) -> tuple[str, ...]:
        """The files that reach others in one of these ways; services are reached by tests alone."""
        return tuple(
            file
            for file, source in self.sources.items()
            if source.reaches & reaches - ({"services"} if not of_tests(file) else set[str]())
        )

    @cached_property
    def _importers(self) -> Mapping[str, Sequence[str]]:
        importers: defaultdict[str, list[str]] = defaultdict(list)
        for file in self.sources:
            for needed in dict.fromkeys(self._needed(file)):
                if needed != file:
                    importers[needed].append(file)
        return importers

    @cached_property
    def _named(self) -> Mapping[str, Sequence[str]]:
        named: defaultdict[str, list[str]] = defaultdict(list)
        for file in self.sources:
            for name in module_names(file):
                named[name].append(file)
        return named

    def _needed(self, file: str) -> Iterator[str]:
        """The files that are run before the file is, and what it imports."""
        yield from self._packages(file)
        if of_tests(file):
            yield from self._conftests(file)
        source = self.sources[file]
        yield from self.named(source.modules)
        for level, name in source.relative:
            folder = dirname(file)
            for _ in range(level - 1):
                folder = dirname(folder)
            stem = "/".join(filter(None, (folder, *name.split(".")))) if name else folder
            for found in (f"{stem}.py", f"{stem}/__init__.py".lstrip("/")):
                if found in self.sources:
                    yield found
                    yield from self._packages(found)

    def _modules(self, name: str) -> Iterator[str]:
        """The files of a dotted name, or of the longest beginning of it that is a module."""
        while name:
            if found := self._named.get(name):
                yield from found
                return
            name = name.rpartition(".")[0]

    def _packages(self, file: str) -> Iterator[str]:
        return self._above(file, "__init__.py")

    def _conftests(self, file: str) -> Iterator[str]:
        return self._above(file, "conftest.py")

    def _above(self, file: str, name: str) -> Iterator[str]:
        folder = dirname(file)
        while True:
            found = f"{folder}/{name}" if folder else name
            if found in self.sources:
                yield found
            if not folder:
                return
            folder = dirname(folder)


def is_test_module(file: str) -> bool:
    """Whether a file holds tests itself, by pytest's own default."""
    name = file.rpartition("/")[2].removesuffix(".py")
    return name.startswith("test_") or name.endswith("_test")


def of_tests(file: str) -> bool:
    """Whether a file is one of tests, or of what helps them, by the names that frameworks look for."""
    *folders, name = file.split("/")
    known = {"conftest.py", "test.py", "tests.py"}
    return is_test_module(file) or name in known or not _TESTS.isdisjoint(folders)
