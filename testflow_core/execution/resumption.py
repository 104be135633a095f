"""What a run that was cut off had come to, from its journal and from what its workers had noted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from testflow_core.execution.kept import Kept, kept
from testflow_core.execution.redaction import redact
from testflow_core.execution.schedule import bench_of
from testflow_core.interfaces import RUNNER, Recovers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from testflow_core.history import Unfinished
    from testflow_core.model import Outcome, Plan, TestCase
    from testflow_core.registry import Plugins


def holding(
    unfinished: Unfinished, plan: Plan, plugins: Plugins, spool: Path, secrets: tuple[str, ...]
) -> tuple[Kept, tuple[str, ...]]:
    """What holds of a run, and remarks on what does not: the tests of a file that has changed since run again."""
    changed = [file for file, seen in unfinished.files.items() if fingerprints(plan, [file])[file] != seen]
    runners = {batch.runner for batch in plan.batches}
    recovering = {name for name in runners if isinstance(plugins.load(RUNNER, name), Recovers)}
    outcomes = [*unfinished.outcomes]
    noted = [redact(outcome, secrets) for outcome in _noted(plan, plugins, spool, recovering)]
    ended = unfinished.ended
    if changed:
        gone = set(changed)
        outcomes = [each for each in outcomes if _file(each) not in gone]
        noted = [each for each in noted if _file(each) not in gone]
        ended -= {batch.id for batch in plan.batches if any(_named(test) in gone for test in batch.tests)}
    found = kept(plan, outcomes, noted, unfinished.begun, ended, recovering.__contains__)
    return found, tuple(f"{file} has changed since the run was cut off: its tests run again" for file in changed)


def fingerprints(plan: Plan, files: list[str] | None = None) -> Mapping[str, str]:
    """Hashes of the files of tests that are to run, by `application::file`; empty for a file that is not there."""
    named = files if files is not None else sorted({_named(test) for each in plan.batches for test in each.tests})
    return {name: _hash(plan, *name.split("::", 1)) for name in named}


def _hash(plan: Plan, application: str, file: str) -> str:
    path = plan.applications[application].path
    try:
        return hashlib.sha256((path / file).read_bytes()).hexdigest() if path is not None else ""
    except OSError:
        return ""


def _named(test: TestCase) -> str:
    return f"{test.application}::{test.file}"


def _file(outcome: Outcome) -> str:
    return _named(outcome.test)


def _noted(plan: Plan, plugins: Plugins, spool: Path, recovering: set[str]) -> Iterator[Outcome]:
    for runner, application in dict.fromkeys((batch.runner, batch.application) for batch in plan.batches):
        recovers = plugins.load(RUNNER, runner)
        if runner in recovering and isinstance(recovers, Recovers):
            yield from recovers.recovered(bench_of(application, plan, spool, spool))
