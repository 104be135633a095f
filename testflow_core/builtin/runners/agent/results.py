"""From pytest's reports of a test's phases to one ending."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .resources import lacking, working_folders
from .texts import crash_line, first_lines, limited

if TYPE_CHECKING:
    from typing import Mapping, Sequence, Union

    import pytest

    from .resources import Kernel
    from .wire import Event

    Report = Union[pytest.TestReport, pytest.CollectReport]


FAILING = ("failed", "error")
PHASES = ["setup", "call", "teardown"]
FOLDERS = ("tmp_path", "output_path")
"""Fixtures that are a folder of one test: pytest's own, and that of pytest-playwright."""
ATTACHMENT = "attachment"


def message_of(report: Report) -> str:
    """The line that says what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return first_lines(str(crash.message))
    return crash_line(report.longreprtext)


def skip_reason(report: Report) -> str:
    """Why a test was skipped."""
    longrepr = report.longrepr
    said = str(longrepr[2]) if isinstance(longrepr, tuple) else report.longreprtext
    prefix = "Skipped: "
    return first_lines(said[len(prefix) :] if said.startswith(prefix) else said)


def last_attempt(reports: Sequence[pytest.TestReport]) -> list[pytest.TestReport]:
    """The reports from the last set-up on: a plugin may have run the test again."""
    starts = [index for index, report in enumerate(reports) if report.when == "setup"]
    return list(reports[starts[-1] if starts else 0 :])


def verdict(reports: Sequence[pytest.TestReport]) -> tuple[str, str, str, str]:
    """Status, reason, message and text of the last attempt."""
    failed = [report for report in reports if report.failed]
    if failed:
        in_call = any(report.when == "call" for report in failed)
        text = "\n\n".join(report.longreprtext for report in failed)
        return ("failed" if in_call else "error"), "", message_of(failed[0]), limited(text)
    skipped = [report for report in reports if report.skipped]
    if skipped:
        report = skipped[0]
        if hasattr(report, "wasxfail"):
            return "skipped", _expected(report, "xfail"), message_of(report), limited(report.longreprtext)
        return "skipped", skip_reason(report), "", ""
    surprising = [report for report in reports if hasattr(report, "wasxfail")]
    if surprising:
        return "passed", _expected(surprising[0], "xpass"), "", ""
    if not any(report.when == "call" for report in reports):
        return "error", "", "pytest reported nothing of its call", ""
    return "passed", "", "", ""


def is_plain(reports: Sequence[pytest.TestReport]) -> bool:
    """Whether a test has passed in one attempt, and there is nothing else to tell of it."""
    return (
        [report.when for report in reports] == PHASES
        and not reports[-1].sections
        and all(report.outcome == "passed" and not hasattr(report, "wasxfail") for report in reports)
    )


def _expected(report: pytest.TestReport, word: str) -> str:
    reason = str(getattr(report, "wasxfail", ""))
    prefix = "reason: "
    said = reason[len(prefix) :] if reason.startswith(prefix) else reason
    return f"{word}: {said}"


def captured(reports: Sequence[pytest.TestReport]) -> tuple[str, str, str]:
    """Standard output, standard error, and the records that were logged, as the application formats them."""
    if not reports:
        return "", "", ""
    out: list[str] = []
    err: list[str] = []
    log: list[str] = []
    for title, content in reports[-1].sections:
        if "stdout" in title:
            out.append(content)
        elif "log" in title:
            log.append(content)
        else:
            err.append(content)
    return limited("".join(out)), limited("".join(err)), limited("\n".join(log))


def attachments(reports: Sequence[pytest.TestReport]) -> list[str]:
    """The paths of files that the test has recorded as properties, `record_property("attachment", path)`."""
    told = reports[-1].user_properties if reports else []
    return [limited(str(value)) for name, value in told if str(name).startswith(ATTACHMENT)]


def folders(given: Mapping[str, object]) -> dict[str, str]:
    """By the name of its fixture, each folder that was the test's own and has something in it."""
    found: dict[str, str] = {}
    for name in FOLDERS:
        folder = given.get(name)
        if isinstance(folder, (str, Path)):
            with contextlib.suppress(OSError):
                if os.listdir(folder):  # noqa: PTH208 - names are enough
                    found[name] = str(folder)
    return found


def ending(
    file: str, name: str, reports: Sequence[pytest.TestReport], started: float, kernel: Kernel | None = None
) -> Event:
    """The event of a test's end; `kernel` is asked what had run out for one that failed."""
    last = last_attempt(reports)
    status, reason, message, text = verdict(last)
    stdout, stderr, log = captured(last)
    event: Event = {
        "event": "ended",
        "file": file,
        "name": name,
        "status": status,
        "duration": sum(report.duration for report in reports),
        "started": started,
        "reason": reason,
        "message": message,
        "text": text,
        "stdout": stdout,
        "stderr": stderr,
    }
    if status not in FAILING:
        event["stderr"] = stderr + log
    else:
        event["log"] = log
        event["attachments"] = attachments(last)
        if kernel is not None:
            event["resources"] = lacking(message + text, kernel, working_folders())
    return event
