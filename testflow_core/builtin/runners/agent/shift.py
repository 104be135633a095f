"""The work of a worker: one session of pytest, in which order after order is collected and run."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import memory, results
from .collection import Task

if TYPE_CHECKING:
    from typing import Any, Callable, Generator, Iterable

    from .ledger import Piece
    from .orders import Orders
    from .plugin import TestflowPlugin
    from .wire import Event


# What stands for a folder: `Package` was a kind of file before pytest 8.
FOLDERS = (pytest.Package,)

MANY = 1000
"""Tests after which it is worth looking for what nobody needs any more: with all they had, some 3 MB."""


class Resting(pytest.Item):
    """What comes after the last test of an order: nothing yet; what is set up for its folder and above stays."""

    def runtest(self) -> None:
        """Never called."""


class Shift:
    """Registered beside the plugin that tells of tests; replaces pytest's own loop over all of them."""

    __test__ = False

    def __init__(self, plugin: TestflowPlugin, orders: Orders, files: Iterable[str]) -> None:
        self._plugin = plugin
        self._orders = orders
        self._last: pytest.Item | None = None
        self._folders: dict[str, Any] = {}
        self._nodes: list[pytest.Collector] = []
        self._forgotten = 0
        self._directories: dict[tuple[Any, Any], Any] = {}
        self._wanted = with_folders(files)

    @pytest.hookimpl(hookwrapper=True, optionalhook=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> Generator[None, Any, None]:
        """Keep one node for a directory: since pytest 9.1 the fixtures of a conftest.py are found by it."""
        outcome = yield
        made = outcome.get_result()
        if made is not None:
            outcome.force_result(self._directories.setdefault((path, parent), made))

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Pass by what is beside the files of an order: pytest makes a node of each file in a folder it looks at."""
        return None if str(collection_path) in self._wanted else True

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        """Import no file that pytest itself would leave alone: it asks for folders only, an order names files."""
        if not isinstance(collector, pytest.File) or not self._plugin.is_ignored(collector):
            return None
        return pytest.CollectReport(nodeid=collector.nodeid, outcome="passed", longrepr=None, result=[])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run what was collected, then collect and run what is ordered, until nothing more will be."""
        if session.config.option.collectonly:
            return None
        self._run(session)
        while self._next(session):
            self._run(session)
        self._tear_down(session, None)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool | None:
        """Collect the files whose folder is known by themselves: pytest would look at all files of the folder."""
        if not self._nodes:
            return None
        hook = session.config.hook
        session.items = [item for node in self._nodes for item in session.genitems(node)]
        hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)
        hook.pytest_collection_finish(session=session)
        session.testscollected = len(session.items)
        # Pytest's own collection forgets here too: a worker would keep every test it has ever run.
        getattr(session, "_collection_cache", {}).clear()
        return True

    def _run(self, session: pytest.Session) -> None:
        items = session.items
        if not items:
            return
        self._tear_down(session, items[0])
        self._learn(items)
        memory.locate(items)
        self._orders.begin()
        after_all: pytest.Item = Resting.from_parent(_file(items[-1]).parent, name="testflow")  # pyright: ignore[reportUnknownMemberType] - pytest has no types there
        for item, after in zip(items, [*items[1:], after_all]):
            # Set by the agent: nothing more shall begin.
            if self._orders.paused():
                return
            self._plugin.run(item, after)
            self._last = item
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)

    def _learn(self, items: list[pytest.Item]) -> None:
        places = self._plugin.task.places
        for item in items:
            file = _file(item)
            self._folders.setdefault(os.path.dirname(places.file(file.path)), file.parent)  # noqa: PTH120 - a text

    def _next(self, session: pytest.Session) -> bool:
        order = self._orders.next()
        if order is None:
            return False
        self._forget(session)
        self._plugin.task = Task(order, order["tests"])
        session.config.args[:] = paths(order, order["tests"])
        self._wanted = with_folders(session.config.args)
        self._nodes = self._of_known_folders(session, order["tests"])
        session.config.hook.pytest_collection(session=session)
        return True

    def _forget(self, session: pytest.Session) -> None:
        """
        Let go of the tests that have been run, each of which is part of a circle.

        Python looks for those when there are a quarter more objects than ever before: a worker would grow by that much.
        """
        self._forgotten += len(session.items)
        session.items = []
        self._nodes = []
        if self._forgotten >= MANY:
            self._forgotten = 0
            gc.collect()

    def _of_known_folders(self, session: pytest.Session, piece: Piece) -> list[pytest.Collector]:
        """What pytest makes of the files, nothing where it must find that out by itself."""
        found: list[pytest.Collector] = []
        for (file, _), path in zip(piece, session.config.args):
            parent = self._folders.get(os.path.dirname(file))  # noqa: PTH120 - a text
            made = parent and session.gethookproxy(Path(path)).pytest_collect_file(file_path=Path(path), parent=parent)
            if not made:
                return []
            found += made
        return found

    def _tear_down(self, session: pytest.Session, after: pytest.Item | None) -> None:
        """End what was set up and the next test does not need; what fails is told of the last one, as pytest does."""
        last = self._last
        if last is None:
            return
        # The private state is the only way to end it here; so named since pytest 7, the oldest that is served.
        end: Callable[[pytest.Item | None], None] = getattr(session, "_setupstate").teardown_exact  # noqa: B009
        call = pytest.CallInfo[None].from_call(lambda: end(after), when="teardown")
        if call.excinfo is not None:
            report = pytest.TestReport.from_item_and_call(last, call)
            file, name = self._plugin.task.places.file(last.path), self._plugin.task.places.name(last)
            self._orders.spool.send({**results.ending(file, name, [report], call.start), "event": "late"})


def paths(order: Event, piece: Piece) -> list[str]:
    """What pytest is told to collect."""
    return [os.path.join(order["checkout"], file) for file, _ in piece]  # noqa: PTH118 - hot


def with_folders(files: Iterable[str]) -> set[str]:
    """The files and all folders that they are in."""
    found: set[str] = set()
    for file in files:
        path = os.path.abspath(file)  # noqa: PTH100 - texts, as pytest has them
        while path not in found:
            found.add(path)
            path = os.path.dirname(path)  # noqa: PTH120 - as above
    return found


def _file(item: pytest.Item) -> Any:
    """The file of a test, or what stands for it; its parent is a folder."""
    chain = item.listchain()
    return next((node for node in chain if isinstance(node, pytest.File) and not isinstance(node, FOLDERS)), chain[-1])
