"""A terminal reporter that counts what it is told and draws none of it: of a worker nobody sees the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from typing import Any

NAME = "terminalreporter"
MODULE = "_pytest.terminal"
OWN = "_pytest."


class Quiet:
    """
    What pytest's own reporter becomes: its `stats` and its summary are as ever, its dots and lines are not written.

    Of each test one report is counted, that of its call or that of what went wrong, as in the summary; drawing them all
    takes a tenth of the time of a small test.
    """

    config: pytest.Config
    stats: dict[str, list[Any]]
    standard: Any
    asked = 0
    alone = False

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Draws nothing."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a report; draw that of a part of a test, which pytest draws into what its test prints."""
        if type(report) is not pytest.TestReport:
            self.standard.pytest_runtest_logreport(self, report)
        elif report.when == "call" or not report.passed:
            self.stats.setdefault(self._category(report), []).append(report)

    def _category(self, report: pytest.TestReport) -> str:
        """What pytest counts a report as; of what has passed it is asked only where a plugin may say something else."""
        hook = self.config.hook.pytest_report_teststatus
        asked = hook.get_hookimpls()
        if len(asked) != self.asked:
            self.asked = len(asked)
            self.alone = all(each.function.__module__.startswith(OWN) for each in asked)
        if self.alone and report.passed and not hasattr(report, "wasxfail"):
            return "passed"
        return str(hook(report=report, config=self.config)[0])

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Draws nothing."""


def silence(config: pytest.Config) -> None:
    """Let pytest's terminal reporter draw no more; one that a plugin has put in its place stays as it is."""
    manager = config.pluginmanager
    reporter: Any = manager.getplugin(NAME)
    standard = cast("type[Any]", type(reporter))
    if standard.__module__ != MODULE:
        return
    # Pytest keeps the methods that it found, and plugins may keep the reporter: it becomes another and stays itself.
    manager.unregister(reporter)
    reporter.__class__ = type(Quiet.__name__, (Quiet, standard), {"standard": standard})
    manager.register(reporter, NAME)
