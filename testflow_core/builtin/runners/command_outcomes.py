"""What the run of one test file by a command means for its tests."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.builtin.runners.attachments import attachments
from testflow_core.builtin.runners.junit_report import JUnitReport
from testflow_core.builtin.runners.program import Ending
from testflow_core.builtin.runners.suite_report import SuiteReport
from testflow_core.builtin.runners.tap_report import TapReport
from testflow_core.model import Artifact, FailureContext, Outcome, Status, TestCase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from testflow_core.builtin.runners.junit_report import Case

JOINT = " > "
LISTED = 20
_EXITING = re.compile(r"process\.exit called with [^\n]*")


@frozen(kw_only=True)
class FileRun:
    """
    A file that a command has run: how the program ended, and what was reported.

    `node` is what Node's own runner said, `suites` what jest or vitest did, `own` what the command wrote by itself, and
    `tap` what it printed.
    """

    test: TestCase
    checkout: Path
    program: str
    ending: Ending
    node: JUnitReport | None = None
    suites: SuiteReport | None = None
    own: JUnitReport | None = None
    tap: TapReport | None = None


def outcomes_of(run: FileRun) -> list[Outcome]:
    """One outcome for every test that was reported, and one for the file where it has its own tale to tell."""
    found = list(_numbered(_reported(run)))
    # What a report says of the file itself gives way to what befell it.
    tests = [outcome for outcome in found if outcome.test.name is not None or outcome.status.failing]
    cut_short = _cut_short(run)
    if cut_short is not None:
        return [*tests, cut_short]
    code, telling = run.ending.code, run.ending.telling
    if not found:
        return [_whole(run, Status.PASSED, "") if code == 0 else _whole(run, Status.FAILED, telling or _exit(run))]
    elsewhere = run.suites is not None and run.suites.others_failed
    if code != 0 and not elsewhere and not any(outcome.status.failing for outcome in found):
        message = f"{_exit(run)} though no test it reports has failed"
        return [*tests, _whole(run, Status.ERROR, f"{message}: {telling}" if telling else message)]
    return found


def _cut_short(run: FileRun) -> Outcome | None:
    """What to say of the file where its tests' own outcomes cannot be the whole truth."""
    ending = run.ending
    if ending.timed_out:
        message = f"{run.program} took longer than {ending.duration:.3g} s and was ended"
        return _whole(run, Status.TIMED_OUT, message)
    if ending.flooded:
        return _whole(run, Status.ERROR, f"{run.program} printed more than 64 MiB and was ended")
    trouble = _trouble(run)
    if trouble:
        return _whole(run, Status.ERROR, trouble)
    if run.node is not None and run.node.unreported:
        message = "a test failed that has subtests, which Node's report leaves out; see the output"
        return _whole(run, Status.FAILED, message)
    return None


def _trouble(run: FileRun) -> str:
    """Why the reports cannot be taken for all that happened."""
    for trouble in (report.trouble for report in (run.node, run.own) if report is not None):
        if trouble:
            return trouble
    if run.tap is not None and run.tap.trouble:
        if run.tap.bailed_out or run.ending.code == 0:
            return run.tap.trouble
        telling = run.ending.telling
        why = f": {telling}" if telling and telling in run.ending.stderr else ""
        return f"{run.tap.trouble}; {_exit(run)}{why}"
    if run.suites is not None and not _own_tale(run):
        return _suites_trouble(run, run.suites)
    return ""


def _own_tale(run: FileRun) -> bool:
    """Whether the command reports by itself: that the application asked for, and its names must stay."""
    return run.own is not None and bool(run.own.cases)


def _suites_trouble(run: FileRun, suites: SuiteReport) -> str:
    framework = suites.framework
    if suites.missing:
        said = run.ending.stderr + run.ending.stdout
        exiting = _EXITING.search(said)
        why = exiting[0] if exiting else run.ending.telling
        return f"{_exit(run)} before {framework} wrote its report" + (f": {why}" if why else "")
    if suites.absent and (suites.others or run.ending.code != 0):
        why = f": {run.ending.telling}" if run.ending.telling and not suites.others else ""
        return f"{framework} did not run {run.test.file}, see which files its configuration calls tests{why}"
    return suites.trouble or suites.broken


def _exit(run: FileRun) -> str:
    code = run.ending.code
    if code >= 0:
        return f"{run.program} exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unnamed"
    return f"{run.program} was killed by signal {-code} ({name})"


def _whole(run: FileRun, status: Status, message: str) -> Outcome:
    ending = run.ending
    return Outcome(
        test=run.test,
        status=status,
        duration=ending.duration,
        started=ending.started,
        message=message,
        reason=message if status is Status.TIMED_OUT else "",
        text="\n".join(filter(None, (ending.stdout, ending.stderr))) if status.failing else "",
        stdout=ending.stdout,
        stderr=ending.stderr,
        context=FailureContext(exit=ending.code) if status.failing else None,
    )


