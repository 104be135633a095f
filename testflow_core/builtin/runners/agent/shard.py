"""The file in which a worker notes what tests touch: contexts, what belongs to each, and which rely on which."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
from collections import deque
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

from .wire import write_line

if TYPE_CHECKING:
    from typing import Iterable, Tuple

    from .own_files import Places

    Entry = Tuple[str, str, int, str]
    """A kind, a path relative to the checkout, and of what was entered its first line and its qualified name."""

ENTER, READ, ABSENT, LIST, START, MODULE = "enter", "read", "absent", "list", "start", "module"
FOUND, SHARE, CONNECT = "found", "share", "connect"
"""A file that is there when somebody asks whether it is; something that tests have in common; a connection."""

WHOLE = "*"
"""Of a file: all of it. Of programs: one of which nobody knows what it touches."""

SHARD = "touched-"
MAY_START = "+x"
"""Behind the digest of a file that its owner may start as a program."""
DIGESTED = 1 << 28


class Context:
    """
    A stretch of work that others rely on: a test, the set-up of a fixture, the import of a module.

    What happens in it is known by numbers, which a shard gives: they are written test after test.
    """

    __slots__ = ("entries", "imports", "kind", "names", "number", "told", "told_uses", "uses", "written")

    def __init__(self, number: int, kind: str, *names: str) -> None:
        self.number = number
        self.kind = kind
        self.names = names
        self.entries: set[int] = set()
        self.imports: dict[str, tuple[str, ...]] = {}
        self.uses: set[int] = set()
        self.told: set[int] = set()
        self.told_uses: set[int] = set()
        self.written = -1


class Shard:
    """The file in which one worker notes; silent in processes that a test has forked."""

    def __init__(self, places: Places, path: str) -> None:
        self._places = places
        self._path = path
        self._descriptor = -1
        self._pid = os.getpid()
        self._numbers: dict[Entry, int] = {}
        self._counting = itertools.count()
        self._fresh: deque[tuple[int, Entry]] = deque()
        self._files: set[str] = set()

    def number(self, entry: Entry) -> int:
        """What an entry is called in this file."""
        found = self._numbers.get(entry)
        if found is not None:
            return found
        # Threads may come at once: what a number stands for is told of before anybody can have it.
        number = next(self._counting)
        self._fresh.append((number, entry))
        return self._numbers.setdefault(entry, number)

    def write(self, contexts: Iterable[Context]) -> None:
        """Append what the contexts have that was not written."""
        if os.getpid() != self._pid:
            return
        lines: list[str] = []
        for context in contexts:
            self._add(context, lines)
        if lines:
            self._append([*self._interned(), *lines])

    def _append(self, lines: list[str]) -> None:
        if self._descriptor < 0:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            mode = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, mode, 0o600)
            version = "{}.{}".format(*sys.version_info[:2])
            lines.insert(0, json.dumps({"event": "shard", "python": version}))
        lines.append("")
        write_line(self._descriptor, "\n".join(lines).encode())

    def _add(self, context: Context, lines: list[str]) -> None:
        """Add the line of a context, if it has anything new or was never written."""
        if context.imports:
            self._take_imports(context)
        size = len(context.entries) + len(context.uses)
        if size == context.written:
            return
        context.written = size
        new, uses = list(context.entries - context.told), list(context.uses - context.told_uses)
        context.told.update(new)
        context.told_uses.update(uses)
        # By hand, as an encoder takes longer than all else that is done for a test; a list of numbers is JSON as it is.
        names = ",".join(map(quoted, context.names))
        lines.append(f'{{"c":{context.number},"k":"{context.kind}","n":[{names}],"e":{new},"u":{uses}}}')

    def _take_imports(self, context: Context) -> None:
        for name, bases in sorted(context.imports.items()):
            if sys.modules.get(name) is not None:
                # Once there is another file, it may be found before the one that was.
                found: list[Entry] = [(MODULE, base, 0, "") for base in bases]
            else:
                # What would have to be made for the module to be found. It is looked for again each time.
                found = [(ABSENT, base + suffix, 0, "") for base in bases for suffix in (".py", ".so", "/")]
            context.entries.update(map(self.number, found))
        context.imports.clear()

    def _interned(self) -> Iterable[str]:
        """What the numbers stand for that are new, and how the files are."""
        fresh: list[tuple[object, ...]] = []
        while self._fresh:
            number, entry = self._fresh.popleft()
            fresh.append((number, *entry))
            if entry[0] in {ENTER, READ} and entry[1] not in self._files:
                self._files.add(entry[1])
                yield self._file(entry[1])
        if fresh:
            yield json.dumps({"i": fresh})

    def _file(self, place: str) -> str:
        """A file as it is now: its digest, with a mark of what may be started, its size and time."""
        path = os.path.join(self._places.root, place)
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
            with os.fdopen(descriptor, "rb") as stream:
                found = os.fstat(descriptor)
                digest = hashlib.sha1(stream.read(DIGESTED)).hexdigest()  # noqa: S324 - to tell contents apart
                digest += MAY_START if found.st_mode & 0o100 else ""
        except OSError:
            return json.dumps({"f": place, "h": "", "s": 0, "t": 0})
        return json.dumps({"f": place, "h": digest, "s": found.st_size, "t": found.st_mtime_ns})
