"""Tells of the tests of a session that is pytest's own from its beginning to its end, whoever runs them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from . import collection, results

if TYPE_CHECKING:
    from .fixtures import Offer
    from .ledger import Piece
    from .orders import Orders
    from .wire import Event


class Plain:
    """
    Registered in a session that collects and runs all by itself, by the processes of pytest-xdist if it has them.

    All that is known of its tests is what pytest reports to the process that was started: nobody looks into theirs.
    """

    __test__ = False

    def __init__(self, orders: Orders, task: collection.Task, offer: Offer) -> None:
        self.stopped = ""
        self._orders = orders
        self._task = task
        self._offer = offer
        self._root = ""
        self._begun: dict[str, float] = {}
        self._reports: dict[str, list[pytest.TestReport]] = {}
        self._ended: dict[str, list[str]] = {file: [] for file, _ in task.piece}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Hand over what tests may ask for."""
        self._root = str(session.config.rootpath)
        self._offer.install(session)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._begun[nodeid] = time.time()
        file, name = self._place(nodeid)
        self._orders.spool.send({"event": "started", "file": file, "name": name, "mark": 0})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the report of a phase."""
        self._reports.setdefault(report.nodeid, []).append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test has ended."""
        file, name = self._place(nodeid)
        reports = self._reports.pop(nodeid, [])
        event = results.ending(file, name, reports, self._begun.pop(nodeid, time.time()))
        self._orders.spool.send({**event, "left": 1})
        self._ended.setdefault(file, []).append(name)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file, or a folder, cannot be collected, or is skipped."""
        if report.passed:
            return
        file = self._place(report.nodeid)[0]
        for each, names in self._task.piece:
            if file in {each, "."} or each.startswith(file + "/"):
                for name in names or [None]:
                    self._tell(each, name, report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell of what was asked for and has not come up."""
        self.stopped = str(session.shouldfail or session.shouldstop or "")
        for nodeid in list(self._reports):
            # A process of xdist that died has reported its test and not ended it.
            self.pytest_runtest_logfinish(nodeid)
        if not self.stopped:
            for file, names in self._task.piece:
                self._tell_missing(file, names)
        self._orders.spool.send({"event": "collected", "tests": self._ended})

    def _tell_missing(self, file: str, names: list[str] | None) -> None:
        here = self._ended[file]
        if file in self._task.told:
            return
        if names is None and not here:
            self._send(file, None, "skipped", reason=f"pytest runs no tests in {file}")
        for name in names or ():
            if not any(collection.matches(each, name) for each in here):
                self._send(file, name, "error", message=collection.unknown_test(file, name, here))

    def _tell(self, file: str, name: str | None, report: pytest.CollectReport) -> None:
        self._task.told.append(file)
        if report.failed:
            text = results.limited(report.longreprtext)
            self._send(file, name, "error", message=results.message_of(report), text=text)
        else:
            self._send(file, name, "skipped", reason=results.skip_reason(report))

    def _send(self, file: str, name: str | None, status: str, **said: str) -> None:
        event: Event = {"event": "ended", "file": file, "name": name, "status": status, "started": time.time()}
        self._orders.spool.send({**event, "left": 1, "duration": 0.0, "reason": "", "message": "", "text": "", **said})

    def _place(self, nodeid: str) -> tuple[str, str]:
        path, _, name = nodeid.partition("::")
        return self._task.places.file(os.path.join(self._root, path)), name  # noqa: PTH118 - hot


def selection(order: Event, piece: Piece) -> list[str]:
    """What pytest is told to collect and to leave out, in words that also processes of xdist understand."""
    wanted: list[str] = []
    for file, names in piece:
        path = os.path.join(order["checkout"], file)  # noqa: PTH118 - as above
        wanted += [f"{path}::{name}" for name in names] if names is not None else [path]
    left_out = [f"--deselect={file}::{name}" for file, names in order["exclude"].items() for name in names]
    return [*wanted, *left_out]
