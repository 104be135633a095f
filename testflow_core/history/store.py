"""The history of all runs: read before one, written while it goes on and once it is over."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.errors import HistoryError
from testflow_core.history import exporting, queries
from testflow_core.history.access import PATIENCE
from testflow_core.history.audits import miss_rates
from testflow_core.history.cause_file import CauseFile
from testflow_core.history.compaction import compact
from testflow_core.history.connection import (
    DamagedHistoryError,
    keep_little,
    opened,
    schema_version,
    transaction,
    use_write_ahead_log,
)
from testflow_core.history.deliveries import DeliveryFile
from testflow_core.history.flakiness import flakiness
from testflow_core.history.folder import RunFolder, sweep
from testflow_core.history.journal import Journal
from testflow_core.history.merging import merge_attached
from testflow_core.history.novelty import new_failures
from testflow_core.history.past import read_past
from testflow_core.history.places import set_aside, share
from testflow_core.history.plans import replayed, terms_of
from testflow_core.history.quarantines import active, put, with_quarantines
from testflow_core.history.recording import add_run
from testflow_core.history.statistics import add_to_tracks
from testflow_core.history.unfinished import Unfinished, all_resumable, read_unfinished, resumable
from testflow_core.model import Compacted, Merged, Past
from testflow_core.touched import MapStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import timedelta
    from pathlib import Path

    from testflow_core.model import (
        Flakiness,
        MissRate,
        Plan,
        Quarantine,
        Run,
        RunSummary,
        TestCase,
        Track,
        Trial,
    )

STALE = 10
"""One of so many runs must be too old before those that are get dropped."""

ELSEWHERE = "keep it on a local disk, and merge histories of several machines"


class History(CauseFile, DeliveryFile):
    """
    What past runs learnt, in the SQLite file at `path`, or in memory where that is None.

    Any number of processes and threads may use one file: only a journal is kept open, and what is written is written
    in short transactions, each of which waits at most `patience` for another. No file is made before the first run.
    Where `keep` or `max_bytes` is given, it is compacted after a run that finds a tenth of it older, or it larger.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        patience: timedelta = PATIENCE,
        keep: timedelta | None = None,
        max_bytes: int | None = None,
    ) -> None:
        super().__init__(path, patience)
        self._keep = keep
        self._max_bytes = max_bytes
        self._remarks: list[str] = []

    def past(self, applications: Iterable[str]) -> Past:
        """What is known of the tests of these applications; HistoryError where the file cannot be read."""
        if self.path is None:
            if not self._image:
                return Past()
        elif not self.path.exists():
            return Past()
        applications = tuple(applications)
        with opened(self.path, self._patience, create=False) as connection:
            keep_little(connection)
            self._load_image(connection)
            with transaction(connection, "deferred"):
                version = schema_version(connection, self.path)
                past = read_past(connection, applications, version) if version else Past()
        return self._with_maps(past, applications)

    @property
    def touched(self) -> MapStore | None:
        """The recorded maps of what tests touch, in a file beside the history; None where that is in memory."""
        return None if self.path is None else MapStore(self.path.with_name(f"{self.path.name}.map"))

    def _with_maps(self, past: Past, applications: Iterable[str]) -> Past:
        if self.touched is None:
            return past
        found = {application: self.touched.map_of(application) for application in applications}
        maps = {application: there for application, (there, _) in found.items() if there is not None}
        return evolve(past, maps=maps, stale={application: why for application, (_, why) in found.items() if why})

    def record(self, run: Run) -> tuple[str, ...]:
        """
        Remember a run, once however often it is recorded; HistoryError where the file cannot be written.

        Answers what people must know: that a damaged file was set aside and a new one begun, that it is on a share.
        """
        try:
            self._record(run)
        except DamagedHistoryError as error:
            self._set_aside(error)
            self._record(run)
        self._retain()
        remarks, self._remarks = tuple(self._remarks), []
        kind = share(self.path) if self.path is not None else ""
        if kind:
            remarks += (f"the history {self.path} is on a network share ({kind}), where locks may fail: {ELSEWHERE}",)
        return remarks

    def _retain(self) -> None:
        """Make the file small where it is due: not after each run, for that writes all of it anew."""
        too_large = self._max_bytes is not None and self._size > self._max_bytes
        if too_large or (self._keep is not None and self._ask(self._is_stale, otherwise=False)):
            try:
                self.compact(keep=self._keep, max_bytes=self._max_bytes)
            except HistoryError as error:
                self._remarks.append(f"old runs could not be dropped: {error}")

    def _is_stale(self, connection: sqlite3.Connection) -> bool:
        assert self._keep is not None  # noqa: S101 - it is what is asked for
        older, runs = queries.older_than(connection, time.time() - self._keep.total_seconds())
        return older > 0 and STALE * older >= runs

    def _set_aside(self, error: DamagedHistoryError) -> None:
        assert self.path is not None  # noqa: S101 - memory has no file that could be damaged
        if (name := set_aside(self.path)) is not None:
            self._remarks.append(f"{error}; it was set aside as {name}, and a new one was begun")

    def _record(self, run: Run) -> None:
        with self._changing() as connection:
            with self._writing(connection):
                added = add_run(connection, run)
                if added is not None:
                    key, resumed = added
                    add_to_tracks(connection, key, run, resumed=resumed)
            if self.path is not None:
                sweep(self.path, all_resumable(connection))

    def journal(self, run_id: str) -> Journal | None:
        """
        The journal of a run that is carried out by this process, to be closed and released by it.

        None where the history is in memory only; HistoryError where another process carries this run out.
        """
        if self.path is None:
            return None
        try:
            self.runs(1)
        except DamagedHistoryError as error:
            self._set_aside(error)
        return Journal(run_id, RunFolder(self.path, run_id), self._connected, self._writing)

    def resumable(self, run_id: str | None) -> str:
        """The run of this id, or the latest that was cut off or stopped; HistoryError where there is none to resume."""
        with self._reading() as connection:
            return resumable(connection, run_id, self._file)

    def unfinished(self, run_id: str) -> Unfinished:
        """What is known of a run that can be resumed."""
        with self._reading() as connection:
            return read_unfinished(connection, run_id, self._file)

    def runs(self, limit: int | None = None) -> tuple[RunSummary, ...]:
        """The runs in short, the latest first; at most `limit` of them."""
        return self._ask(lambda connection: queries.summaries(connection, limit), ())

    def run(self, run_id: str) -> Run:
        """
        Everything that is remembered of a run; HistoryError where there is none of this id.

        Of texts only an excerpt is kept, of what passed neither output nor text; where reports are is not.
        """
        with self._asking() as connection:
            if connection is None:
                raise HistoryError(f"there is no run {run_id!r}: the history {self._name} is empty")
            return queries.whole_run(connection, run_id)

    def plan(self, run_id: str) -> Plan:
        """
        What a run was to do, and why, from the history alone; HistoryError where there is none of this id.

        It has the choices with their reasons, the changes, and the batches that ran; of what was declared, the name.
        """
        return replayed(self.run(run_id))

    def terms(self, run_id: str) -> Plan:
        """What was declared for a run: workflow, environments, data, applications. HistoryError where none is known."""
        if not self.knows(run_id):
            self.run(run_id)
        with self._reading() as connection:
            return terms_of(connection, run_id)

    def knows(self, run_id: str) -> bool:
        """Whether a run is called so, or was and has been dropped."""
        return self._ask(lambda each: queries.knows(each, run_id), otherwise=False)

    def track(self, test_id: str, variant: str = "") -> Track | None:
        """The past of one test, over all runs; None where it never came to a verdict."""
        return self._ask(lambda connection: queries.track(connection, test_id, variant), None)

    def slowest(self, limit: int = 10) -> tuple[Track, ...]:
        """The tests that take longest on average, the longest first."""
        return self._ask(lambda connection: queries.slowest(connection, limit), ())

    def flaky(self) -> tuple[Flakiness, ...]:
        """What is known of tests that are flaky, may be, or are in quarantine; the most probable to fail first."""
        now = time.time()
        return self._ask(lambda each: with_quarantines(flakiness(each), active(each, now)), ())

    def new_failures(self, failed: Collection[TestCase], now: float, window: timedelta) -> Mapping[TestCase, str]:
        """Of these tests, which have just failed, those that are not known to fail, with the reason."""
        return self._ask(lambda each: new_failures(each, failed, now, window), {})

    def quarantine(self, quarantine: Quarantine) -> None:
        """Let failures of a test not count until a moment; what was said of it before no longer holds."""
        with self._changing() as connection, self._writing(connection):
            put(connection, quarantine)

    def quarantines(self) -> tuple[Quarantine, ...]:
        """Those that have not expired."""
        now = time.time()
        return self._ask(lambda each: active(each, now), ())

    def trend(self, test_id: str, variant: str = "") -> tuple[Trial, ...]:
        """How a test ended in each run that had it, the earliest first; empty where none had."""
        return self._ask(lambda connection: queries.trend(connection, test_id, variant), ())

    def miss_rates(self) -> tuple[MissRate, ...]:
        """How many of the tests that a strategy had left out failed where they ran all the same, by strategy."""
        return self._ask(miss_rates, ())

    def merge(self, other: History) -> Merged:
        """
        Take over the runs of another history that have come to their end.

        Again changes nothing, and the order of several merges does not matter. Runs of one id are one: of what both say
        of a test a failure stays. HistoryError where one of the files cannot be used; then nothing was taken over.
        """
        if self.touched is not None and other.touched is not None and other.touched.path.exists():
            self.touched.merge(other.touched)
        if not other.is_there:
            return Merged()
        with self._changing() as connection:
            with self._writing(connection):
                pass
            try:
                with other.attached(connection) as there:
                    return self._merge_attached(connection) if there else Merged()
            except sqlite3.DatabaseError:
                # It may be either of the two.
                other.check()
                raise

    def _merge_attached(self, connection: sqlite3.Connection) -> Merged:
        if self.path is not None:
            use_write_ahead_log(connection)
        # What is written is on the disk after the checkpoint below: until then nobody needs to wait for it.
        connection.execute("pragma main.synchronous = normal")
        connection.execute("pragma temp_store = memory")
        # An immediate one would lock the other history, too.
        with transaction(connection, "deferred"):
            merged = merge_attached(connection)
        with suppress(sqlite3.OperationalError):
            # What the file has no room for stays in its log.
            connection.execute("pragma main.wal_checkpoint(passive)")
        return merged

    def export(self, path: Path) -> int:
        """
        Write how each test ended in each run, the earliest first, to a file; answers how many lines of them there are.

        The suffix tells the format: `.jsonl` an object a line, `.csv` with a header. HistoryError for another one.
        """
        write = exporting.format_of(path)
        return self._ask(lambda connection: write(path, exporting.lines(connection)), None) or write(path, ())

    def compact(self, *, keep: timedelta | None = None, max_bytes: int | None = None) -> Compacted:
        """
        Make the file small: what says nothing new of ended runs is dropped.

        So are runs that started longer ago than `keep`, with tests that no run had since; and the oldest until the file
        has no more than `max_bytes`, or there is one run left. What they told of other tests stays counted. A kill in
        the middle leaves the history whole.
        """
        size = self._size
        if not size:
            return Compacted()
        moment = None if keep is None else time.time() - keep.total_seconds()
        with self._changing() as connection:
            dropped = compact(connection, lambda: self._writing(connection), moment, max_bytes)
        return Compacted(dropped=dropped, before=size, after=self._size)
