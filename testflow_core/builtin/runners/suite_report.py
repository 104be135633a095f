"""Reads the JSON reports of jest and vitest, which has jest's format: foreign data, whatever a test has made of it."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from attrs import frozen

from testflow_core.builtin.runners.agent.texts import first_lines, limited
from testflow_core.builtin.runners.junit_report import Case
from testflow_core.builtin.runners.program import ESCAPE
from testflow_core.model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZE_LIMIT = 64 << 20
# jest calls a skipped test pending; to vitest that is one whose end was never seen.
SKIPPED = {"skipped", "disabled", "todo"}
UNLOADED = "Test suite failed to run"
_FRAME = re.compile(r"^\s*at\s")
_ERROR = re.compile(r"(\w*Error|\w*Exception)\b.*:")


@frozen(kw_only=True)
class SuiteReport:
    """
    What jest or vitest wrote about the files that it ran: the tests of the one that was asked for.

    `broken` says why that file, as apart from its tests, has failed; `absent` that it was not run at all, and `others`
    that other files were. `missing` is a report that was never written, `trouble` why one cannot be read.
    """

    framework: str
    cases: tuple[Case, ...] = ()
    broken: str = ""
    absent: bool = False
    others: bool = False
    others_failed: bool = False
    missing: bool = False
    trouble: str = ""


def read_suites(report: Path, file: Path, framework: str) -> SuiteReport:
    """The report about the test file; more than 64 MiB, and what is not of the format, is `trouble`."""
    try:
        return _about(file, _read(report), framework)
    except FileNotFoundError:
        return SuiteReport(framework=framework, missing=True)
    except (OSError, ValueError, RecursionError) as error:
        return SuiteReport(framework=framework, trouble=f"the report of {framework} cannot be read: {error}")


def _read(report: Path) -> list[Mapping[str, object]]:
    if report.stat().st_size > SIZE_LIMIT:
        raise ValueError(f"it is larger than {SIZE_LIMIT} bytes")
    found: object = json.loads(report.read_bytes())
    return [_mapping(suite, "a file") for suite in _list(_mapping(found, "it"), "testResults")]


def _about(file: Path, suites: list[Mapping[str, object]], framework: str) -> SuiteReport:
    wanted = file.resolve()
    own = [suite for suite in suites if Path(_text(suite, "name")).resolve() == wanted]
    others = [suite for suite in suites if suite not in own]
    cases = [_case(_mapping(test, "a test"), framework) for suite in own for test in _list(suite, "assertionResults")]
    return SuiteReport(
        framework=framework,
        cases=tuple(cases),
        broken=next((why for why in map(_broken, own) if why), ""),
        absent=not own,
        others=bool(others),
        others_failed=any(_text(suite, "status") == "failed" for suite in others),
    )


def _broken(suite: Mapping[str, object]) -> str:
    """Why a file has failed by itself: it cannot be loaded, holds no test, or has set-up that fails."""
    if _text(suite, "status") != "failed":
        return ""
    said = ESCAPE.sub("", _text(suite, "message")).strip()
    _, mark, why = said.rpartition(UNLOADED)
    if not mark and _list(suite, "assertionResults"):
        # To jest, this is what its failed tests say; to vitest, what befell the file.
        return "" if said.startswith("●") else _summary(said)
    lines = [line.strip() for line in why.splitlines() if line.strip()]
    telling = next((line for line in lines if _ERROR.match(line)), lines[0] if lines else "it did not say why")
    return first_lines(telling)


def _case(test: Mapping[str, object], framework: str) -> Case:
    titles = (*_list(test, "ancestorTitles"), test.get("title"))
    path = tuple(limited(title) if isinstance(title, str) else "" for title in titles)
    status = _text(test, "status")
    milliseconds = test.get("duration")
    said = [ESCAPE.sub("", each) for each in _list(test, "failureMessages") if isinstance(each, str)]
    duration = float(milliseconds) / 1000 if isinstance(milliseconds, int | float) else 0.0
    case = Case(path=path, status=Status.PASSED, duration=duration if math.isfinite(duration) else 0.0)
    return _judged(case, status, said, framework)


def _judged(case: Case, status: str, said: list[str], framework: str) -> Case:
    path, duration = case.path, case.duration
    if status == "passed":
        return case
    if status in SKIPPED or (status == "pending" and framework == "jest"):
        reason = "todo" if status == "todo" else "skipped"
        return Case(path=path, duration=duration, status=Status.SKIPPED, reason=reason)
    if status == "failed":
        message = _summary(said[0]) if said else ""
        text = limited("\n\n".join(said))
        return Case(path=path, duration=duration, status=Status.FAILED, message=message or "failed", text=text)
    message = f"it did not end: {framework} says that it is {status or 'nothing'}"
    return Case(path=path, duration=duration, status=Status.ERROR, message=message)


def _summary(text: str) -> str:
    """What an error says, without where."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if _FRAME.match(line):
            break
        if line.strip():
            lines.append(line.rstrip())
    return first_lines("\n".join(lines))


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is {type(value).__name__} where an object is needed")  # noqa: TRY004 - of a text
    return cast("dict[str, object]", value)


def _list(value: Mapping[str, object], key: str) -> list[object]:
    found = value.get(key)
    if not isinstance(found, list):
        raise ValueError(f"{key} is {type(found).__name__} where a list is needed")  # noqa: TRY004 - of a text
    return cast("list[object]", found)


def _text(value: Mapping[str, object], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""
