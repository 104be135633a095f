"""The history as scripts see it: what past runs learnt, asked, merged, imported and exported."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import history, specs
from testflow_core.errors import HistoryError, Problem, SpecError
from testflow_core.model import Override

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from testflow_core.interfaces import Reporter
    from testflow_core.model import (
        Compacted,
        Delivery,
        Flakiness,
        Imported,
        Merged,
        MissRate,
        Plan,
        Quarantine,
        Run,
        RunSummary,
        Track,
        Trial,
    )

DEFAULT = Path(".testflow", "history.db")
DEFAULT_QUARANTINE = "14d"


class History:
    """
    What past runs learnt, in the file at `path` (TESTFLOW_HISTORY, else `.testflow/history.db`).

    Each answer is a value, read whole at the moment it is asked for, also while a run writes. Nothing is made before
    something is to be remembered. HistoryError where the file cannot be used.

    `keep` and `max_bytes` are what `compact` takes: an engine that is given this history makes it small, after a run,
    once a tenth of it is too old, or it is too large.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        keep: str | float | timedelta | None = None,
        max_bytes: int | None = None,
    ) -> None:
        self.path = Path(path or os.environ.get("TESTFLOW_HISTORY") or Path.cwd() / DEFAULT).absolute()
        age = specs.duration(keep, "History(keep=...)")
        if max_bytes is not None and (isinstance(max_bytes, bool) or max_bytes < 1):
            raise SpecError([Problem("History(max_bytes=...)", f"expected bytes, 1 or more, got {max_bytes!r}")])
        self._store = history.History(self.path, keep=age, max_bytes=max_bytes)

    @property
    def store(self) -> history.History:
        """What an engine remembers its runs in."""
        return self._store

    def runs(self, limit: int | None = None) -> tuple[RunSummary, ...]:
        """The runs in short, the latest first; at most `limit` of them."""
        return self._store.runs(limit)

    def run(self, run_id: str) -> Run:
        """
        Everything that is remembered of a run; HistoryError where there is none of this id.

        Of texts only an excerpt is kept, of what passed neither output nor text; where reports are is not.
        """
        return self._store.run(run_id)

    def plan(self, run_id: str) -> Plan:
        """
        What a run was to do, and why, also long after it: `plan.explain(test_id)` tells of one test, run or skipped.

        It is from the history alone: the choices with the reasons of then, what had changed, what of it was not known
        to be tested, and the batches that ran. Of what was declared it has the workflow's name. HistoryError where
        there is no run of this id.
        """
        return self._store.plan(run_id)

    def track(self, test_id: str, variant: str = "") -> Track | None:
        """The past of one test, over all runs; None where it never came to a verdict."""
        return self._store.track(test_id, variant)

    def slowest(self, limit: int = 10) -> tuple[Track, ...]:
        """The tests that take longest on average, the longest first."""
        return self._store.slowest(limit)

    def trend(self, test_id: str, variant: str = "") -> tuple[Trial, ...]:
        """How a test ended in each run that had it, the earliest first; empty where none had."""
        return self._store.trend(test_id, variant)

    def miss_rates(self) -> tuple[MissRate, ...]:
        """
        What audits (`Engine(audit=...)`) have told of each strategy of selections, over all runs.

        Each has `.strategy`, `.runs`, `.audited` and `.missed` tests, `.rate` and its `.interval`.
        """
        return self._store.miss_rates()

    def flaky(self) -> tuple[Flakiness, ...]:
        """
        The tests that are flaky, may be, or are in quarantine, the most probable to fail first.

        A test is flaky that failed with sources with which it passes, when nothing else was broken: each answer has its
        `state`, the `probability` to fail with the bounds `low` and `high` of its interval, and the `reason`.
        """
        return self._store.flaky()

    def quarantine(
        self, test_id: str, *, expires: str | float | timedelta = DEFAULT_QUARANTINE, reason: str = ""
    ) -> Quarantine:
        """
        Let a test, or all of a file, run without failing a run: for `expires`, in seconds or as `"14d"`.

        SpecError where that is no test, or no time. It holds for all runs that know this history.
        """
        lasting = specs.duration(expires, "$.expires")
        if lasting is None:
            raise SpecError(
                [Problem("$.expires", 'expected seconds or a duration such as "14d"; a quarantine must end')]
            )
        now = datetime.now(UTC)
        try:
            until = now + lasting
        except OverflowError:
            raise SpecError(
                [Problem("$.expires", f"expected a day that is in the calendar, got {expires!r}")]
            ) from None
        found = specs.quarantine(test_id, until=until, reason=reason, path="$", since=now.timestamp())
        self._store.quarantine(found)
        return found

    def release(self, test_id: str) -> None:
        """End the quarantine of a test, or of a file, that `quarantine` was given; HistoryError where it is in none."""
        held = {each.test: each for each in self._store.quarantines()}
        if test_id not in held:
            known = f" (in quarantine: {', '.join(sorted(held))})" if held else ""
            raise HistoryError(f"{test_id!r} is not in quarantine by {self.path}{known}")
        now = datetime.now(UTC).timestamp()
        self._store.quarantine(evolve(held[test_id], since=now, until=now, reason=""))

    def quarantines(self) -> tuple[Quarantine, ...]:
        """The quarantines that `quarantine` has made and that have not expired."""
        return self._store.quarantines()

    def override(self, cluster: str, *, team: str = "", category: str = "", reason: str = "") -> Override:
        """
        Say what failures of a cause are, and whose: it holds in all runs that know this history, before any rule.

        `cluster` is the id of a cluster of a run, or a fingerprint. What was said of it before no longer holds.
        SpecError where nothing is said.
        """
        if not cluster.strip():
            raise SpecError([Problem("$.cluster", "expected the id of a cluster, as `Run.clusters` has it, got ''")])
        if not (team.strip() or category.strip()):
            raise SpecError([Problem("$", "a team or a category is missing: say whose the cause is, or what it is")])
        now = datetime.now(UTC).timestamp()
        found = Override(cluster=cluster, team=team.strip(), category=category.strip(), reason=reason, since=now)
        self._store.override(found)
        return found

    def remove_override(self, cluster: str) -> None:
        """Take back what `override` said of a cause; HistoryError where nothing was said of it."""
        known = {each.cluster for each in self._store.overrides()}
        if cluster not in known:
            named = f" (known: {', '.join(sorted(known))})" if known else ""
            raise HistoryError(f"nothing was said of {cluster!r} in {self.path}{named}")
        self._store.override(Override(cluster=cluster, since=datetime.now(UTC).timestamp()))

    def overrides(self) -> tuple[Override, ...]:
        """What `override` was told and was not taken back."""
        return self._store.overrides()

    def merge(self, other: History | str | Path) -> Merged:
        """
        Take over the runs of another history that have come to their end.

        Again changes nothing, and the order of several merges does not matter. Runs of one id are one: of what both say
        of a test a failure stays. HistoryError where one of the files cannot be used, or the other is not there; then
        nothing was taken over.
        """
        theirs = other if isinstance(other, History) else History(other)
        if not theirs.path.exists():
            raise HistoryError(f"there is no history to merge at {theirs.path}")
        return self._store.merge(history.History(theirs.path))

    def import_junit(
        self,
        paths: str | Path | Iterable[str | Path],
        *,
        application: str,
        revision: str | None = None,
        environment: str = "",
    ) -> Imported:
        """
        Remember JUnit reports as runs: each path is one, a report or a folder with all `*.xml` below it.

        The same reports again change nothing. `revision` names what they were run on, where it is known: the same name
        is the same sources. `environment` names what they were run in: what passes in one and fails in another is not
        flaky for that. Reports of a folder that tell of the same tests are several runs, each in its own. What cannot
        be read is told in `problems`, and the rest imported.
        """
        if not isinstance(application, str) or not application.strip() or "::" in application:  # pyright: ignore[reportUnnecessaryIsInstance] - scripts are not type-checked
            said = f"expected the name of an application, without '::', got {application!r}"
            raise SpecError([Problem("import_junit(application=...)", said)])
        # Reading reports is what runners do, which scripts that only ask do not wait for.
        from testflow_core.junit_import import import_reports  # noqa: PLC0415

        given = [paths] if isinstance(paths, str | Path) else list(paths)
        return import_reports([Path(path) for path in given], application, revision, environment, self._store.record)

    def report(self, run_id: str, *reporters: str | Reporter) -> Run:
        """
        Report a run again, by names of reporters or reporters, from what is remembered of it.

        So what a tracker missed while it was down is sent later: `deliveries` of the answer says what arrived, and what
        it has already is not sent again. Files go to `reports/` beside the history. HistoryError where there is no such
        run.
        """
        # Loading plugins is what runs do, which scripts that only ask do not wait for.
        from testflow_core.plugin_calls import PluginCalls  # noqa: PLC0415
        from testflow_core.publishing import asked, publish  # noqa: PLC0415
        from testflow_core.registry import plugin_set  # noqa: PLC0415

        run = evolve(self.run(run_id), reports=self.path.parent / "reports" / run_id, deliveries=())
        plugins = plugin_set(os.environ.get("TESTFLOW_PLUGINS") or "installed")
        return publish(run, asked(reporters, plugins), PluginCalls(), self._store)

    def undelivered(self) -> tuple[Delivery, ...]:
        """What reporters could not send, that of the earliest run first: `report` sends it by its `run_id`."""
        return self._store.undelivered()

    def export(self, path: str | Path) -> int:
        """
        Write how each test ended in each run, the earliest first; answers how many there are.

        The suffix tells the format: `.jsonl` is an object a line, `.csv` has a header. HistoryError for another one.
        """
        return self._store.export(Path(path))

    def compact(self, *, keep: str | float | timedelta | None = None, max_bytes: int | None = None) -> Compacted:
        """
        Make the file small: what says nothing new of ended runs is dropped.

        So are runs that started longer ago than `keep` (seconds, or text such as `"2000h"`), with tests that no run had
        since; and the oldest until the file has no more than `max_bytes`, or one run is left. What they told of other
        tests stays counted. A kill in the middle leaves the history whole.
        """
        return self._store.compact(keep=specs.duration(keep, "compact(keep=...)"), max_bytes=max_bytes)
