"""The pytest plugin of a worker that records: tells the recorder whose work is done."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from .audit_hook import AuditHook
from .recording import Recorder
from .tracing import tracing

if TYPE_CHECKING:
    from typing import Any, Generator

    from .plugin import TestflowPlugin


class Recording:
    """Registered beside the plugin that tells of tests, where a record is wanted."""

    __test__ = False

    def __init__(self, teller: TestflowPlugin, checkout: str, folder: str) -> None:
        self._teller = teller
        self._recorder = Recorder(checkout, folder)
        self._tracing = tracing(self._recorder)
        self._original: tuple[Any, Any] | None = None

    def begin(self) -> bool:
        """Begin; False where another tool is in the way."""
        if not self._tracing.install():
            return False
        AuditHook(self._recorder).install()
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Learn of every wish for a fixture, and of every end of one: pytest has no hooks for that."""
        kind = _definitions()
        execute, finish = self._original = kind.execute, kind.finish
        recorder = self._recorder

        def execute_and_note(definition: Any, request: Any) -> object:
            context = self._of(definition)
            if context is not None and recorder.base is not recorder.session:
                recorder.base.uses.add(context.number)
            return execute(definition, request)

        def finish_and_note(definition: Any, request: Any) -> object:
            context = self._of(definition)
            if context is None or getattr(definition, "cached_result", None) is None:
                return finish(definition, request)
            with recorder.within(context, relied_on=False):
                return finish(definition, request)

        kind.execute, kind.finish = execute_and_note, finish_and_note

    def _of(self, definition: Any) -> Any:
        """The context of a fixture that outlives a test; what is made for one alone is the test's own."""
        if definition.scope == "function":
            return None
        return self._recorder.context("fixture", str(definition.baseid), str(definition.argname), str(id(definition)))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, None]:
        """What a set-up touches belongs to all who use it."""
        context = self._of(fixturedef)
        if context is None:
            yield
            return
        with self._recorder.within(context):
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """What the collection of a file touches belongs to all of its tests."""
        in_file = collector.getparent(pytest.File) is not None and not isinstance(collector, pytest.Package)
        if not in_file:
            yield
            return
        with self._recorder.within(self._recorder.context("file", self._file(collector))):
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, None]:
        """What a test touches, set-up and teardown included, is its own."""
        self._tracing.whole()
        test = self._recorder.begin(self._file(item), self._teller.task.places.name(item))
        yield
        self._recorder.end(test, whole=self._tracing.whole())

    def _file(self, node: pytest.Item | pytest.Collector) -> str:
        return self._teller.task.places.file(node.path)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Write down what the end of the session has touched."""
        if self._original is not None:
            kind = _definitions()
            kind.execute, kind.finish = self._original
        self._recorder.flush()


def _definitions() -> Any:
    """The class of fixtures, which pytest 7 does not export."""
    return getattr(importlib.import_module("_pytest.fixtures"), "FixtureDef")  # noqa: B009 - private
