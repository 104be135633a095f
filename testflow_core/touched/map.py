"""The recorded map of one application, as selectors ask it: immutable, and read piece by piece."""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.model import Outdated
from testflow_core.touched.bits import numbers_of, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    Rows = Callable[[str, tuple[object, ...]], list[tuple[object, ...]]]
    """Answers a query."""

ENTER, READ, ABSENT, LISTED, START, MODULE = "enter", "read", "absent", "list", "start", "module"
RUN, FOUND, ASK, SHOW, SHARE, CONNECT = "run", "found", "ask", "show", "share", "connect"
WHOLE = "*"
LINES, ATTACHING = "lines", "attaching"
MAY_START = "+x"
"""Behind the digest of a file that its owner may start as a program."""
OF_MODULES = (".py", ".pyc", ".so", ".pyd")

_POSTING = "select tests from postings where application = ? and kind = ? and path = ?"


@frozen(kw_only=True)
class Version:
    """A file as it was when tests were recorded; an empty digest where it changed meanwhile."""

    path: str
    digest: str
    size: int
    time: int


@frozen(kw_only=True)
class RecordedMap:
    """
    What each test of an application touched when it was last recorded.

    Tests are numbered by their place in `tests`, each `file::name`; a set of them is an integer whose bits are the
    numbers (`numbers_of`). Only those in `recorded` are known. `python` is the version they ran with.
    """

    application: str
    python: str
    testflow: str
    tests: tuple[str, ...]
    recorded: int
    _rows: Rows = field(repr=False, eq=False, alias="rows")

    def entering(self, path: str, unit: str) -> int:
        """The tests that enter a unit of a file, by themselves or by what they rely on."""
        return self._tests(ENTER, path, unit) | self._tests(ENTER, path, WHOLE)

    def using(self, path: str) -> int:
        """The tests that enter anything of a file, or read it, or hand it to a program."""
        return self._tests(ENTER, path) | self.reading(path) | self.starting(path)

    def reading(self, path: str) -> int:
        """The tests that read a file for its content."""
        return self._tests(READ, path)

    def missing(self, path: str) -> int:
        """The tests that would notice if there were a file of this path, where there was none."""
        return self.sought(path) | self.listing(path)

    def sought(self, path: str) -> int:
        """Those of them that have looked for it by its name."""
        folders = [path[:position] for position, letter in enumerate(path) if letter == "/"]
        found = self._tests(ABSENT, path)
        for each in folders:
            found |= self._tests(ABSENT, each) | self._tests(ABSENT, f"{each}/")
        if path.endswith((".so", ".pyd")):
            folder, slash, name = path.rpartition("/")
            found |= self._tests(ABSENT, f"{folder}{slash}{name.partition('.')[0]}.so")
        return found | self._importing(path)

    def _importing(self, path: str) -> int:
        """The tests that look for a module which a file of this path would be, or come before."""
        if not path.endswith(OF_MODULES):
            return 0
        folder, _, name = path.rpartition("/")
        base = folder if name.partition(".")[0] == "__init__" else path.removesuffix(name) + name.partition(".")[0]
        above, slash, module = base.rpartition("/")
        found = self._tests(MODULE, base)
        # What Python has itself is looked for by everybody, so that it is not noted one by one.
        return found | self._tests(MODULE, above + slash + WHOLE) if module in sys.stdlib_module_names else found

    def finding(self, path: str) -> int:
        """The tests that ask whether there is a file or a folder of this path, where there was one."""
        return self._tests(FOUND, path)

    def listing(self, path: str) -> int:
        """The tests that look at what is in the folder of a path, which is another once the path is new or gone."""
        folder, slash, _ = path.rpartition("/")
        return self._tests(LISTED, folder + slash)

    def starting(self, path: str) -> int:
        """The tests that start a program and name it the file."""
        return self._tests(START, path)

    def running(self, name: str) -> int:
        """The tests that run code which is made meanwhile and asks for a name, as `exec` and `eval` do."""
        return self._tests(RUN, name) | self._tests(RUN, WHOLE)

    def asking(self, name: str) -> int:
        """The tests that are text themselves, as examples in documents are, and ask for a name."""
        return self._tests(ASK, name) | self._tests(ASK, WHOLE)

    @property
    def showing_lines(self) -> int:
        """The tests that enter what asks in which line something is."""
        return self._tests(SHOW, LINES)

    @property
    def attaching(self) -> int:
        """The tests that enter what attaches a database to another one, of which nobody tells where it is."""
        return self._tests(SHOW, ATTACHING)

    @property
    def connecting(self) -> int:
        """The tests that connect to something, or meet a connection that is open."""
        return self._tests(CONNECT, WHOLE)

    @property
    def sharing(self) -> tuple[int, ...]:
        """For each thing that outlives tests and that they may change, those that have it in common."""
        rows = self._rows("select tests from postings where application = ? and kind = ?", (self.application, SHARE))
        return tuple(unpack(packed) for (packed,) in rows if isinstance(packed, bytes))

    def searching(self, folder: str) -> int:
        """The tests that look for a module which a folder would be, or a part of."""
        return 0 if folder.rpartition("/")[2] in sys.stdlib_module_names else self._tests(MODULE, folder)

    @property
    def absent(self) -> tuple[str, ...]:
        """What was looked for, and was not there."""
        rows = self._rows(
            "select distinct path from postings where application = ? and kind = ?", (self.application, ABSENT)
        )
        return tuple(str(path) for (path,) in rows if not str(path).endswith("/"))

    @property
    def files(self) -> tuple[str, ...]:
        """The files that tests entered or read."""
        rows = self._rows("select distinct path from versions where application = ?", (self.application,))
        return tuple(str(path) for (path,) in rows)

    @property
    def opaque(self) -> int:
        """The tests that start programs of which nobody knows what they touch: any change may concern them."""
        return self._tests(START, WHOLE)

    def outdated(self, checkout: Path) -> Iterator[Outdated]:
        """The files that are not as they were, found by size and time, and where these differ by content."""
        by_path: dict[str, list[Version]] = defaultdict(list)
        for path, digest, size, time in self._rows(
            "select path, digest, size, time from versions where application = ?", (self.application,)
        ):
            by_path[str(path)].append(
                Version(path=str(path), digest=str(digest), size=_number(size), time=_number(time))
            )
        for path, versions in by_path.items():
            yield from self._outdated(checkout / path, versions)

    def _outdated(self, file: Path, versions: Iterable[Version]) -> Iterator[Outdated]:
        now: bytes | None = None
        digest: str | None = None
        for version in versions:
            if digest is None:
                try:
                    found = file.stat()
                    mark = MAY_START if found.st_mode & 0o100 else ""
                    alike = version.digest and version.digest.endswith(MAY_START) == bool(mark)
                    if alike and (found.st_size, found.st_mtime_ns) == (version.size, version.time):
                        continue
                    now = file.read_bytes()
                    digest = hashlib.sha1(now).hexdigest() + mark  # noqa: S324 - to tell contents apart
                except OSError:
                    now, digest = None, "gone"
            if digest != version.digest:
                yield self._compared(version, now)

    def _compared(self, version: Version, now: bytes | None) -> Outdated:
        ((source, tests),) = self._rows(
            "select source, tests from versions where application = ? and path = ? and digest = ?",
            (self.application, version.path, version.digest),
        )
        before = None if source is None else zlib.decompress(_bytes(source))
        return Outdated(path=version.path, tests=unpack(_bytes(tests)), before=before, now=now)

    def _tests(self, kind: str, path: str, unit: str | None = None) -> int:
        found = 0
        if unit is None:
            rows = self._rows(_POSTING, (self.application, kind, path))
        else:
            rows = self._rows(f"{_POSTING} and unit = ?", (self.application, kind, path, unit))
        for (packed,) in rows:
            found |= unpack(_bytes(packed))
        return found

    def places(self, tests: int) -> tuple[str, ...]:
        """What the tests of a set are called, in the order of their numbers."""
        return tuple(self.tests[number] for number in numbers_of(tests))

    def units(self, path: str) -> Mapping[str, int]:
        """The units of a file that tests enter, each with those tests."""
        rows = self._rows(
            "select unit, tests from postings where application = ? and kind = ? and path = ?",
            (self.application, ENTER, path),
        )
        return {str(unit): unpack(_bytes(tests)) for unit, tests in rows}


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError(f"{value!r} is no packed value")  # noqa: TRY004 - of a file
    return value


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
