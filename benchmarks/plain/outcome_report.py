"""
A plugin for a plain pytest that writes how each test ended to the JSON file that OUTCOME_REPORT names.

Knows nothing of testflow: what it says is what testflow is held to. A file that cannot be collected, or is skipped as
a whole, is an entry without a name; so is a folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

VARIABLE = "OUTCOME_REPORT"

_places: dict[str, str] = {}
_phases: dict[str, list[pytest.TestReport]] = {}
_entries: list[list[str]] = []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where the tests are: what pytest calls them begins at a folder that it finds for itself."""
    for item in session.items:
        _places[item.nodeid] = os.path.relpath(os.path.realpath(item.path), os.path.realpath(session.startpath))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A file, or a class in it, that cannot be collected."""
    report = yield
    if not report.passed:
        file = os.path.relpath(os.path.realpath(collector.path), os.path.realpath(collector.session.startpath))
        said = _message(report) if report.failed else _reason(report)
        name = collector.nodeid.partition("::")[2]
        _entries.append([file, name, "error" if report.failed else "skipped", said, ""])
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A phase of a test has ended."""
    _phases.setdefault(report.nodeid, []).append(report)


def pytest_unconfigure() -> None:
    """Write all of it."""
    for nodeid, reports in _phases.items():
        name = nodeid.partition("::")[2]
        _entries.append([_places.get(nodeid, ""), name, *_ending(reports), reports[-1].capstdout])
    Path(os.environ[VARIABLE]).write_text(json.dumps(_entries), encoding="utf-8")


def _ending(reports: Sequence[pytest.TestReport]) -> tuple[str, str]:
    """What pytest's own summary would count the test as, and the line that it would say of it."""
    failed = [report for report in reports if report.failed]
    if failed:
        return "failed" if any(each.when == "call" for each in failed) else "error", _message(failed[0])
    for report in reports:
        if hasattr(report, "wasxfail"):
            said = str(report.wasxfail)
            return "xfailed" if report.skipped else "xpassed", said.removeprefix("reason: ")
        if report.skipped:
            return "skipped", _reason(report)
    return "passed", ""


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    return said.removeprefix("Skipped: ")


def _message(report: pytest.TestReport | pytest.CollectReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)
    lines = [line for line in report.longreprtext.splitlines() if line.strip()]
    marked = [line[1:] for line in lines if line.startswith("E  ")]
    return (marked or lines or [""])[-1]