def _reported(run: FileRun) -> Iterator[Outcome]:
    for case in run.node.cases if run.node is not None else ():
        yield _outcome(run, case, case.path)
    if run.suites is not None and not _own_tale(run):
        for case in run.suites.cases:
            yield _of_test(run, case, case.path)
    for case in run.own.cases if run.own is not None else ():
        # The outermost suite of a report is the file or the tool.
        yield _outcome(run, case, case.path[1:] or case.path)
    for case in run.tap.cases if run.tap is not None else ():
        nested = len(case.path) > 1 and _names_the_file(run, case.path[0])
        yield _outcome(run, case, case.path[1:] if nested else case.path)


def _outcome(run: FileRun, case: Case, path: tuple[str, ...]) -> Outcome:
    name = JOINT.join(part for part in path if part)
    if not _names_the_file(run, name):
        return _of_test(run, case, path)
    # Node's runner reports the file itself where it has no tests, or could not be loaded.
    if not case.status.failing:
        return evolve(_told(run, case, path), test=run.test)
    whole = _whole(run, Status.ERROR, run.ending.telling or case.message)
    return evolve(whole, text=whole.text or case.text)


def _of_test(run: FileRun, case: Case, path: tuple[str, ...]) -> Outcome:
    outcome = _told(run, case, path)
    if not case.status.failing:
        return outcome
    # A program does not tell whose output is whose: a failure gets all of it.
    said = run.ending
    return evolve(outcome, stdout=outcome.stdout or said.stdout, stderr=outcome.stderr or said.stderr)


def _told(run: FileRun, case: Case, path: tuple[str, ...]) -> Outcome:
    return Outcome(
        test=evolve(run.test, name=JOINT.join(part for part in path if part) or None),
        status=case.status,
        duration=case.duration,
        started=run.ending.started,
        span=run.ending.duration,
        reason=case.reason,
        message=case.message,
        text=case.text,
        stdout=case.stdout,
        stderr=case.stderr,
        context=_attached(case) if case.status.failing else None,
    )


def _attached(case: Case) -> FailureContext | None:
    """The files that a report names as those of a test; None where it names none."""
    paths = dict.fromkeys((*case.attachments, *attachments(case.stdout, case.stderr, case.text)))
    return FailureContext(artifacts=tuple(Artifact(path=path) for path in paths)) if paths else None


def _names_the_file(run: FileRun, name: str) -> bool:
    if not name or os.sep in name or name.endswith(PurePath(run.test.file).name):
        return (run.checkout / name).resolve() == (run.checkout / run.test.file).resolve() or not name
    return False


def _numbered(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Equal names get `#2`, `#3` and so on, in order."""
    counts: Counter[TestCase] = Counter()
    for outcome in outcomes:
        test = outcome.test
        counts[test] += 1
        if counts[test] > 1 and test.name is not None:
            outcome = evolve(outcome, test=evolve(test, name=f"{test.name} #{counts[test]}"))  # noqa: PLW2901 - renamed
        yield outcome


def chosen(
    outcomes: Iterable[Outcome], run: FileRun, names: Collection[str], excluded: Collection[str]
) -> list[Outcome]:
    """
    The outcomes of these names (all where there are none) less the excluded ones.

    A name stands for what is nested in it. One that is not there gets what befell the file, or an error.
    """
    every = list(outcomes)
    kept = [
        outcome
        for outcome in every
        if outcome.test.name is None
        or (not _means(excluded, outcome.test.name) and (not names or _means(names, outcome.test.name)))
    ]
    if not names:
        return kept
    known = [outcome.test.name for outcome in every if outcome.test.name is not None]
    absent = [name for name in names if not any(_means([name], each) for each in known)]
    whole = next((outcome for outcome in kept if outcome.test.name is None), None)
    if whole is not None and absent:
        kept.remove(whole)
    return kept + [_absent(run, name, whole, known) for name in absent]


def _means(names: Collection[str], name: str) -> bool:
    return any(name == each or name.startswith(each + JOINT) for each in names)


def _absent(run: FileRun, name: str, whole: Outcome | None, known: list[str]) -> Outcome:
    test = evolve(run.test, name=name)
    if whole is not None and (whole.status.failing or whole.status is Status.SKIPPED):
        return evolve(whole, test=test)
    there = ", ".join(known[:LISTED]) or "none, as the command reports no single tests"
    return evolve(_whole(run, Status.ERROR, f"no test named {name} in {run.test.file}; there are: {there}"), test=test)
