"""The tests of a file as unittest loads them, each with a name that no other in the file has."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
import unittest
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .texts import crash_line, first_lines
from .unittest_result import Problem

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Dict, Iterable, Iterator, Mapping, Sequence

    Session = Dict[str, Any]
    """What the application's command says."""

PACKAGE = "__init__.py"
FAILED = "_FailedTest"
"""What the loader makes of what it cannot load."""


class NotLoadedError(Exception):
    """A file has no tests to be run; `problem` says why."""

    def __init__(self, status: str, *, reason: str = "", message: str = "", text: str = "") -> None:
        super().__init__(reason or message)
        self.problem = Problem(status, reason, message, text)


class Found(NamedTuple):
    """A test that was loaded."""

    file: str
    name: str
    test: Any


class Loaded(NamedTuple):
    """What a file has: its suite, the tests in it, and the names that the command's own patterns leave out."""

    suite: unittest.BaseTestSuite
    tests: list[Found]
    left_out: list[str]


class Loader(unittest.TestLoader):
    """unittest's own, which remembers what its patterns have left out."""

    def __init__(self, patterns: Sequence[str]) -> None:
        super().__init__()
        self.testNamePatterns = list(patterns) or None
        self.left_out: list[str] = []

    def getTestCaseNames(self, testCaseClass: type[unittest.TestCase]) -> Sequence[str]:  # noqa: N802, N803 - unittest's
        """The tests of a class that the patterns let through."""
        chosen = super().getTestCaseNames(testCaseClass)
        if self.testNamePatterns:
            patterns, self.testNamePatterns = self.testNamePatterns, None
            every = super().getTestCaseNames(testCaseClass)
            self.testNamePatterns = patterns
            self.left_out += [f"{_within(testCaseClass)}::{name}" for name in every if name not in chosen]
        return chosen


def load(checkout: str, file: str, session: Session) -> Loaded:
    """Import a file as unittest would, and have it make its tests; NotLoadedError."""
    if not file.endswith(".py"):
        raise NotLoadedError("error", message=f"unittest loads files of Python, and {file} is none")
    path = os.path.join(checkout, file)  # noqa: PTH118 - a text
    base, pattern = _base(checkout, path, session["discovery"])
    name = _module_name(base, path)
    if base not in sys.path:
        sys.path.insert(0, base)
    loader = Loader(session["patterns"])
    if pattern is not None:
        # A load_tests that discovers more goes on from here, and not into itself once again.
        vars(loader).update(_top_level_dir=base, _loading_packages={name})
    try:
        module = importlib.import_module(name)
        _check(module, path)
        suite = loader.loadTestsFromModule(module, pattern=pattern)
    except unittest.SkipTest as skip:
        raise NotLoadedError("skipped", reason=first_lines(str(skip))) from None
    except BaseException as error:  # noqa: BLE001 - whatever the file raises, it is about the file
        text = _told(error)
        raise NotLoadedError("error", message=crash_line(text), text=text) from None
    tests = list(tests_of(suite))
    if loader.errors and all(type(test).__name__ == FAILED for test in tests):
        text = str(loader.errors[0])
        raise NotLoadedError("error", message=crash_line(text), text=text)
    return Loaded(suite, list(_named(file, name, tests)), loader.left_out)


def _base(checkout: str, path: str, discovery: dict[str, Any] | None) -> tuple[str, str | None]:
    """The folder from which a file is imported, and the pattern by which it was found, where one was."""
    if discovery is None:
        return checkout, None
    start = os.path.join(checkout, discovery["start"])  # noqa: PTH118 - a text
    top = discovery["top"] or (start if os.path.isdir(start) else ".")  # noqa: PTH112 - as above
    folder = os.path.normpath(os.path.join(checkout, top))  # noqa: PTH118 - as above
    return (folder if path.startswith(folder + os.sep) else checkout), discovery["pattern"]


def _module_name(base: str, path: str) -> str:
    relative = os.path.relpath(path, base)[: -len(".py")].replace(os.sep, ".")
    package = "." + PACKAGE[: -len(".py")]
    return relative[: -len(package)] if relative.endswith(package) else relative


def _check(module: ModuleType, path: str) -> None:
    found = os.path.realpath(getattr(module, "__file__", None) or path)
    if found != os.path.realpath(path):
        raise ImportError(f"{module.__name__!r} is imported from {found}, which is not {path}; rename one of them")


def _told(error: BaseException) -> str:
    """The traceback, from the file's own code on."""
    frames = error.__traceback__
    own = (__file__, importlib.__file__)
    while frames and (
        frames.tb_frame.f_code.co_filename in own or "importlib._boot" in frames.tb_frame.f_code.co_filename
    ):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def tests_of(suite: Iterable[Any]) -> Iterator[Any]:
    """The single tests of a suite and of the suites in it."""
    for each in suite:
        if isinstance(each, unittest.BaseTestSuite):
            yield from tests_of(each)
        else:
            yield each


def units(suite: unittest.BaseTestSuite, order_of: Mapping[int, int]) -> list[Any]:
    """
    What is run one after the other: tests, and whole suites that run theirs in a way of their own.

    Only tests with a place in the order, by their identity, and in that order.
    """
    found: list[tuple[int, Any]] = []
    line: list[Any] = [suite]
    while line:
        each = line.pop()
        if isinstance(each, unittest.BaseTestSuite):
            if type(each).run is unittest.TestSuite.run:
                line.extend(each)
            else:
                found.extend(
                    (min(order_of[id(test)] for test in kept), each) for kept in [_sift(each, order_of)] if kept
                )
        elif id(each) in order_of:
            found.append((order_of[id(each)], each))
    return [each for _, each in sorted(found, key=lambda pair: pair[0])]


def _sift(suite: unittest.BaseTestSuite, order_of: Mapping[int, int]) -> list[Any]:
    """Drop the tests from a suite that have no place in the order; the others."""
    kept: list[Any] = []
    left: list[Any] = []
    for each in suite:
        inside = _sift(each, order_of) if isinstance(each, unittest.BaseTestSuite) else [each]
        inside = [test for test in inside if id(test) in order_of]
        if inside:
            kept.append(each)
            left += inside
    # There is no public way to take a test out of a suite.
    vars(suite)["_tests"] = kept
    return left


def _named(file: str, module: str, tests: Iterable[Any]) -> Iterator[Found]:
    taken: dict[str, int] = {}
    for test in tests:
        name = plain = name_of(test, module)
        while name in taken:
            taken[plain] += 1
            name = f"{plain}[{taken[plain]}]"
        taken[name] = 1
        yield Found(file, name, test)


def name_of(test: Any, module: str) -> str:
    """`Class::test`, behind the module where it is another one of the package; what a test calls itself, if it does."""
    kind = cast("type[object]", type(test))
    said = str(test.id() if hasattr(test, "id") else test)
    if getattr(kind, "id", None) is not unittest.TestCase.id:
        return said
    prefix = f"{kind.__module__}.{kind.__qualname__}."
    below = kind.__module__[len(module) + 1 :] + "." if kind.__module__.startswith(module + ".") else ""
    return f"{below}{_within(kind)}::{said[len(prefix) :]}"


def _within(kind: type) -> str:
    return kind.__qualname__.rpartition("<locals>.")[2].replace(".", "::")
