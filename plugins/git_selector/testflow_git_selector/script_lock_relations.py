"""What changed lock files of JavaScript tell: which tests need files that import a package that is locked otherwise."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from posixpath import dirname
from typing import TYPE_CHECKING, cast

from testflow_git_selector import wording
from testflow_git_selector.causes import Cause
from testflow_git_selector.checkout_files import content_of
from testflow_git_selector.javascript.lock_files import LOCKS, script_locked
from testflow_git_selector.javascript.manifests import declared_packages, is_manifest
from testflow_git_selector.javascript.resolution import folders_above
from testflow_git_selector.lock_files import changed_packages
from testflow_git_selector.lock_relations import Relocked
from testflow_git_selector.reaching import all_needed
from testflow_git_selector.script_relations import below, besides_imports, imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from testflow_git_selector.evidence import Evidence
    from testflow_git_selector.file_index import FileIndex
    from testflow_git_selector.javascript import ScriptGraph
    from testflow_git_selector.lock_files import Locked

_FOR_ALL = re.compile(
    r"(?:@?(?:jest|vitest|babel|swc|playwright|cypress|wdio|esbuild|rollup|rolldown|vite)(?:[/-].*)?"
    r"|(?:@[\w-]+/)?(?:jest|vitest|babel|vite|rollup|webpack|mocha|karma|ts|esbuild|eslint)-.*"
    r"|mocha|ava|tap|tape|uvu|jasmine.*|karma|nyc|c8|istanbul.*|typescript|tslib|tsx|webpack|parcel|core-js.*|nightwatch"
    r"|regenerator-runtime|npm|yarn|pnpm|@types/node)"
)
"""What runs or rewrites every test, and what rewritten code calls without a word in the text."""


def all_script_relocked(before: Mapping[str, bytes], checkout: Path, graph: ScriptGraph) -> Mapping[str, Relocked]:
    """The changed lock files of which it can be told whom they concern, by what they held before."""
    found: dict[str, Relocked] = {}
    for file, was in before.items():
        then, now = (_read(file, each) for each in (was, content_of(checkout / file) or b""))
        changed = changed_packages(then, now) if then and now else None
        if then is None or now is None or changed is None:
            continue
        folder, states = dirname(file), (then, now)
        if is_manifest(file):
            folder, locks = _locked_for(file, before, checkout)
            # Of a manifest that is written otherwise and says the same, it is the text that changed.
            if not (changed and locks) or any(not changed.isdisjoint(each.own) for each in locks):
                continue
            states = (locks[0], locks[-1])
        concerned = _needing(states, changed, checkout / folder)
        told = concerned is not None and _relocked(changed, concerned, dirname(file), graph)
        if told:
            found[file] = told
    return found


def _read(file: str, content: bytes) -> Locked | None:
    return declared_packages(content) if is_manifest(file) else script_locked(file, content)


def _locked_for(manifest: str, before: Mapping[str, bytes], checkout: Path) -> tuple[str, list[Locked]]:
    """The folder of the lock file that tells who needs what a manifest asks for, and what it says, and said before."""
    for folder in folders_above(manifest):
        for name in LOCKS:
            file = f"{folder}/{name}".lstrip("/")
            texts = [text for text in (before.get(file), content_of(checkout / file)) if text is not None]
            read = [script_locked(file, text) for text in texts]
            if read:
                return folder, [] if None in read else [each for each in read if each is not None]
    return "", []


def _needing(
    states: tuple[Locked, Locked], changed: frozenset[str], folder: Path
) -> Mapping[str, frozenset[str]] | None:
    """These packages, and those that need one of them before or after; None where nobody knows. Each with its needs."""
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for state in states:
        for name, needed in state.needs.items():
            needs[name] |= needed
            peers = _expected(folder, name) if state.silent and changed and name not in state.own else frozenset[str]()
            if peers is None:
                return None
            needs[name] |= peers
    needing: defaultdict[str, list[str]] = defaultdict(list)
    for name, needed in needs.items():
        for each in needed:
            needing[each].append(name)
    found = set(changed)
    waiting = list(found)
    while waiting:
        fresh = set(needing[waiting.pop()]) - found
        found |= fresh
        waiting += fresh
    # What the checkout's own packages import stands in their files.
    return {name: frozenset(needs[name]) for name in found - states[0].own}


def _expected(folder: Path, name: str) -> frozenset[str] | None:
    """What an installed package expects beside it; None where it is not installed, or cannot be read."""
    try:
        told = json.loads(content_of(folder / "node_modules" / name / "package.json") or b"")
        tables = [told.get("peerDependencies") or {}, told.get("peerDependenciesMeta") or {}]
        return frozenset(each for table in tables for each in cast("Mapping[str, object]", table))
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None


def _relocked(
    changed: frozenset[str], concerned: Mapping[str, frozenset[str]], folder: str, graph: ScriptGraph
) -> Relocked | None:
    """Whom changed packages concern; None where that cannot be told, so that it is everybody."""
    importing: dict[str, str] = {}
    imported: set[str] = set()
    for file, mentions in graph.mentions.items():
        # What lies above the checkout is for all of it.
        if folder and not folder.startswith("..") and not file.startswith(f"{folder}/"):
            continue
        names = concerned.keys() & _with_types(graph.packages.get(file, frozenset()))
        imported |= names
        if used := names | (concerned.keys() & _with_types(mentions)):
            importing[file] = min(used)
    if any(_FOR_ALL.fullmatch(name) for name in concerned) or _are_told(concerned, graph.told):
        return None
    # What nobody imports, nor anything that is imported needs, is a tool, or is loaded by its name.
    if not concerned.keys() <= all_needed(imported, lambda name: concerned.get(name, ())):
        return None
    return Relocked(packages=tuple(sorted(changed)), importing=importing)


def _with_types(packages: frozenset[str]) -> frozenset[str]:
    """The packages, and those that hold their types: `@types/name`, `@types/scope__name`."""
    return packages | {f"@types/{name.removeprefix('@').replace('/', '__')}" for name in packages}


def _are_told(names: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether what is written for tools names one of these."""
    words = "|".join(re.escape(name) for name in names)
    pattern = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")
    return bool(words) and any(pattern.search(text) for text in texts)


def of_script_locks(evidence: Evidence, tests: FileIndex) -> tuple[list[Cause], frozenset[str]]:
    """The causes that are packages of JavaScript locked otherwise, and the lock files that need no other cause."""
    causes: list[Cause] = []
    for lock, found in evidence.script_locks.items():
        if found.packages:
            causes += _importing(evidence.scripts, lock, found, tests)
            causes += imported(evidence, (lock,), tests)
            causes += besides_imports(evidence, (lock,), tests)
    return causes, frozenset(evidence.script_locks)


def _importing(graph: ScriptGraph, lock: str, found: Relocked, tests: FileIndex) -> Iterable[Cause]:
    chains = graph.needing(found.importing)
    by = {file: f"{found.importing[chain[0]]} → {wording.imported(chain)}" for file, chain in chains.items()}
    for test in tests.files:
        if test in chains:
            yield Cause(kind="import", by=by[test], changed=(lock,), tests=(test,))
    for file, folder in graph.loaded.items():
        if file in chains:
            why = f"{by[file]} → {wording.LOADED_SCRIPT}"
            yield Cause(kind="import", by=why, changed=(lock,), tests=below(folder, tests))
