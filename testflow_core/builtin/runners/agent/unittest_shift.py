"""The work of a worker: the tests of order after order, loaded and run as unittest does it."""

from __future__ import annotations

import sys
import time
import traceback
import unittest
import warnings
from collections import deque
from typing import TYPE_CHECKING, Any

from .collection import Sieve
from .unittest_loading import NotLoadedError, load, tests_of, units
from .unittest_result import Problem, Result, places_of, problem
from .unittest_telling import NOT_RUN

if TYPE_CHECKING:
    from .ledger import Piece
    from .orders import Orders
    from .unittest_loading import Found
    from .unittest_telling import Telling
    from .wire import Event


class Shift:
    """`stopped` says why tests are left out, once some will be."""

    def __init__(self, session: Event, orders: Orders, telling: Telling) -> None:
        self.stopped = ""
        self._session = session
        self._orders = orders
        self._spool = orders.spool
        self._telling = telling

    def work(self, order: Event, piece: Piece) -> None:
        """Load a piece and run it."""
        files = self._collect(order, piece)
        self._orders.begin()
        with warnings.catch_warnings():
            if not sys.warnoptions:
                warnings.simplefilter("default")
            while files and not self.stopped and not self._orders.paused():
                self._run(files.popleft())

    def _collect(self, order: Event, piece: Piece) -> deque[deque[Any]]:
        """What is to be run of each file; tells of what will not be."""
        sieve = Sieve(order, piece, "unittest", "the options of unittest")
        suites: dict[str, unittest.BaseTestSuite] = {}
        tests: list[Found] = []
        for file, wanted in piece:
            self._spool.send({"event": "collecting", "file": file})
            try:
                loaded = load(order["checkout"], file, self._session)
            except NotLoadedError as error:
                for name in wanted or [None]:
                    self._telling.tell((file, name), error.problem, time.time())
            else:
                suites[file] = loaded.suite
                tests += loaded.tests
                sieve.found.setdefault(file, []).extend(loaded.left_out)
            self._spool.send({"event": "collected-file"})
        kept, _ = sieve.sift((each.file, each.name, each) for each in tests)
        final: dict[str, list[str]] = {file: [] for file, _ in piece}
        for each in kept:
            final[each.file].append(each.name)
        for file, name, status, why in sieve.missing(final, [file for file, _ in piece if file not in suites]):
            said = Problem(status, message=why) if status == "error" else Problem(status, reason=why)
            self._telling.tell((file, name), said, time.time())
        self._spool.send({"event": "collected", "tests": final})
        self._telling.plan(kept)
        order_of = {id(each.test): position for position, each in enumerate(kept)}
        return deque(deque(units(suite, order_of)) for suite in suites.values())

    def _run(self, of_file: deque[Any]) -> None:
        result = Result(self._session, self._telling)
        result.enter()
        while of_file and not self.stopped and not self._orders.paused():
            unit = of_file.popleft()
            if isinstance(unit, unittest.BaseTestSuite):
                self._run_suite(unit, result)
            else:
                self._run_test(unit, result)
            if result.shouldStop:
                self.stopped = self.stopped or "unittest stops after the first failure, as its command says"
        result.leave()

    def _run_test(self, test: Any, result: Result) -> None:
        """A suite of one: unittest sets up its class and its module where they are not those of the last test."""
        result.fresh()
        self._telling.begin(test)
        self._call(unittest.TestSuite([test]), result)
        self._telling.end(result.problems if result.reached else _why_not(test, result))

    def _run_suite(self, suite: unittest.BaseTestSuite, result: Result) -> None:
        """One that runs its tests in a way of its own, and tells when each starts and ends."""
        inside = list(tests_of(suite))
        result.fresh()
        result.single = False
        self._call(suite, result)
        result.single = True
        self._telling.end(result.problems)
        if not result.shouldStop:
            for test in inside:
                self._telling.pass_over(test, _why_not(test, result))

    def _call(self, suite: unittest.BaseTestSuite, result: Result) -> None:
        """Run it; what escapes from unittest itself befalls the test that is under way."""
        try:
            suite.run(result)
        except KeyboardInterrupt as error:
            result.add(Problem("error", message=f"it stopped unittest: {error!r}"))
            running = self._telling.running
            place = "::".join(map(str, running.place)) if running is not None else "a suite"
            self.stopped = f"{place} stopped unittest: {error!r}"
        except BaseException:  # noqa: BLE001 - a way of the application's own to run tests
            result.add(problem("error", sys.exc_info(), traceback.format_exc()))


def _why_not(test: Any, result: Result) -> list[Problem]:
    """Why unittest has not come to a test: what it needs could not be set up, say."""
    for where in places_of(test):
        if where in result.fixtures:
            return result.fixtures[where]
    return result.problems or [Problem("skipped", reason=NOT_RUN)]
