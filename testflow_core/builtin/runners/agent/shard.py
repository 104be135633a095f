"""The file in which a worker notes what tests touch: contexts, what belongs to each, and which rely on which."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING

from .wire import write

if TYPE_CHECKING:
    from typing import Iterable, Tuple

    from .own_files import Places
    from .wire import Event

    Entry = Tuple[str, str, int, str]
    """A kind, a path relative to the checkout, and of what was entered its first line and its qualified name."""

ENTER, READ, ABSENT, LIST, START, MODULE = "enter", "read", "absent", "list", "start", "module"
WHOLE = "*"
"""Of a file: all of it. Of programs: one of which nobody knows what it touches."""

SHARD = "touched-"
DIGESTED = 1 << 28


class Context:
    """A stretch of work that others rely on: a test, the set-up of a fixture, the import of a module."""

    __slots__ = ("entries", "imports", "kind", "names", "number", "told", "uses")

    def __init__(self, number: int, kind: str, *names: str) -> None:
        self.number = number
        self.kind = kind
        self.names = names
        self.entries: set[Entry] = set()
        self.imports: dict[str, tuple[str, ...]] = {}
        self.uses: set[int] = set()
        self.told: set[object] = set()


class Shard:
    """The file in which one worker notes; silent in processes that a test has forked."""

    def __init__(self, places: Places, path: str) -> None:
        self._places = places
        self._path = path
        self._descriptor = -1
        self._pid = os.getpid()
        self._numbers: dict[Entry, int] = {}
        self._files: set[str] = set()

    def write(self, contexts: Iterable[Context]) -> None:
        """Append what the contexts have that was not written."""
        if os.getpid() != self._pid:
            return
        lines: list[Event] = []
        for context in contexts:
            lines += self._lines(context)
        if lines:
            self._append(lines)

    def _append(self, lines: Iterable[Event]) -> None:
        if self._descriptor < 0:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            mode = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, mode, 0o600)
            write(self._descriptor, {"event": "shard", "python": "{}.{}".format(*sys.version_info[:2])})
        for line in lines:
            write(self._descriptor, line)

    def _lines(self, context: Context) -> Iterable[Event]:
        for name, bases in sorted(context.imports.items()):
            if sys.modules.get(name) is not None:
                # Once there is another file, it may be found before the one that was.
                context.entries.update((MODULE, base, 0, "") for base in bases)
            else:
                # What would have to be made for the module to be found. It is looked for again each time.
                absent = [base + suffix for base in bases for suffix in (".py", ".so", "/")]
                context.entries.update((ABSENT, place, 0, "") for place in absent)
        context.imports.clear()
        size = len(context.entries) + len(context.uses)
        if size == len(context.told) and context.told:
            return
        new = [each for each in context.entries if each not in context.told]
        uses = [each for each in context.uses if each not in context.told]
        context.told.update(new, uses)
        yield from self._interned(new)
        numbers = sorted(self._numbers[each] for each in new)
        yield {"c": context.number, "k": context.kind, "n": context.names, "e": numbers, "u": sorted(uses)}

    def _interned(self, entries: Iterable[Entry]) -> Iterable[Event]:
        fresh: list[Entry] = []
        for entry in entries:
            if entry not in self._numbers:
                self._numbers[entry] = len(self._numbers)
                fresh.append(entry)
                if entry[0] in {ENTER, READ} and entry[1] not in self._files:
                    self._files.add(entry[1])
                    yield self._file(entry[1])
        if fresh:
            yield {"i": fresh}

    def _file(self, place: str) -> Event:
        """A file as it is now: its digest, size and time."""
        path = os.path.join(self._places.root, place)
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
            with os.fdopen(descriptor, "rb") as stream:
                found = os.fstat(descriptor)
                digest = hashlib.sha1(stream.read(DIGESTED)).hexdigest()  # noqa: S324 - to tell contents apart
        except OSError:
            return {"f": place, "h": "", "s": 0, "t": 0}
        return {"f": place, "h": digest, "s": found.st_size, "t": found.st_mtime_ns}
