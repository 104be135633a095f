"""A recorded run done again: the same tests for the same reasons, in the order in which they began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import Status
from testflow_core.planning.auditing import Auditing
from testflow_core.planning.declaration import Declaration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Choice, Plan, PlannedBatch, Run, TestCase, TestResult
    from testflow_core.planning.choices import Origin, Verdict

_SHOWN = 20
_NOT_RUN = (Status.SKIPPED, Status.UNAVAILABLE, Status.INTERRUPTED)


def replaying(declaration: Declaration, run: Run) -> Declaration:
    """What runs the tests of a recorded run, and no others, on the terms of the declaration."""
    return evolve(declaration, replayed=run, auditing=Auditing())


def declared(plan: Plan) -> Declaration:
    """What was declared for a plan."""
    return Declaration(
        workflow=plan.workflow, environments=plan.environments, data=plan.data, applications=plan.applications
    )


def as_recorded(verdicts: Iterable[Verdict[Origin]], run: Run | None) -> list[Verdict[Origin]]:
    """The verdicts with the choices of a run in the place of their own; as they are where there is none."""
    if run is None:
        return list(verdicts)
    known = {choice.test: choice for choice in run.choices}
    single: dict[TestCase, list[Choice]] = {}
    for each in run.choices:
        if each.test.name is not None:
            single.setdefault(evolve(each.test, name=None), []).append(each)
    return [
        verdict
        if verdict.unavailable
        else evolve(
            verdict,
            choices=tuple(
                _recorded(evolve(choice, test=was.test if was else choice.test), was, run)
                for choice in verdict.choices
                for was in _before(choice, known, single)
            ),
        )
        for verdict in verdicts
    ]


def _before(
    choice: Choice, known: Mapping[TestCase, Choice], single: Mapping[TestCase, Sequence[Choice]]
) -> Sequence[Choice | None]:
    """What a run chose of a test, or of the single tests of a file; None where it did not know it."""
    was = known.get(choice.test)
    return [was] if was is not None else single.get(choice.test, [None])


def _recorded(choice: Choice, was: Choice | None, run: Run) -> Choice:
    if was is None:
        return evolve(choice, selected=False, reason=f"the run {run.run_id} did not know it")
    reason = f"as in the run {run.run_id}: {was.reason}"
    return evolve(choice, selected=was.selected, reason=reason, priority=was.priority)


def in_recorded_order(batches: Sequence[PlannedBatch], run: Run | None) -> tuple[PlannedBatch, ...]:
    """The batches, and the tests in each, in the order in which their files began in a run; what it had not is last."""
    if run is None:
        return tuple(batches)
    places: dict[tuple[str, str], int] = {}
    for outcome in run.outcomes:
        places.setdefault((outcome.test.application, outcome.test.file), len(places))

    def place(test: TestCase) -> int:
        return places.get((test.application, test.file), len(places))

    # Of several classes of priority the scheduler would take the most urgent first.
    ordered = [evolve(batch, tests=tuple(sorted(batch.tests, key=place)), priority=0.0) for batch in batches]
    return tuple(sorted(ordered, key=lambda batch: place(batch.tests[0])))


def gone(run: Run | None, choices: Iterable[Choice]) -> tuple[str, ...]:
    """Sentences on what a run chose and nobody finds any more."""
    if run is None:
        return ()
    there = {choice.test for choice in choices}
    return _told((each.test.id for each in run.choices if each.selected and each.test not in there), run)


def missing(run: Run | None, results: Iterable[TestResult]) -> tuple[str, ...]:
    """Sentences on tests that ran in a run, and are no longer in files that ran again."""
    if run is None:
        return ()
    there = {each.test_id for each in results}
    files = {_file(name) for name in there}
    ran = [each.test_id for each in run.results if each.status not in _NOT_RUN]
    return _told((name for name in ran if name not in there and _file(name) in files), run)


def _file(test_id: str) -> str:
    return "::".join(test_id.split("::")[:2])


def _told(names: Iterable[str], run: Run) -> tuple[str, ...]:
    those = list(dict.fromkeys(names))
    said = [f"{name} ran in the run {run.run_id}, and is not there any more" for name in those[:_SHOWN]]
    return (*said, *([f"and so are {len(those) - _SHOWN} more"] if len(those) > _SHOWN else ()))
