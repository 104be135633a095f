"""What the imports of a checkout tell of changed JavaScript and TypeScript files: which tests need them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from testflow_git_selector import wording
from testflow_git_selector.causes import Cause
from testflow_git_selector.javascript.reading import is_test_script
from testflow_git_selector.javascript.source import is_script
from testflow_git_selector.relations import reached

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_git_selector.evidence import Evidence
    from testflow_git_selector.file_index import FileIndex
    from testflow_git_selector.python_source import Reach

_PYTHON: frozenset[Reach] = frozenset({"imports", "processes", "source", "services", "files"})
"""How a test in Python may come to a script."""
_READERS: frozenset[Reach] = frozenset({"processes", "source"})
_READERS_IN_PYTHON: frozenset[Reach] = frozenset({"processes", "source", "files"})
_ANY: frozenset[Reach] = frozenset({"imports", "processes", "source", "services", "browsers"})


def of_scripts(evidence: Evidence, changed: Sequence[str], tests: FileIndex) -> tuple[list[Cause], frozenset[str]]:
    """
    The causes that are imports of scripts, direct or not; and the changed scripts that need no other cause.

    These are scripts that some test imports, those that say the same as before, and tests that are gone. Besides, a
    test that reaches files in a way that nobody can follow is concerned by each of them.
    """
    scripts = [file for file in changed if is_script(file)]
    if evidence.unknown or not scripts:
        return [], frozenset()
    differing = tuple(file for file in scripts if file not in evidence.same)
    alike = tuple(file for file in scripts if file in evidence.same)
    graph = evidence.scripts
    needed = graph.needed_by([*(file for file in tests.files if file in graph.needs), *graph.loaded])
    loaded = evidence.graph.named(evidence.loaded)
    causes = [
        *imported(evidence, differing, tests),
        *besides_imports(evidence, differing, tests),
        *_reached(evidence, alike, _READERS, tests),
        *reached(evidence, alike, _READERS_IN_PYTHON, tests, loaded),
        *_shown(evidence, alike, tests),
    ]
    lone = {file for file in evidence.gone if is_script(file) and is_test_script(file)}
    return causes, frozenset(alike) | lone | {file for file in differing if file in needed}


def besides_imports(evidence: Evidence, changed: Sequence[str], tests: FileIndex) -> Iterable[Cause]:
    """The causes that are no imports: tests that may come to what changed in ways that nobody can follow."""
    yield from _reached(evidence, changed, _ANY, tests)
    yield from reached(evidence, changed, _PYTHON, tests, evidence.graph.named(evidence.loaded))
    yield from _foreign(evidence, changed, tests)


def imported(evidence: Evidence, changed: Sequence[str], tests: FileIndex) -> Iterable[Cause]:
    """The causes that are imports, direct or not."""
    graph = evidence.scripts
    chains = graph.needing(changed)
    for test in tests.files:
        chain = chains.get(test, ())
        if len(chain) > 1:
            yield Cause(kind="import", by=wording.imported(chain[1:]), changed=(chain[0],), tests=(test,))
    for file, folder in graph.loaded.items():
        if file in chains:
            by = wording.imported([*chains[file][1:], wording.LOADED_SCRIPT])
            yield Cause(kind="import", by=by, changed=(chains[file][0],), tests=below(folder, tests))


def _shown(evidence: Evidence, alike: Sequence[str], tests: FileIndex) -> Iterable[Cause]:
    """Of the imports of scripts that say the same, those of tests which may show functions, comments and all."""
    showing = evidence.scripts.needing(file for file, ways in evidence.scripts.reaches.items() if "functions" in ways)
    return (each for each in imported(evidence, alike, tests) if not showing.keys().isdisjoint(each.tests))


def _reached(
    evidence: Evidence, changed: Sequence[str], reaches: frozenset[Reach], tests: FileIndex
) -> Iterable[Cause]:
    """The tests, and what is loaded for them, that come to a file of which nobody knows what it uses."""
    if not changed:
        return
    why = _whys(evidence, reaches, tests)
    chains = evidence.scripts.needing(why)
    concerned: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for test in tests.files:
        if test in chains:
            concerned[chains[test][0]][test] = None
    for file, folder in evidence.scripts.loaded.items():
        if file in chains:
            concerned[chains[file][0]].update(dict.fromkeys(below(folder, tests)))
    for file, those in concerned.items():
        yield Cause(kind="reach", by=why[file], changed=tuple(changed), tests=tuple(those))


def _whys(evidence: Evidence, reaches: frozenset[Reach], tests: FileIndex) -> Mapping[str, str]:
    """The files of which nobody knows what they use, and why; services are reached by tests alone."""
    graph = evidence.scripts
    puzzles = graph.puzzles if "imports" in reaches else {}
    found = {file: wording.puzzled(file, why) for file, why in puzzles.items()}
    for file, ways in graph.reaches.items():
        of_tests = file in tests.files or is_test_script(file)
        those = ways & reaches - (set[str]() if of_tests else {"services"})
        if those:
            found.setdefault(file, wording.reaches(file, sorted(those)))
    return found


def _foreign(evidence: Evidence, changed: Sequence[str], tests: FileIndex) -> Iterable[Cause]:
    """Tests in other languages, and scripts that do not look like tests: nobody has read what they import."""
    found = tuple(
        file for file in tests.files if file not in evidence.graph.sources and file not in evidence.scripts.needs
    )
    if found and changed:
        yield Cause(kind="reach", by=wording.UNREAD, changed=tuple(changed), tests=found)


def below(folder: str, tests: FileIndex) -> tuple[str, ...]:
    """The tests in a folder that are no Python: tools of JavaScript load nothing for that."""
    return tuple(
        file for file in tests.files if not file.endswith(".py") and (not folder or file.startswith(f"{folder}/"))
    )
