"""What changed lock files tell: which tests need files that import a package that is locked otherwise."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from testflow_git_selector import wording
from testflow_git_selector.causes import Cause
from testflow_git_selector.checkout_files import content_of
from testflow_git_selector.declared import declared, is_declaration
from testflow_git_selector.installed import Distribution, distributions, needing, site_packages
from testflow_git_selector.lock_files import Locked, changed_packages, locked
from testflow_git_selector.relations import reached

if TYPE_CHECKING:
    from pathlib import Path

    from testflow_git_selector.evidence import Evidence
    from testflow_git_selector.file_index import FileIndex
    from testflow_git_selector.import_graph import ImportGraph
    from testflow_git_selector.python_source import Reach

_FOR_ALL = frozenset({"pytest", "setuptools", "pip", "tzdata"})
"""What runs tests, installs what they need, or is read by the standard library."""
_ANY: frozenset[Reach] = frozenset({"imports", "processes", "source", "services"})


@frozen(kw_only=True)
class Relocked:
    """Of a lock file the changed packages, and the files of the checkout that import one or what needs one, by file."""

    packages: tuple[str, ...]
    importing: Mapping[str, str] = field(factory=dict[str, str])


def all_relocked(
    before: Mapping[str, bytes], checkout: Path, python: str | None, graph: ImportGraph
) -> Mapping[str, Relocked]:
    """The changed lock files of which it can be told whom they concern, by what they held before."""
    found: dict[str, Relocked] = {}
    folder = site_packages(python, checkout) if before else None
    for file, was in before.items() if folder is not None else ():
        then, now = (_read(file, each) for each in (was, content_of(checkout / file) or b"["))
        told = _relocked(then, now, folder, graph)
        if told is not None:
            reading = dict.fromkeys(_naming(file, checkout, graph), "read as text")
            found[file] = evolve(told, importing={**reading, **told.importing})
    return found


def _naming(lock: str, checkout: Path, graph: ImportGraph) -> Iterator[str]:
    """The files that read files, and in which the name of this one stands, or a pattern of its kind."""
    name = lock.rpartition("/")[2].encode()
    named = re.compile(re.escape(name) + rb"|\*[\w.-]*" + re.escape(b"." + name.rpartition(b".")[2]))
    for file, source in graph.sources.items():
        if not source.reaches.isdisjoint({"files", "source"}) and named.search(content_of(checkout / file) or b""):
            yield file


def _read(file: str, content: bytes) -> Locked | None:
    return declared(file, content) if is_declaration(file) else locked(file, content)


def _relocked(was: Locked | None, now: Locked | None, folder: Path, graph: ImportGraph) -> Relocked | None:
    """Whom a changed lock file concerns; None where that cannot be told, so that it is everybody."""
    changed = changed_packages(was, now) if was and now else None
    if was is None or now is None or changed is None:
        return None
    installed = distributions(folder)
    if was.loose or now.loose:
        changed |= _unlocked(changed, installed, was.packages.keys() | now.packages.keys())
    concerned = needing(installed, changed)
    if concerned is None or not concerned <= installed.keys() or not _FOR_ALL.isdisjoint(concerned):
        return None
    importing: defaultdict[str, list[str]] = defaultdict(list)
    for file, source in graph.sources.items():
        tops = {name.partition(".")[0] for name in source.modules}
        for name in sorted(concerned):
            if not tops.isdisjoint(installed[name].modules):
                importing[name].append(file)
    # What nobody imports, and nothing else needs, is a tool, or is loaded by its name.
    idle = [name for name in concerned if name not in importing and not _is_needed(name, concerned, installed)]
    if idle or any(installed[name].loads for name in concerned):
        return None
    return Relocked(
        packages=tuple(sorted(changed)), importing={file: name for name, files in importing.items() for file in files}
    )


def _unlocked(changed: Iterable[str], installed: Mapping[str, Distribution], locked: Container[str]) -> frozenset[str]:
    """What changed packages need and nothing locks: it may be another one as well, or have come with them."""
    found, waiting = set[str](), list(changed)
    while waiting:
        name = waiting.pop()
        needs = installed[name].needs if name in installed else frozenset[str]()
        fresh = {each for each in needs if each in installed and each not in locked} - found
        found |= fresh
        waiting += fresh
    return frozenset(found)


def _is_needed(name: str, concerned: frozenset[str], installed: Mapping[str, Distribution]) -> bool:
    """Whether another one of the packages declares that it needs this."""
    return any(name in installed[each].needs for each in concerned if each != name)


def of_locks(evidence: Evidence, tests: FileIndex) -> tuple[list[Cause], frozenset[str]]:
    """The causes that are packages locked otherwise, and the lock files that need no other cause."""
    causes: list[Cause] = []
    loaded = evidence.graph.named(evidence.loaded)
    for lock, found in evidence.locks.items():
        chains = evidence.graph.needing(found.importing)
        for test in tests.files:
            chain = chains.get(test, ())
            if chain:
                by = f"{found.importing[chain[0]]} → {wording.imported(chain)}"
                causes.append(Cause(kind="import", by=by, changed=(lock,), tests=(test,)))
        if any(file in chains for file in loaded):
            by = f"{wording.LOADED} imports what it locks"
            causes.append(Cause(kind="import", by=by, changed=(lock,), tests=tuple(tests.files)))
        causes += reached(evidence, (lock,), _ANY, tests, loaded)
        causes += _foreign(evidence, lock, tests)
    return causes, frozenset(evidence.locks)


def _foreign(evidence: Evidence, lock: str, tests: FileIndex) -> Iterable[Cause]:
    found = tuple(file for file in tests.files if file not in evidence.graph.sources)
    if found:
        yield Cause(kind="reach", by=wording.FOREIGN, changed=(lock,), tests=found)
