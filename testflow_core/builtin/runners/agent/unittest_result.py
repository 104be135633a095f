"""What unittest says of a test while it runs, and of what is set up for its class and its module."""

from __future__ import annotations

import re
import traceback
import unittest
from typing import TYPE_CHECKING, NamedTuple, cast

from .texts import crash_line, first_lines, limited

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Protocol, Tuple, Type, Union

    ExcInfo = Union[Tuple[Type[BaseException], BaseException, TracebackType], Tuple[None, None, None]]

    class Listener(Protocol):
        """Who notes what becomes of tests."""

        def begin(self, test: Any) -> None:
            """A test starts."""

        def end(self, problems: list[Problem]) -> None:
            """It has ended."""

        def broke(self, where: str, problem: Problem) -> None:
            """What a class or a module had set up cannot be ended."""


FAILING = {"failed", "error"}
_FIXTURE = re.compile(r"(\w+) \((.*)\)", re.DOTALL)


class Problem(NamedTuple):
    """One thing that is to be said of a test."""

    status: str
    reason: str = ""
    message: str = ""
    text: str = ""


class Result(unittest.TestResult):
    """
    Keeps the problems of the test that runs; `reached` tells whether unittest has come to it at all.

    `fixtures` are the problems of what could not be set up, by the name of its class or module. While not `single`,
    nobody else knows when a test starts and ends.
    """

    def __init__(self, session: dict[str, Any], listener: Listener) -> None:
        super().__init__()
        self.failfast = session["failfast"]
        self.tb_locals = session["locals"]
        self.problems: list[Problem] = []
        self.fixtures: dict[str, list[Problem]] = {}
        self.reached = False
        self.single = True
        self._begun = False
        self._listener = listener

    def fresh(self) -> None:
        """The next test."""
        self.problems = []
        self.reached = False

    def add(self, found: Problem) -> None:
        """Something befell the test that runs."""
        self.reached = True
        self.problems.append(found)

    def enter(self) -> None:
        """From here on single tests and suites are run of what is one suite: it is not over when they are."""
        vars(self)["_testRunEntered"] = True

    def leave(self) -> None:
        """End what is set up for the last class and module."""
        vars(self)["_testRunEntered"] = False
        unittest.TestSuite().run(self)

    def startTest(self, test: Any) -> None:  # noqa: N802, D102 - unittest's
        super().startTest(test)
        if not self.single:
            self.fresh()
            self._listener.begin(test)
            self._begun = True
        self.reached = True

    def stopTest(self, test: Any) -> None:  # noqa: N802, D102 - unittest's
        super().stopTest(test)
        if not self.single:
            if not self._begun:
                # Python 3.12.1 ends tests that it skips without having started them.
                self._listener.begin(test)
            self._listener.end(self.problems)
            self._begun = False
            self.fresh()

    def addError(self, test: Any, err: ExcInfo) -> None:  # noqa: N802, D102 - unittest's
        super().addError(test, err)
        self._add(test, problem("error", err, self.errors.pop()[1]))

    def addFailure(self, test: Any, err: ExcInfo) -> None:  # noqa: N802, D102 - unittest's
        super().addFailure(test, err)
        self._add(test, problem("failed", err, self.failures.pop()[1]))

    def addSubTest(self, test: Any, subtest: Any, err: ExcInfo | None) -> None:  # noqa: N802, D102 - unittest's
        super().addSubTest(test, subtest, err)
        if err is None:
            return
        failed = bool(self.failures)
        text = (self.failures if failed else self.errors).pop()[1]
        found = problem("failed" if failed else "error", err, text)
        label = _label(test, subtest)
        self._add(test, found._replace(message=f"{label}: {found.message}", text=f"{label}\n{found.text}"))

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802, D102 - unittest's
        super().addSkip(test, reason)
        self.skipped.clear()
        label = _label(test.test_case, test) + ": " if hasattr(test, "test_case") else ""
        self._add(test, Problem("skipped", reason=first_lines(label + str(reason))))

    def addExpectedFailure(self, test: Any, err: ExcInfo) -> None:  # noqa: N802, D102 - unittest's
        super().addExpectedFailure(test, err)
        found = problem("skipped", err, self.expectedFailures.pop()[1])
        self._add(test, found._replace(reason="xfail: marked as expectedFailure"))

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802, D102 - unittest's
        super().addUnexpectedSuccess(test)
        self.unexpectedSuccesses.clear()
        self._add(test, Problem("failed", message="Unexpected success: it is marked as expectedFailure"))

    def _add(self, test: Any, found: Problem) -> None:
        # What stands for a class or a module is no test, and says so by their number.
        fixture = _FIXTURE.fullmatch(str(test)) if test.countTestCases() == 0 else None
        if fixture is None:
            self.add(found)
            return
        method, where = fixture.groups()
        if found.status in FAILING:
            found = found._replace(status="error", message=f"{method}: {found.message}")
        if method.startswith("setUp"):
            self.fixtures.setdefault(where, []).append(found)
        elif found.status in FAILING:
            self._listener.broke(where, found)


def problem(status: str, err: ExcInfo, text: str) -> Problem:
    """What an exception says."""
    kind, value, _ = err
    said = "".join(traceback.format_exception_only(kind, value)) if kind is not None else text
    message = crash_line(said) if isinstance(value, SyntaxError) else first_lines(said)
    return Problem(status, message=message, text=text)


def summary(problems: list[Problem]) -> Problem:
    """All that is to be said of a test in one: the first failure decides, else the first reason not to run it."""
    failing = [each for each in problems if each.status in FAILING]
    if not failing:
        return problems[0] if problems else Problem("passed")
    first = failing[0]
    more = f"\n(and {len(failing) - 1} more)" if len(failing) > 1 else ""
    text = "\n\n".join(each.text or each.message for each in failing)
    return first._replace(message=first.message + more, text=limited(text))


def places_of(test: Any) -> tuple[str, str]:
    """What unittest calls the class and the module of a test."""
    kind = cast("type[object]", type(test))
    return f"{kind.__module__}.{kind.__qualname__}", kind.__module__


def _label(test: Any, subtest: Any) -> str:
    return str(subtest.id())[len(str(test.id())) + 1 :]
