"""The reporter `junit`: JUnit XML, which every continuous integration server reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from attrs import frozen

from testflow_core.builtin.reporters.publication import publish
from testflow_core.interfaces import Reporter
from testflow_core.model import Outcome, Status, TestCase
from testflow_core.model.artifact import FOLDER
from testflow_core.wording import one_line, plain, seen, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.model import Artifact, Cluster, Run, TestResult

_ELEMENTS = {
    Status.FAILED: "failure",
    Status.TIMED_OUT: "failure",
    Status.ERROR: "error",
    Status.UNAVAILABLE: "error",
    Status.INTERRUPTED: "error",
    Status.SKIPPED: "skipped",
}
_COUNTS = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_TEXT_LIMIT = 200_000


@frozen(kw_only=True)
class JUnitReporter(Reporter):
    """
    `junit.xml`: a test suite for each application, a test case for each test.

    Unavailable and interrupted tests are errors: they were to run, and did not. The dialect is the one of
    https://github.com/testmoapp/junitxml, which Jenkins, GitLab and GitHub's actions understand. Attempts that failed
    before the last are `flakyFailure` or `rerunFailure` (or `...Error`), as Maven's Surefire writes them.

    An environment that has left something on the machine is an error in a suite `testflow`.
    """

    def report(self, run: Run) -> None:
        """Write `junit.xml` to the folder of the run's reports."""
        root = ET.Element("testsuites", name=one_line(run.workflow), timestamp=_timestamp(run.started))
        failing: dict[str, list[Outcome]] = {}
        for outcome in run.outcomes:
            if outcome.status.failing:
                failing.setdefault(outcome.test.label, []).append(outcome)
        clusters = {label: cluster for cluster in run.clusters for label in cluster.tests}
        suites: dict[str, list[TestResult]] = {}
        for result in run.results:
            suites.setdefault(TestCase.from_id(result.test_id).application, []).append(result)
        for application, results in suites.items():
            suite = ET.SubElement(root, "testsuite", name=one_line(application), timestamp=_timestamp(run.started))
            _count(suite, results)
            for result in results:
                suite.append(_case(result, failing.get(result.label, ()), clusters.get(result.label)))
        _count(root, run.results)
        _add_leaks(root, run)
        ET.indent(root)
        publish(run, "junit.xml", f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n')


def _element_of(result: TestResult) -> str | None:
    """What a result is to servers that fail a build for every failure: one in quarantine is skipped."""
    return "skipped" if result.status.failing and result.quarantined else _ELEMENTS.get(result.status)


def _count(element: ET.Element, results: tuple[TestResult, ...] | list[TestResult]) -> None:
    kinds = [_element_of(result) for result in results]
    element.set("tests", str(len(results)))
    for kind, name in _COUNTS.items():
        element.set(name, str(kinds.count(kind)))
    element.set("time", f"{sum(result.duration for result in results):.3f}")


def _add_leaks(root: ET.Element, run: Run) -> None:
    """An error for each environment that has left something: servers look at test cases alone."""
    leaking = [certificate for certificate in run.certificates if not certificate.clean]
    if not leaking:
        return
    suite = ET.SubElement(root, "testsuite", name="testflow", timestamp=_timestamp(run.started))
    _count(suite, [])
    for certificate in leaking:
        name = one_line(certificate.environment) or "the run"
        case = ET.SubElement(suite, "testcase", classname="certificate", name=name, time="0.000")
        error = ET.SubElement(case, "error", message=one_line(certificate.leaks[0]), type="leak")
        error.text = plain("\n".join(certificate.leaks))
    for element in (suite, root):
        for count in ("tests", "errors"):
            element.set(count, str(int(element.get(count, "0")) + len(leaking)))


def _class_name(file: PurePosixPath) -> str:
    # A path without a name has no suffix to be taken away.
    return ".".join((file.with_suffix("") if file.name else file).parts)


def _case(result: TestResult, failing: Sequence[Outcome], cluster: Cluster | None) -> ET.Element:
    test = TestCase.from_id(result.test_id)
    case = ET.Element(
        "testcase",
        classname=one_line(_class_name(PurePosixPath(test.file))),
        name=one_line(f"{test.name or test.file}{result.label.removeprefix(result.test_id)}"),
        file=one_line(test.file),
        time=f"{result.duration:.3f}",
    )
    _add_properties(case, result, cluster)
    kind = _element_of(result)
    if kind is None:
        _add_attempts(case, "flaky", failing)
        return case
    message = one_line(result.message or result.reason) or word(result.status)
    if kind == "skipped" and result.quarantined:
        message = f"{word(result.status)} in quarantine {one_line(result.quarantined)}: {message}"
    element = ET.SubElement(case, kind, message=message)
    if result.status is not Status.SKIPPED:
        element.set("type", one_line(result.category) or result.status.value)
        element.text = _limited(failing[-1].text if failing else "") or message
    if result.status.failing:
        _add_attempts(case, "rerun", [each for each in failing if each.attempt < failing[-1].attempt])
    # CI systems show what is named so beside the test.
    attached = list(_attached(result.context.artifacts)) if result.context else []
    if result.context and result.context.backtrace:
        attached.insert(0, f"--- backtrace ---\n{_limited(result.context.backtrace)}")
    if result.logs or attached:
        ET.SubElement(case, "system-out").text = "\n".join((_limited(result.logs), *attached))
    return case


def _attached(artifacts: Iterable[Artifact]) -> Iterator[str]:
    for each in artifacts:
        yield f"left: {plain(each.path)}" if each.kind == FOLDER else f"[[ATTACHMENT|{plain(each.path)}]]"


def _add_attempts(case: ET.Element, prefix: str, failing: Sequence[Outcome]) -> None:
    for outcome in failing:
        kind = _ELEMENTS[outcome.status].capitalize()
        message = one_line(outcome.message or outcome.reason) or word(outcome.status)
        element = ET.SubElement(case, f"{prefix}{kind}", message=message, type=outcome.status.value)
        ET.SubElement(element, "stackTrace").text = _limited(outcome.text) or message


def _add_properties(case: ET.Element, result: TestResult, cluster: Cluster | None) -> None:
    values = {
        "variant": result.variant,
        "category": result.category,
        "assigned_to": result.assigned_to,
        "timing": str(result.timing or ""),
        "quarantined": result.quarantined,
        "likely_regression": result.regression,
        "verdict": str(result.verdict or ""),
    }
    if cluster is not None:
        values |= {"cluster": cluster.id, "cause": cluster.title, "seen": ", ".join(seen(cluster))}
    named = {name: one_line(value) for name, value in values.items() if value}
    if named:
        properties = ET.SubElement(case, "properties")
        for name, value in named.items():
            ET.SubElement(properties, "property", name=name, value=value)


def _limited(text: str) -> str:
    text = plain(text)
    if len(text) <= _TEXT_LIMIT:
        return text
    half = _TEXT_LIMIT // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"


def _timestamp(started: float) -> str:
    return datetime.fromtimestamp(started, tz=UTC).replace(tzinfo=None).isoformat(timespec="seconds")
