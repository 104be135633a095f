"""The pytest plugin of a worker: keeps to its orders, and tells of every test as it starts and ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from . import collection, memory, results, values
from .quiet import silence
from .resources import Kernel

if TYPE_CHECKING:
    from typing import Any, Callable, Generator, Sequence

    from .fixtures import Offer
    from .output import Output
    from .spool import Spool


class TestflowPlugin:
    """Registered by hand for one session; old-style wrappers, which every pytest since 7 knows."""

    __test__ = False

    def __init__(self, spool: Spool, output: Output, task: collection.Task, offer: Offer) -> None:
        self.stopped = ""
        self.task = task
        self._spool = spool
        self._output = output
        self._offer = offer
        self._reports: list[pytest.TestReport] = []
        self._kernel = Kernel()
        self.recording: Callable[[str, str], Callable[[], None]] | None = None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, Any, None]:
        """Keep a configured pytest-xdist from starting workers of its own: a child is one already."""
        alone: dict[str, object] = {"numprocesses": None, "dist": "no", "tx": [], "usepdb": False}
        for option, value in alone.items():
            if hasattr(config.option, option):
                setattr(config.option, option, value)
        yield

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Offer the fixtures once everybody else has; draw nothing, and remember what pytest asks often."""
        silence(session.config)
        memory.remember_hooks(session)
        memory.collect_twice(session.config)
        memory.forget_names(session.config)
        self._offer.install(session)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """Tell which file is being imported, and what came of it."""
        is_file = isinstance(collector, pytest.File)
        file = self.task.places.file(getattr(collector, "path", ""))
        if is_file:
            self._spool.send({"event": "collecting", "file": file})
        outcome = yield
        if outcome.excinfo is not None:
            # It ends the whole session: a wrapper that raised it once more would be warned of.
            return
        report: pytest.CollectReport = outcome.get_result()
        if report.failed or report.skipped:
            self._uncollected(collector, file, report)
        if is_file:
            self._spool.send({"event": "collected-file"})

    def is_ignored(self, collector: pytest.File) -> bool:
        """Whether a file that is asked for as a whole is one that pytest ignores; tells of it."""
        file = self.task.places.file(collector.path)
        if self.task.wanted.get(file, ()) is not None:
            return False
        if not collector.ihook.pytest_ignore_collect(collection_path=collector.path, config=collector.config):
            return False
        if file not in self.task.told:
            self.task.told.append(file)
            how = "by an option, a plugin or a conftest.py; a test of it that is named runs all the same"
            self._tell(file, None, "skipped", reason=f"pytest ignores {file}, {how}")
        return True

    def _uncollected(self, collector: pytest.Collector, file: str, report: pytest.CollectReport) -> None:
        wanted = self.task.wanted
        if file not in wanted:
            self.task.broken[file] = report
            return
        if isinstance(collector, pytest.File):
            self._tell_report(file, wanted[file] or [None], report)
            return
        within = collector.nodeid.partition("::")[2]
        # A class in the file: it alone is lost, where it is asked for.
        if collection.rank(within, wanted[file]) is not None and not self.task.sieve.runs_elsewhere(file, within):
            self._tell_report(file, [within], report, accounted=False)

    def _tell_report(
        self, file: str, names: Sequence[str | None], report: pytest.CollectReport, *, accounted: bool = True
    ) -> None:
        if accounted:
            self.task.told.append(file)
        for name in names:
            if report.failed:
                self._tell(file, name, "error", message=results.message_of(report), text=report.longreprtext)
            else:
                self._tell(file, name, "skipped", reason=results.skip_reason(report))

    def _tell(
        self, file: str, name: str | None, status: str, *, reason: str = "", message: str = "", text: str = ""
    ) -> None:
        event = {"event": "ended", "file": file, "name": name, "status": status, "started": time.time(), "left": 0}
        limited = results.limited(text)
        self._spool.send({**event, "duration": 0.0, "reason": reason, "message": message, "text": limited})

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Deselect what was not asked for."""
        self.task.sifted = True
        places = self.task.places
        kept, dropped = self.task.sieve.sift((places.file(item.path), places.name(item), item) for item in items)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
        items[:] = kept

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell what will run, and what was asked for and will not."""
        if not self.task.sifted:
            # Collecting was broken off: what was not found says nothing of the files.
            return
        final: dict[str, list[str]] = {file: [] for file, _ in self.task.piece}
        for item in session.items:
            final.setdefault(self.task.places.file(item.path), []).append(self.task.places.name(item))
        self.task.left = len(session.items)
        for file, wanted in self.task.piece:
            broken = self.task.broken_above(file)
            if broken is not None and not final[file] and file not in self.task.told:
                self._tell_report(file, wanted or [None], broken)
        for file, name, status, why in self.task.sieve.missing(final, self.task.told):
            self._tell(file, name, status, **({"message": why} if status == "error" else {"reason": why}))
        self._spool.send({"event": "collected", "tests": final})

    def run(self, item: pytest.Item, after: pytest.Item) -> None:
        """Run a test, and tell of its start and its end; what ends the whole session, as pytest.exit, is raised."""
        file, name = self.task.places.file(item.path), self.task.places.name(item)
        self._reports = []
        kept = values.keep(item)
        # Once the test has ended, pytest lets go of it.
        given = getattr(item, "funcargs", None)
        self._offer.refuse(item)
        started = time.time()
        self._spool.started(file, name, self._output.mark())
        recorded = self.recording(file, name) if self.recording else None
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        except BaseException as error:
            self.stopped = f"{file}::{name} stopped pytest: {error!r}"
            self._end(file, name, started, kept, given, f"it stopped pytest: {error!r}")
            raise
        finally:
            if recorded:
                recorded()
        self._end(file, name, started, kept, given)

    def _end(
        self,
        file: str,
        name: str,
        started: float,
        kept: dict[str, Any],
        given: dict[str, Any] | None,
        stopped: str = "",
    ) -> None:
        self.task.left -= 1
        if not stopped and kept.get("value") is None and results.is_plain(self._reports):
            duration = sum(report.duration for report in self._reports)
            self._spool.passed(file, name, duration, started, self.task.left)
            return
        event = results.ending(file, name, self._reports, started, self._kernel)
        if stopped:
            event["status"], event["message"] = "error", stopped
        elif kept.get("value") is not None:
            event["values"], reason = values.portable(kept["value"])
            event["reason"] = event["reason"] or reason
        if event["status"] in results.FAILING:
            event["folders"], event["over"] = results.folders(given or {}), time.time()
        event["left"] = self.task.left
        self._spool.send(event)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the report of a phase."""
        self._reports.append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Note why tests were left out, where some were."""
        self.stopped = self.stopped or str(session.shouldfail or session.shouldstop or "")
