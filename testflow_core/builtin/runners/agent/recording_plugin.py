"""The pytest plugin of a worker that records: tells the recorder whose work is done."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from typing import TYPE_CHECKING

import pytest

from .audit_hook import AuditHook
from .recording import Recorder
from .sharing import is_shared, value_of

if TYPE_CHECKING:
    from typing import Any, Callable, Generator

    from .monitoring import Monitoring
    from .plugin import TestflowPlugin
    from .profiling import Profiling
    from .shard import Context

ALONE = "function"
"""The scope of a fixture that is made for one test."""

OVER_FILES = {"session", "package"}
"""Scopes of fixtures that tests of several files may have in common."""

WRAPPING: dict[str, Any] = {
    "wrapper" if "wrapper" in inspect.signature(pytest.hookimpl).parameters else "hookwrapper": True
}
"""What makes a wrapper of a hook: pluggy 1.2 has a kind that costs half as much, and calls it the same way."""


class Recording:
    """Registered beside the plugin that tells of tests, where a record is wanted."""

    __test__ = False

    def __init__(self, teller: TestflowPlugin, checkout: str, folder: str) -> None:
        self._teller = teller
        self._recorder = Recorder(checkout, folder)
        self._noting = _noting(self._recorder)
        self._original: tuple[Any, Any] | None = None

    def begin(self) -> bool:
        """Begin; False where another tool is in the way."""
        if not self._noting.install():
            return False
        AuditHook(self._recorder).install()
        self._teller.recording = self.of_test
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Learn of every wish for a fixture, and of every end of one: pytest has no hooks for that."""
        kind = _definitions()
        execute, finish = self._original = kind.execute, kind.finish
        recorder = self._recorder

        def execute_and_note(definition: Any, request: Any) -> object:
            if definition.scope != ALONE and recorder.base is not recorder.session:
                recorder.base.uses.add(self._of(definition).number)
            return execute(definition, request)

        def finish_and_note(definition: Any, request: Any) -> object:
            if definition.scope == ALONE or getattr(definition, "cached_result", None) is None:
                return finish(definition, request)
            with recorder.within(self._of(definition), relied_on=False):
                return finish(definition, request)

        kind.execute, kind.finish = execute_and_note, finish_and_note

    def _of(self, definition: Any) -> Context:
        """The context of a fixture that outlives a test; what is made for one alone is the test's own."""
        return self._recorder.context("fixture", str(definition.baseid), str(definition.argname), str(id(definition)))

    @pytest.hookimpl(tryfirst=True, **WRAPPING)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """What a set-up touches belongs to all who use it."""
        if fixturedef.scope == ALONE:
            return (yield)
        with self._recorder.within(self._of(fixturedef)):
            made = yield
        if fixturedef.scope in OVER_FILES:
            name = f"{fixturedef.baseid}:{fixturedef.argname}"
            self._recorder.lasts(name, functools.partial(value_of, fixturedef))
        if is_shared(fixturedef, self._recorder.places):
            self._recorder.share(self._of(fixturedef), f"{fixturedef.baseid}::{fixturedef.argname}")
        return made

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """What the collection of a file touches belongs to all of its tests."""
        in_file = collector.getparent(pytest.File) is not None and not isinstance(collector, pytest.Package)
        if not in_file:
            yield
            return
        with self._recorder.within(self._recorder.context("file", self._file(collector))):
            yield

    def of_test(self, file: str, name: str) -> Callable[[], None]:
        """What a test touches from now on is its own, set-up and teardown included; to be called when it has ended."""
        self._noting.whole()
        test = self._recorder.begin(file, name)
        return lambda: self._recorder.end(test, whole=self._noting.whole())

    def _file(self, node: pytest.Item | pytest.Collector) -> str:
        return self._teller.task.places.file(node.path)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Write down what the end of the session has touched."""
        if self._original is not None:
            kind = _definitions()
            kind.execute, kind.finish = self._original
        self._recorder.flush()


def _noting(recorder: Recorder) -> Monitoring | Profiling:
    """What this Python has to tell which functions are entered; what is only for others is not imported."""
    if hasattr(sys, "monitoring"):
        from .monitoring import Monitoring  # noqa: PLC0415

        return Monitoring(recorder)
    from .profiling import Profiling  # noqa: PLC0415

    return Profiling(recorder)


def _definitions() -> Any:
    """The class of fixtures, which pytest 7 does not export."""
    return getattr(importlib.import_module("_pytest.fixtures"), "FixtureDef")  # noqa: B009 - private
