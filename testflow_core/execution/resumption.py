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
    now = fingerprints(plan)
    changed = {file: None for file, seen in unfinished.files.items() if now.get(file) != seen}
    runners = {batch.runner: plugins.load(RUNNER, batch.runner) for batch in plan.batches}
    recovering = {name: runner for name, runner in runners.items() if isinstance(runner, Recovers)}
    noted = (redact(outcome, secrets) for outcome in _noted(plan, recovering, spool))
    found = kept(
        plan,
        [outcome for outcome in unfinished.outcomes if _named(outcome.test) not in changed],
        [outcome for outcome in noted if _named(outcome.test) not in changed],
        unfinished.begun,
        unfinished.ended - {batch.id for batch in plan.batches if any(_named(test) in changed for test in batch.tests)},
        recovering.__contains__,
    )
    return found, tuple(f"{file} has changed since the run was cut off: its tests run again" for file in changed)


def fingerprints(plan: Plan) -> Mapping[str, str]:
    """Hashes of the files of tests that are to run, by `application::file`; empty for a file that is not there."""
    tests = {_named(test): test for batch in plan.batches for test in batch.tests}
    return {name: _hash(plan, test) for name, test in tests.items()}


def _hash(plan: Plan, test: TestCase) -> str:
    path = plan.applications[test.application].path
    try:
        return hashlib.sha256((path / test.file).read_bytes()).hexdigest() if path is not None else ""
    except OSError:
        return ""


def _named(test: TestCase) -> str:
    return f"{test.application}::{test.file}"


def _noted(plan: Plan, recovering: Mapping[str, Recovers], spool: Path) -> Iterator[Outcome]:
    for runner, application in dict.fromkeys((batch.runner, batch.application) for batch in plan.batches):
        if runner in recovering:
            yield from recovering[runner].recovered(bench_of(application, plan, spool, spool))
