"""What the imports of a checkout tell of changed Python files: which tests need them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from testflow_git_selector import wording
from testflow_git_selector.causes import Cause
from testflow_git_selector.configuring import INSTALLS
from testflow_git_selector.import_graph import is_test_module

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_git_selector.evidence import Evidence
    from testflow_git_selector.file_index import FileIndex
    from testflow_git_selector.python_source import Reach

_ANY: frozenset[Reach] = frozenset({"imports", "processes", "source", "services"})
_READERS: frozenset[Reach] = frozenset({"processes", "source"})
"""What may notice a change of comments: who reads source, or starts a program that does."""


def of_imports(evidence: Evidence, changed: Sequence[str], tests: FileIndex) -> tuple[list[Cause], frozenset[str]]:
    """
    The causes that are imports, direct or not; and the changed files that need no other cause.

    These are files that some test imports, those that say the same as before, and modules of tests that are gone.
    Besides, a test that reaches files in a way that its text does not tell (see `Reach`) is concerned by each of them,
    and so is one that is not Python.
    """
    installing = {file for file in changed if file.rpartition("/")[2] in INSTALLS and file not in evidence.same}
    python = [file for file in changed if file.endswith(".py") and file not in installing]
    if evidence.unknown or not python:
        return [], frozenset()
    differing = tuple(file for file in python if file not in evidence.same)
    alike = tuple(file for file in python if file in evidence.same)
    loaded = evidence.graph.named(evidence.loaded)
    needed = evidence.graph.needed_by([*tests.files, *loaded])
    causes = [
        *_imported(evidence, differing, tests, loaded),
        *reached(evidence, differing, _ANY, tests, loaded),
        *reached(evidence, alike, _READERS, tests, loaded),
        *_foreign(evidence, differing, tests),
    ]
    lone = {file for file in evidence.gone if is_test_module(file)}
    return causes, frozenset(alike) | lone | {file for file in differing if file in needed}


def _imported(evidence: Evidence, changed: Sequence[str], tests: FileIndex, loaded: Iterable[str]) -> Iterable[Cause]:
    chains = evidence.graph.needing(changed)
    for test in tests.files:
        chain = chains.get(test, ())
        if len(chain) > 1:
            yield Cause(kind="import", by=wording.imported(chain[1:]), changed=(chain[0],), tests=(test,))
    for file in loaded:
        if file in chains:
            by = wording.imported([*chains[file][1:], wording.LOADED])
            yield Cause(kind="import", by=by, changed=(chains[file][0],), tests=tuple(tests.files))


def _foreign(evidence: Evidence, changed: Sequence[str], tests: FileIndex) -> Iterable[Cause]:
    """Tests that are not Python have no imports to follow: a browser may come to any of it by way of a service."""
    found = tuple(file for file in tests.files if file not in evidence.graph.sources)
    if found and changed:
        yield Cause(kind="reach", by=wording.FOREIGN, changed=tuple(changed), tests=found)


def reached(
    evidence: Evidence, changed: Sequence[str], reaches: frozenset[Reach], tests: FileIndex, loaded: Iterable[str]
) -> Iterable[Cause]:
    """The tests in Python that reach files in one of these ways, by themselves or by what they need."""
    if not changed:
        return
    chains = evidence.graph.needing(evidence.graph.reaching(reaches))
    by_file: defaultdict[str, list[str]] = defaultdict(list)
    for test in tests.files:
        if test in chains:
            by_file[chains[test][0]].append(test)
    everywhere = {chains[file][0] for file in loaded if file in chains}
    concerned: Mapping[str, Sequence[str]] = {**by_file, **dict.fromkeys(everywhere, tuple(tests.files))}
    for file, those in concerned.items():
        ways = sorted(evidence.graph.sources[file].reaches & reaches)
        yield Cause(kind="reach", by=wording.reaches(file, ways), changed=tuple(changed), tests=tuple(those))
