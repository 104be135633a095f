"""JUnit reports of the past as runs: so a team's first run knows what its continuous integration knew."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from testflow_core.builtin.runners.junit_report import Case, read_junit
from testflow_core.model import Imported, Outcome, Run, Status, TestCase, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

SOURCE = "junit"

_TEST_MODULE = re.compile(r"tests?|test_\w+|\w+_tests?")
_CHUNK = 1 << 20


@define
class _Apart:
    """Reports that tell of each test once among them, and what they tell, by test."""

    files: list[Path] = field(factory=list[Path])
    cases: dict[TestCase, list[Case]] = field(factory=dict[TestCase, list[Case]])


def import_reports(
    paths: Iterable[Path], application: str, revision: str | None, environment: str, record: Callable[[Run], object]
) -> Imported:
    """
    Record each path as a run: a report, or a folder with all `*.xml` below it.

    Where several reports of a folder tell of the same tests, as those of the jobs of a matrix do, they are several runs
    under conditions of their own. The id of a run is made of the reports' content, so that importing them again changes
    nothing. It started when the earliest of its suites did, or where none says so, when the oldest file was written.
    What cannot be read is told, and the rest imported.
    """
    names: list[str] = []
    number = 0
    problems: list[str] = []
    for path in paths:
        files = sorted(path.rglob("*.xml")) if path.is_dir() else [path]
        if not files:
            problems.append(f"{path}: there is no report (*.xml) below this folder")
        told = _apart(files, application, problems)
        for each in told:
            where = each.files[0].relative_to(path).as_posix() if len(told) > 1 else ""
            conditions = tuple(f"junit {said}" for said in (environment, where) if said)
            run = _run(each, application, revision, conditions)
            record(run)
            names.append(run.run_id)
            number += len(run.results)
    return Imported(runs=tuple(names), tests=number, problems=tuple(problems))


def _apart(files: Iterable[Path], application: str, problems: list[str]) -> list[_Apart]:
    found: list[_Apart] = []
    for file in files:
        cases: dict[TestCase, list[Case]] = {}
        for case in _read(file, problems):
            cases.setdefault(as_test(case, application), []).append(case)
        if not cases:
            continue
        place = next((each for each in found if each.cases.keys().isdisjoint(cases)), None)
        if place is None:
            found.append(place := _Apart())
        place.files.append(file)
        place.cases.update(cases)
    return found


def _read(file: Path, problems: list[str]) -> Sequence[Case]:
    report = read_junit(file)
    if report is None:
        problems.append(f"{file}: there is no such report, or it is empty")
        return ()
    if report.trouble:
        had = f"; the {len(report.cases)} tests before that are taken" if report.cases else ""
        problems.append(f"{file}: {report.trouble}{had}")
    elif not report.cases:
        problems.append(f"{file}: it has no <testcase>")
    return report.cases


def _run(told: _Apart, application: str, revision: str | None, conditions: tuple[str, ...]) -> Run:
    began = {case.began for cases in told.cases.values() for case in cases}
    moments = [moment for text in began if (moment := _moment(text)) is not None]
    started = min(moments) if moments else min(file.stat().st_mtime for file in told.files)
    outcomes = {test: list(_attempts(cases, test, started)) for test, cases in told.cases.items()}
    return Run(
        run_id=f"{SOURCE}-{_digest(told.files, application, revision or '', *conditions)}",
        workflow=SOURCE,
        started=started,
        source=SOURCE,
        outcomes=tuple(chain.from_iterable(outcomes.values())),
        results=tuple(_result(test, attempts) for test, attempts in outcomes.items()),
        trees={application: revision} if revision else {},
        conditions=conditions,
    )


def as_test(case: Case, application: str) -> TestCase:
    """
    The id that testflow would give a test of a report.

    `file` is what the report says, else the module of a dotted `classname` of Python, else the class name, else the
    outermost suite. Of Python, classes inside the module are part of the name.
    """
    *suites, name = case.path
    name = name or case.classname or "unnamed"
    parts = case.classname.split(".") if case.classname else []
    file = case.file.replace("\\", "/").removeprefix("./").strip("/")
    module = _module(parts, file)
    if module:
        inside = "".join(f"{each}::" for each in parts[module:])
        return TestCase(application=application, file=file or "/".join(parts[:module]) + ".py", name=inside + name)
    if file:
        return TestCase(application=application, file=file, name=name)
    return TestCase(application=application, file=case.classname or next(filter(None, suites), SOURCE), name=name)


def _module(parts: Sequence[str], file: str) -> int:
    """How many parts of a dotted name are those of the Python module; 0 where it is of another language."""
    if file:
        module = file.removesuffix(".py").split("/")
        return len(module) if file.endswith(".py") and list(parts[: len(module)]) == module else 0
    known = [place for place, part in enumerate(parts, start=1) if _TEST_MODULE.fullmatch(part)]
    return known[-1] if known else 0


def _attempts(cases: Iterable[Case], test: TestCase, started: float) -> Iterator[Outcome]:
    """A test that a report tells of twice was tried twice."""
    number = count(1)
    for case in cases:
        for message in case.failed_before:
            yield Outcome(test=test, status=Status.FAILED, attempt=next(number), message=message, started=started)
        yield Outcome(
            test=test,
            status=case.status,
            duration=case.duration,
            attempt=next(number),
            reason=case.reason,
            message=case.message,
            text=case.text,
            started=started,
        )


def _result(test: TestCase, told: Sequence[Outcome]) -> TestResult:
    """One result of all that a report says of a test: the last attempt tells how it ended."""
    last = told[-1]
    return TestResult(
        test_id=test.id,
        status=last.status,
        reason=last.reason,
        duration=last.duration,
        message=last.message,
        attempts=len(told),
        flaky=last.status is Status.PASSED and any(each.status.failing for each in told),
    )


def _moment(text: str) -> float | None:
    """Seconds since the epoch; a moment without a zone is taken to be in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _digest(files: Iterable[Path], *said: str) -> str:
    digest = hashlib.sha256("\0".join(said).encode("utf-8", "surrogatepass"))
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:20]
