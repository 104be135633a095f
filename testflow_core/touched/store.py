"""The SQLite file of the recorded maps, beside the history: it can be recorded again, so that damage is no loss."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing, contextmanager
from importlib import metadata
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.errors import HistoryError
from testflow_core.touched.bits import numbers_of, of_numbers, pack, unpack
from testflow_core.touched.map import ENTER, MAY_START, READ, RecordedMap
from testflow_core.touched.shards import Touched, read_shards

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from testflow_core.touched.map import Rows

FORMAT = 6
PATIENCE = 30.0
SOURCE_LIMIT = 1 << 20
"""Bytes of a Python file whose text is kept, so that a change of it can be told unit by unit."""

_TABLES = (
    """create table maps (application text primary key, python text not null, testflow text not null,
    tests blob not null, recorded blob not null) strict""",
    """create table postings (application text not null, kind text not null, path text not null, unit text not null,
    tests blob not null, primary key (application, kind, path, unit)) strict""",
    """create table versions (application text not null, path text not null, digest text not null,
    size integer not null, time integer not null, source blob, tests blob not null,
    primary key (application, path, digest)) strict""",
)

_POST = """insert into postings values (?, ?, ?, ?, ?) on conflict do update set tests = excluded.tests"""
_VERSION = """insert into versions values (?, ?, ?, ?, ?, ?, ?)
on conflict do update set tests = excluded.tests, size = excluded.size, time = excluded.time"""
_MAP = """insert into maps values (?, ?, ?, ?, ?) on conflict do update
set python = excluded.python, testflow = excluded.testflow, tests = excluded.tests, recorded = excluded.recorded"""

_Row = tuple[object, ...]


@frozen(kw_only=True)
class Recorded:
    """How many tests were recorded, and what people must know of it."""

    tests: int = 0
    remarks: tuple[str, ...] = ()


class MapStore:
    """
    The recorded maps of all applications, in the file at `path`; none is made before the first record.

    Written in one transaction a run; one process at a time writes, any number read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def record(self, application: str, checkout: Path, folder: Path) -> Recorded:
        """Take over what workers noted in a folder; what was known before of the tests they ran is replaced."""
        try:
            return self._record(application, checkout, folder)
        except sqlite3.DatabaseError as error:
            if not _is_damaged(error):
                raise HistoryError(f"the recorded map {self.path} cannot be written: {error}") from error
        self._remove()
        said = f"the recorded map {self.path} was damaged and is begun anew: tests that are not in it are run"
        try:
            again = self._record(application, checkout, folder)
        except sqlite3.DatabaseError as error:
            raise HistoryError(f"the recorded map {self.path} cannot be written: {error}") from error
        return evolve(again, remarks=(said, *again.remarks))

    def keep(self, application: str, touched: Touched, checkout: Path) -> None:
        """Take over what is put together already."""
        with self._changing() as connection:
            _replace(connection, application, touched, _read_map(connection, application, self._rows), checkout)

    def map_of(self, application: str) -> tuple[RecordedMap | None, str]:
        """The map of an application, None where there is none that can be used; and why, where one is there."""
        if not self.path.exists():
            return None, ""
        try:
            with self._opened() as connection:
                if _version(connection) != FORMAT:
                    return None, f"the recorded map {self.path} is of another testflow: it is stale, and recorded anew"
                found = _read_map(connection, application, self._rows)
        except (sqlite3.Error, ValueError, zlib.error) as error:
            return None, f"the recorded map {self.path} cannot be read ({error}): it is rebuilt by the next record"
        return found, ""

    def merge(self, other: MapStore) -> None:
        """Take over what another file has: of a test that both know, what either says of it."""
        with other._opened() as theirs, self._changing() as connection:
            for (application,) in theirs.execute("select application from maps").fetchall():
                _merge(connection, theirs, application)

    def _record(self, application: str, checkout: Path, folder: Path) -> Recorded:
        with self._changing() as connection:
            before = _read_map(connection, application, self._rows)
            numbering = {test: number for number, test in enumerate(before.tests)} if before else {}
            touched = read_shards(folder, checkout, numbering)
            if not touched.tests:
                return Recorded()
            remarks: tuple[str, ...] = ()
            if before is not None and before.python != touched.python:
                remarks = (_of_other_python(application, before.python, touched.python),)
                _forget(connection, application)
                before = None
                touched = read_shards(folder, checkout, {})
            _replace(connection, application, touched, before, checkout)
            return Recorded(tests=len(touched.tests), remarks=remarks)

    def _rows(self, query: str, arguments: tuple[object, ...]) -> list[_Row]:
        try:
            with self._opened() as connection:
                return connection.execute(query, arguments).fetchall()
        except sqlite3.Error as error:
            raise HistoryError(f"the recorded map {self.path} cannot be read: {error}; remove it") from error

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=PATIENCE)) as connection:
            yield connection

    @contextmanager
    def _changing(self) -> Generator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=PATIENCE)) as connection:
            # What a failure of power spoils is recorded again.
            connection.execute("pragma synchronous = off")
            connection.execute("begin immediate")
            if _version(connection) != FORMAT:
                for table in ("maps", "postings", "versions"):
                    connection.execute(f"drop table if exists {table}")
                for statement in _TABLES:
                    connection.execute(statement)
                connection.execute(f"pragma user_version = {FORMAT}")
            yield connection
            connection.execute("commit")

    def _remove(self) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def _read_map(connection: sqlite3.Connection, application: str, rows: Rows) -> RecordedMap | None:
    query = "select python, testflow, tests, recorded from maps where application = ?"
    for python, testflow, tests, recorded in connection.execute(query, (application,)).fetchall():
        return RecordedMap(
            application=application,
            python=python,
            testflow=testflow,
            tests=tuple(json.loads(zlib.decompress(tests))),
            recorded=unpack(recorded),
            rows=rows,
        )
    return None


