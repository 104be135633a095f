"""One test of a workflow, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.errors import Problem, SpecError
from testflow_core.model import TestCase

if TYPE_CHECKING:
    from testflow_core.planning.declaration import Declaration

MOST = 10_000
"""So often at most is a test run again."""


def repeated(declaration: Declaration, test_id: str, times: int) -> Declaration:
    """
    What runs one test of a declaration so many times, until it fails, on the terms of the selection that has it.

    SpecError where it names no test, none of an application that is selected from, or no number.
    """
    test, workflow = TestCase.from_id(test_id), declaration.workflow
    known = {each.application: each for each in reversed(workflow.selections)}
    problems: list[Problem] = []
    if not test.file or test.name == "":
        said = f"expected `application::file::name`, or `application::file` for all its tests, got {test_id!r}"
        problems.append(Problem("$.test", said))
    elif test.application not in known:
        names = ", ".join(map(repr, known)) or "none"
        said = f"the workflow {workflow.name!r} selects no tests of {test.application!r} (it does of: {names})"
        problems.append(Problem("$.test", said))
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST:  # pyright: ignore[reportUnnecessaryIsInstance] - scripts are not type-checked
        problems.append(Problem("$.times", f"expected a whole number from 1 to {MOST:,}, got {times!r}"))
    if problems:
        raise SpecError(problems)
    selection = evolve(
        known[test.application],
        strategies=("all",),
        options={},
        test_paths=(test.file if test.name is None else f"{test.file}::{test.name}",),
        repeat=times,
        attempts=1,
        # Whether it is quick enough is another question.
        max_duration=None,
        max_slowdown=None,
    )
    # That it is in quarantine is why somebody asks.
    alone = evolve(workflow, selections=(selection,), flows=(), dependencies=(), quarantines=())
    return evolve(declaration, workflow=alone)
