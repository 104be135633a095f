"""Which of the collected items were asked for, and what to say of those that were asked for and are not there."""

from __future__ import annotations

import difflib
import os
import re
from typing import TYPE_CHECKING, TypeVar

from .texts import first_lines

if TYPE_CHECKING:
    from typing import Container, Iterable, Mapping, Sequence

    import pytest

    from .ledger import Piece
    from .wire import Event

LISTED = 20
ENDS = re.compile(r"\[|::")
Test = TypeVar("Test")


class Places:
    """Finds a path's file, as the order writes it."""

    def __init__(self, checkout: str, piece: Piece) -> None:
        self._root = os.path.realpath(checkout)
        self._files = {os.path.realpath(os.path.join(checkout, file)): file for file, _ in piece}  # noqa: PTH118 - hot
        self._known: dict[str, str] = {}
        self._latest: tuple[object, str] = (None, "")

    def file(self, path: object) -> str:
        """The file relative to the checkout, with `/` between its parts."""
        # The tests of a file share its path.
        if path is not self._latest[0]:
            text = str(path)
            if text not in self._known:
                real = os.path.realpath(text)
                relative = os.path.relpath(real, self._root).replace(os.sep, "/")
                self._known[text] = self._files.get(real, relative)
            self._latest = (path, self._known[text])
        return self._latest[1]

    def name(self, item: pytest.Item) -> str:
        """What pytest calls the item within its file."""
        return item.nodeid.partition("::")[2] or item.name


def matches(name: str, wanted: str) -> bool:
    """Whether a test is meant by a name: it bears it, with or without parameters, or stands in the class that does."""
    return name == wanted or name.startswith((wanted + "[", wanted + "::"))


def is_meant(name: str, names: Container[str]) -> bool:
    """Whether one of these names means a test; as `matches`, for any number of them."""
    return name in names or any(name[: end.start()] in names for end in ENDS.finditer(name))


def rank(name: str, wanted: Sequence[str] | None) -> int | None:
    """The position of the first name that means the test; None where none does."""
    if wanted is None:
        return 0
    return next((position for position, each in enumerate(wanted) if matches(name, each)), None)


class Sieve:
    """Keeps the tests that a piece of an order asks for, in its order; `chooser` is what may leave out others."""

    def __init__(self, order: Event, piece: Piece, framework: str, chooser: str) -> None:
        self.piece = piece
        self._wanted = dict(piece)
        self._order = {file: position for position, (file, _) in enumerate(piece)}
        self._exclude = {file: frozenset(names) for file, names in order["exclude"].items()}
        self._only = {file: frozenset(names) for file, names in order["only"].items()}
        self._framework = framework
        self._chooser = chooser
        self.found: dict[str, list[str]] = {}

    def sift(self, tests: Iterable[tuple[str, str, Test]]) -> tuple[list[Test], list[Test]]:
        """The tests to keep, and those to leave out, of all with file and name; remembers the names."""
        kept: list[tuple[int, int, Test]] = []
        dropped: list[Test] = []
        for file, name, test in tests:
            self.found.setdefault(file, []).append(name)
            position = rank(name, self._wanted[file]) if file in self._wanted else None
            if position is None or self.runs_elsewhere(file, name):
                dropped.append(test)
            else:
                kept.append((self._order[file], position, test))
        kept.sort(key=lambda each: each[:2])
        return [test for _, _, test in kept], dropped

    def runs_elsewhere(self, file: str, name: str) -> bool:
        """Whether a test of a file is left to other batches."""
        if file in self._exclude and is_meant(name, self._exclude[file]):
            return True
        # What is named in an order, or is left of one, is named because it runs here.
        return self._wanted[file] is None and file in self._only and not is_meant(name, self._only[file])

    def missing(
        self, final: Mapping[str, Sequence[str]], told: Iterable[str]
    ) -> Iterable[tuple[str, str | None, str, str]]:
        """What was asked for and will not run: file, name, status and why; `told` are files that are accounted for."""
        accounted = set(told)
        for file, wanted in self.piece:
            if file in accounted:
                continue
            here, ours = final.get(file, ()), self.found.get(file, ())
            for name in wanted or ():
                if any(matches(each, name) for each in here):
                    continue
                if any(matches(each, name) for each in ours):
                    yield file, name, "skipped", f"{self._chooser} deselect it"
                else:
                    yield file, name, "error", unknown_test(file, name, ours)
            if wanted is None and not ours:
                yield file, None, "skipped", f"{self._framework} collects no tests in {file}"
            elif wanted is None and not here and self._tells_of_deselection(file):
                rest = " that is not left to another batch" if file in self._exclude else ""
                yield file, None, "skipped", f"{self._chooser} deselect every test in {file}{rest}"

    def _tells_of_deselection(self, file: str) -> bool:
        # Of a file in parts the first does it, so that a file of which other parts run is not told to be skipped.
        return file not in self._only and not all(self.runs_elsewhere(file, each) for each in self.found[file])


class Task:
    """A piece at work: what of it is accounted for, what cannot be collected, and how many tests are still to run."""

    def __init__(self, order: Event, piece: Piece) -> None:
        self.piece = piece
        self.wanted = dict(piece)
        self.places = Places(order["checkout"], piece)
        self.sieve = Sieve(order, piece, "pytest", "the options of pytest, or its plugins,")
        self.told: list[str] = []
        self.broken: dict[str, pytest.CollectReport] = {}
        self.left = 0
        self.sifted = False

    def broken_above(self, file: str) -> pytest.CollectReport | None:
        """What became of the nearest folder of a file that cannot be collected."""
        folders = [folder for folder in self.broken if folder == "." or file.startswith(folder + "/")]
        return self.broken[max(folders, key=len)] if folders else None


def unknown_test(file: str, name: str, known: Sequence[str]) -> str:
    """What to say of a test that is not there."""
    plain = list(dict.fromkeys(each.partition("[")[0] for each in known))
    close = difflib.get_close_matches(name, plain, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    more = f", ... ({len(plain)} in all)" if len(plain) > LISTED else ""
    listed = ", ".join(plain[:LISTED]) + more if plain else "none"
    return first_lines("no test named {} in {}{} there are: {}".format(name, file, hint or ";", listed))