def _replace(
    connection: sqlite3.Connection, application: str, touched: Touched, before: RecordedMap | None, checkout: Path
) -> None:
    names = list(before.tests) if before else []
    names += sorted(
        (name for name, number in touched.tests.items() if number >= len(names)), key=touched.tests.__getitem__
    )
    new = of_numbers(list(touched.tests.values()))
    recorded = (before.recorded if before else 0) | new
    postings = dict(touched.postings)
    changed: list[_Row] = []
    query = "select kind, path, unit, tests from postings where application = ?"
    for kind, path, unit, packed in connection.execute(query, (application,)):
        was = unpack(packed)
        tests = (was & ~new) | postings.pop((kind, path, unit), 0)
        if tests != was:
            changed.append((application, kind, path, unit, pack(tests)))
    changed += [(application, *key, pack(tests)) for key, tests in postings.items()]
    connection.executemany(_POST, changed)
    connection.execute("delete from postings where tests = ?", (pack(0),))
    _add_versions(connection, application, touched, new, checkout)
    _write_map(connection, application, touched.python, names, recorded)


def _add_versions(connection: sqlite3.Connection, application: str, touched: Touched, new: int, checkout: Path) -> None:
    known: dict[tuple[str, str], int] = {}
    query = "select path, digest, tests from versions where application = ?"
    for path, digest, packed in connection.execute(query, (application,)).fetchall():
        known[path, digest] = was = unpack(packed)
        if was & new:
            known[path, digest] = was & ~new
            changing = "update versions set tests = ? where application = ? and path = ? and digest = ?"
            connection.execute(changing, (pack(was & ~new), application, path, digest))
    users: dict[str, int] = {}
    for (kind, path, _), tests in touched.postings.items():
        if kind in {ENTER, READ}:
            users[path] = users.get(path, 0) | tests
    for path, tests in users.items():
        state = touched.files.get(path)
        # Code that is made from text may be given any name for a file.
        if state is not None and (state.digest or (checkout / path).exists()):
            both = pack(known.get((path, state.digest), 0) | tests)
            source = _source(checkout / path, state.digest) if (path, state.digest) not in known else None
            connection.execute(_VERSION, (application, path, state.digest, state.size, state.time, source, both))
    connection.execute("delete from versions where tests = ?", (pack(0),))


def _source(path: Path, digest: str) -> bytes | None:
    """The packed text of a Python file; None where it is none, is large, or is not what the tests had."""
    import hashlib  # noqa: PLC0415 - only who records needs it

    if path.suffix != ".py":
        return None
    try:
        with path.open("rb") as stream:
            text = stream.read(SOURCE_LIMIT + 1)
    except OSError:
        return None
    if len(text) > SOURCE_LIMIT or hashlib.sha1(text).hexdigest() != digest.removesuffix(MAY_START):  # noqa: S324 - to tell contents apart
        return None
    return zlib.compress(text)


def _write_map(
    connection: sqlite3.Connection, application: str, python: str, names: Iterable[str], recorded: int
) -> None:
    tests = zlib.compress(json.dumps(list(names)).encode())
    version = metadata.version("testflow-core")
    connection.execute(_MAP, (application, python, version, tests, pack(recorded)))


def _merge(connection: sqlite3.Connection, theirs: sqlite3.Connection, application: str) -> None:
    other = _read_map(theirs, application, _nothing)
    ours = _read_map(connection, application, _nothing)
    if other is None or (ours is not None and ours.python != other.python):
        return
    names = list(ours.tests) if ours else []
    numbering = {name: number for number, name in enumerate(names)}
    for name in other.tests:
        if name not in numbering:
            numbering[name] = len(names)
            names.append(name)
    places = [numbering[name] for name in other.tests]

    def ours_of(packed: bytes) -> int:
        return of_numbers([places[number] for number in numbers_of(unpack(packed))])

    for key in ("kind, path, unit", "path, digest, size, time, source"):
        table = "postings" if key.startswith("kind") else "versions"
        columns = key.split(", ")
        identity = columns if table == "postings" else columns[:2]
        where = " and ".join(f"{each} = ?" for each in identity)
        asking = f"select {key}, tests from {table} where application = ?"  # noqa: S608 - names of ours
        for *values, packed in theirs.execute(asking, (application,)).fetchall():
            tests = ours_of(packed)
            looking = f"select tests from {table} where application = ? and {where}"  # noqa: S608 - names of ours
            found = connection.execute(looking, (application, *values[: len(identity)])).fetchone()
            tests |= unpack(found[0]) if found else 0
            statement = _POST if table == "postings" else _VERSION
            connection.execute(statement, (application, *values, pack(tests)))
    recorded = ours_of(pack(other.recorded)) | (ours.recorded if ours else 0)
    _write_map(connection, application, other.python, names, recorded)


def _nothing(_query: str, _arguments: _Row) -> list[_Row]:
    return []


def _forget(connection: sqlite3.Connection, application: str) -> None:
    for table in ("maps", "postings", "versions"):
        connection.execute(f"delete from {table} where application = ?", (application,))  # noqa: S608 - names of ours


def _of_other_python(application: str, before: str, now: str) -> str:
    return f"the recorded map of {application} was of Python {before} and is begun anew with Python {now}"


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
