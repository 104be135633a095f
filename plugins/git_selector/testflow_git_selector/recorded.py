"""What a change concerns by the recorded map: who entered what is another now, read it, or looked for it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import Factory, define, evolve

from testflow_git_selector.configuring import configures
from testflow_git_selector.syntax import all_of
from testflow_git_selector.unit_changes import ChangedUnits, changed_units, spread
from testflow_git_selector.units import units

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from testflow_core.model import Outdated, TouchedMap

CONFTEST, PACKAGE = "conftest.py", "__init__.py"
"""What pytest looks for in the folders of test files: the one has fixtures, the other changes what they import."""

TOLD = (".py", ".pyi", ".md", ".rst")
"""What is noticed by importing or opening it alone, so that a test that did neither does not care."""

FOR_OTHERS = re.compile(
    r"(?:licen[cs]e|copying|notice|authors|contributors|change(?:s|log)|history|news|readme|todo)(?:-\w+)?(?:\.txt)?"
    r"|manifest\.in|codeowners|\.(?:gitignore|mailmap|editorconfig|(?:pre-commit-config|readthedocs)\.ya?ml)"
    r"|(?:.*/)?py\.typed|\.github/.*",
    re.IGNORECASE,
)
"""Paths of what is for people, type checkers, packaging or a forge: no test comes to it but by opening it."""

SOURCE = (".py", ".pyi")
WORD = re.compile(rb"[^\W\d]\w*")

SOURCE_LIMIT = 1 << 22
DATABASE = b"SQLite format 3\0"
"""How a file of SQLite begins: where one is attached to another, nobody tells of it."""


@define
class Concerned:
    """
    The tests that a change concerns, by place, each with its chain of reasons.

    `changed` are the files that are not as they were, `alike` those of them that are the same program; of `unexplained`
    ones the map cannot say whom they concern.
    `reached` are others that use names which changed: which tests a file has may be another thing then.
    """

    reasons: dict[str, list[str]] = Factory(lambda: defaultdict(list))
    changed: set[str] = Factory(set[str])
    alike: set[str] = Factory(set[str])
    reached: set[str] = Factory(set[str])
    unexplained: list[str] = Factory(list[str])

    def add(self, touched: TouchedMap, tests: int, reason: str) -> None:
        """These tests are concerned, for this reason."""
        for place in touched.places(tests):
            self.reasons[place].append(reason)


def concerned(
    touched: TouchedMap, checkout: Path, changed: Iterable[str], fresh: Callable[[str], bool] = lambda _: False
) -> Concerned:
    """
    What the content of all recorded files says, and the names of `changed` files that the map does not have.

    `fresh` tells which of these were not there before, as far as that is known.
    """
    found = Concerned()
    for outdated in touched.outdated(checkout):
        found.changed.add(outdated.path)
        _outdated(found, touched, checkout, outdated)
    known = frozenset(touched.files)
    changed = frozenset(changed)
    there = {path for path in touched.absent if path not in changed and (checkout / path).is_file()}
    for path in sorted(changed | there):
        _folders(found, touched, checkout, path, changed)
        if configures(checkout, path):
            found.unexplained.append(path)
        elif path not in known:
            found.changed.add(path)
            _unknown(found, touched, checkout / path, path, fresh)
            _gone(found, touched, checkout, path)
    if found.changed:
        one = min(found.changed)
        found.add(touched, touched.opaque, f"{one} changed → it starts a program that may use anything")
    return found


def _outdated(found: Concerned, touched: TouchedMap, checkout: Path, outdated: Outdated) -> None:
    path, tests = outdated.path, outdated.tests
    if outdated.now is None:
        found.add(touched, touched.listing(path), f"{path} is gone → it was listed")
        _gone(found, touched, checkout, path)
    if not path.endswith(".py"):
        found.add(touched, tests, f"{path} {'changed' if outdated.now is not None else 'is gone'} → it was read")
        if outdated.now is None or outdated.now.startswith(DATABASE):
            found.add(touched, touched.attaching, f"{path} changed → it is a database, and some are attached")
        return
    found.add(touched, touched.reading(path) & tests, f"{path} changed → its text was read")
    found.add(touched, touched.starting(path) & tests, f"{path} changed → it was started")
    _program(found, touched, checkout, outdated)


def _program(found: Concerned, touched: TouchedMap, checkout: Path, outdated: Outdated) -> None:
    path, tests = outdated.path, outdated.tests
    change = _change(outdated)
    if not change:
        found.alike.add(path)
    if change.whole:
        found.add(touched, tests, f"{path}: {change.whole} → it was imported")
        return
    if change.examples:
        own = [place for place in touched.places(tests) if place.partition("::")[0] == path]
        for place in own:
            found.reasons[place].append(f"{path}: its examples changed")
    if change.moved:
        found.add(touched, touched.showing_lines & tests, f"{path}: lines moved → it was asked in which something is")
    new = change.functions.keys() - units(outdated.before or b"").functions.keys()
    spread_out = _spread(touched, checkout, path, change)
    for name in {name for each in spread_out.values() for name in each.names}:
        found.add(touched, touched.asking(name), f"{path}: {name} changed → an example asks for it")
    found.reached.update(spread_out)
    _named(found, touched, checkout, path, change.names)
    for file, concerns in spread_out.items():
        _units(found, touched, file, concerns, tests, new if file == path else frozenset())


def _named(found: Concerned, touched: TouchedMap, checkout: Path, path: str, names: Collection[str]) -> None:
    """Whoever reads a file in which one of these names stands may look it up: `class: shop.cards.Card`."""
    words = {name.encode() for name in names if name.isidentifier()}
    for file in touched.files if words else ():
        if not file.endswith(SOURCE) and not words.isdisjoint(WORD.findall(_text(checkout / file))):
            found.add(touched, touched.reading(file), f"{path}: a name that stands in {file} changed → that was read")


def _gone(found: Concerned, touched: TouchedMap, checkout: Path, path: str) -> None:
    """Who only asked whether a file is there, or a folder that is gone with it, has not read it."""
    folders = [path[:position] for position, letter in enumerate(path) if letter == "/"]
    for each in (path, *folders):
        asking = touched.finding(each)
        if asking and not (checkout / each).exists():
            found.add(touched, asking, f"{each} is gone → somebody asked whether it is there")


def _change(outdated: Outdated) -> ChangedUnits:
    if outdated.before is None and outdated.now is not None:
        return ChangedUnits(whole="how it was is not known")
    return changed_units(outdated.before, outdated.now)


def _spread(touched: TouchedMap, checkout: Path, path: str, change: ChangedUnits) -> Mapping[str, ChangedUnits]:
    if not (change.names or change.documented):
        return {path: change}
    if change.names:
        change = evolve(change, names=change.names | {all_of(path)})
    sources = {file: text for file in touched.files if file.endswith(".py") and (text := _text(checkout / file))}
    return spread({path: change}, sources)


def _text(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(SOURCE_LIMIT)
    except OSError:
        return b""


def _units(
    found: Concerned, touched: TouchedMap, path: str, change: ChangedUnits, tests: int, new: Collection[str]
) -> None:
    if change.whole:
        found.add(touched, touched.using(path) & tests, f"{path}: {change.whole} → it was imported")
        return
    for function, why in change.functions.items():
        found.add(touched, touched.entering(path, function) & tests, f"{path}: {why} → it was entered")
        owner = function.rpartition(".")[0]
        if function in new and owner:
            # Python itself may call a method once it is there, or find it where an inherited one was.
            importing = touched.entering(path, owner) & tests
            found.add(touched, importing, f"{path}: {why} → what it belongs to was imported")
    for function, names in change.made.items():
        entering = touched.entering(path, function) & tests
        for name in names if entering else ():
            why = f"function {function} runs text that asks for {name}, which changed"
            found.add(touched, entering & touched.running(name), f"{path}: {why} → it was entered")


def _folders(found: Concerned, touched: TouchedMap, checkout: Path, path: str, changed: Collection[str]) -> None:
    """Who looks at what is in a folder notices a folder in it that is new or gone, and an import may find one."""
    folder = path.rpartition("/")[0]
    while folder and _is_other(checkout, folder, changed):
        reason = f"{folder} is new or gone, with {path} → its folder was listed, or it was looked for"
        found.add(touched, touched.listing(folder), reason)
        if path.endswith(".py"):
            found.add(
                touched, touched.searching(folder), f"{folder} is new or gone → a module of its name was looked for"
            )
        folder = folder.rpartition("/")[0]


def _is_other(checkout: Path, folder: str, changed: Collection[str]) -> bool:
    """Whether there is nothing in a folder but what is new."""
    for place, folders, files in os.walk(checkout / folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        inside = Path(place).relative_to(checkout).as_posix()
        if any(f"{inside}/{name}" not in changed for name in files):
            return False
    return True


def _unknown(found: Concerned, touched: TouchedMap, there: Path, path: str, fresh: Callable[[str], bool]) -> None:
    """A changed file that no test has entered or read: it is new, or not of a kind that the record knows of."""
    found.add(touched, touched.missing(path), f"{path} is new or gone → it was looked for")
    folder, _, name = path.rpartition("/")
    if name in {CONFTEST, PACKAGE}:
        below = [place for place in touched.tests if not folder or place.startswith(f"{folder}/")]
        for place in below:
            found.reasons[place].append(f"{path} is new → it concerns all tests below it")
        return
    # Who looked what is in a folder notices what is new there, and nobody can say what else uses what was there.
    known = touched.starting(path) or touched.sought(path) or (touched.listing(path) and fresh(path))
    told = name.endswith(TOLD) and not there.is_symlink()
    if not (told or FOR_OTHERS.fullmatch(path) or known):
        found.unexplained.append(path)
