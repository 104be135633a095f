"""What the run of one test file by a command means for its tests."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from testflow_core.builtin.runners.junit_report import JUnitReport
from testflow_core.builtin.runners.program import Ending
from testflow_core.model import Outcome, Status, TestCase

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from testflow_core.builtin.runners.junit_report import Case

JOINT = " > "
LISTED = 20


@frozen(kw_only=True)
class FileRun:
    """A file that a command has run: how the program ended, what Node reported, and what the command wrote itself."""

    test: TestCase
    checkout: Path
    program: str
    ending: Ending
    node: JUnitReport | None = None
    own: JUnitReport | None = None


def outcomes_of(run: FileRun) -> list[Outcome]:
    """One outcome for every test that was reported, and one for the file where it has its own tale to tell."""
    found = list(_numbered(_reported(run)))
    cut_short = _cut_short(run)
    if cut_short is not None:
        return [*found, cut_short]
    code, telling = run.ending.code, run.ending.telling
    if not found:
        return [_whole(run, Status.PASSED, "") if code == 0 else _whole(run, Status.FAILED, telling or _exit(run))]
    if code != 0 and not any(outcome.status.failing for outcome in found):
        message = f"{_exit(run)} though no test it reports has failed"
        return [*found, _whole(run, Status.ERROR, f"{message}: {telling}" if telling else message)]
    return found


def _cut_short(run: FileRun) -> Outcome | None:
    """What to say of the file where its tests' own outcomes cannot be the whole truth."""
    ending = run.ending
    if ending.timed_out:
        message = f"{run.program} took longer than {ending.duration:.3g} s and was ended"
        return _whole(run, Status.TIMED_OUT, message)
    if ending.flooded:
        return _whole(run, Status.ERROR, f"{run.program} printed more than 64 MiB and was ended")
    for trouble in (report.trouble for report in (run.node, run.own) if report is not None):
        if trouble:
            return _whole(run, Status.ERROR, trouble)
    if run.node is not None and run.node.unreported:
        message = "a test failed that has subtests, which Node's report leaves out; see the output"
        return _whole(run, Status.FAILED, message)
    return None


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
    )


def _reported(run: FileRun) -> Iterator[Outcome]:
    for case in run.node.cases if run.node is not None else ():
        yield _outcome(run, case, case.path)
    for case in run.own.cases if run.own is not None else ():
        # The outermost suite of a report is the file or the tool.
        yield _outcome(run, case, case.path[1:] or case.path)


def _outcome(run: FileRun, case: Case, path: tuple[str, ...]) -> Outcome:
    name = JOINT.join(part for part in path if part)
    outcome = Outcome(
        test=evolve(run.test, name=name or None),
        status=case.status,
        duration=case.duration,
        started=run.ending.started,
        reason=case.reason,
        message=case.message,
        text=case.text,
        stdout=case.stdout,
        stderr=case.stderr,
    )
    if not _names_the_file(run, name):
        # A program does not tell whose output is whose: a failure gets all of it.
        kept = run.ending if case.status.failing else None
        return (
            outcome
            if kept is None
            else evolve(outcome, stdout=outcome.stdout or kept.stdout, stderr=outcome.stderr or kept.stderr)
        )
    # Node's runner reports the file itself where it has no tests, or could not be loaded.
    if not case.status.failing:
        return evolve(outcome, test=run.test)
    whole = _whole(run, Status.ERROR, run.ending.telling or case.message)
    return evolve(whole, text=whole.text or case.text)


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
    if whole is not None and whole.status.failing:
        return evolve(whole, test=test)
    there = ", ".join(known[:LISTED]) or "none, as the command reports no single tests"
    return evolve(_whole(run, Status.ERROR, f"no test named {name} in {run.test.file}; there are: {there}"), test=test)
