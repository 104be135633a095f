"""Which tests share what they have of an environment for themselves, and the batches that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.errors import Problem
from testflow_core.model import By, Isolation, Scope
from testflow_core.planning.weights import timed, weighed

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from testflow_core.model import Environment, Past, PlannedBatch, Terms, TestCase, TestData
    from testflow_core.planning.parts import Division

_SHOWN = 3


def mistakes(
    environments: Sequence[Environment], data: TestData | None, terms: Iterable[tuple[str, Terms]]
) -> Iterator[Problem]:
    """Tests that are to have something of an environment or of test data for themselves, where there is none."""
    if environments:
        return
    for path, each in terms:
        if each.isolation is not None and each.environment is not False and not (data is not None and each.data):
            message = "there is nothing to isolate: no environment and no test data is given to `execute` and `plan`"
            yield Problem(f"{path}.isolation", message)


def unit(isolation: Isolation | None, origin: str) -> str:
    """The name of those who share what isolation gives them; `origin` is the selection or the flow, empty for none."""
    if isolation is None or isolation == Isolation(scope=Scope.WORKFLOW, by=By.SERVER):
        return ""
    return "workflow" if isolation.scope is Scope.WORKFLOW else origin


def of_each_test(batch: PlannedBatch) -> bool:
    """Whether each test of a batch is to have its own; a cross-application test is one."""
    isolation = batch.terms.isolation
    return isolation is not None and isolation.scope is Scope.TEST and batch.flow is None


def single(batch: PlannedBatch, past: Past, division: Division) -> list[PlannedBatch]:
    """
    The batches of a file, each of one test, as far as their names are known.

    What the history has not seen yet is in the first, as is all of a file of which it has seen nothing.
    """
    first = batch.tests[0]
    if first.name is None:
        tests = _seen(batch, past, division)
        # The file itself stands for the first: so whatever is new in it runs.
        made = [
            evolve(batch, exclude=(*batch.exclude, *tests[1:])),
            *(evolve(batch, only=(test,)) for test in tests[1:]),
        ]
    else:
        made = [evolve(batch, tests=(test,)) for test in batch.tests]
    if len(made) > 1:
        made = [evolve(each, id=f"{batch.id} ({number} of {len(made)})") for number, each in enumerate(made, start=1)]
    return [weighed(evolve(each, unit=each.id), past) for each in made]


def remarks(batches: Iterable[PlannedBatch], past: Past, whole: Container[str]) -> Iterator[str]:
    """Where several tests share what each was to have for itself."""
    files: dict[tuple[str, str], bool] = {}
    together: dict[str, None] = {}
    for batch in filter(of_each_test, batches):
        if batch.application in whole:
            together[batch.application] = None
        for test in batch.tests if batch.application not in whole else ():
            place = (test.application, test.file)
            alone = test.name is not None or bool(batch.only) or len(past.tracks.get(place, ())) == 1
            files[place] = files.get(place, False) or alone
    shared = [f"{application}::{file}" for (application, file), apart in files.items() if not apart]
    if shared:
        more = f" and {len(shared) - _SHOWN} more" if len(shared) > _SHOWN else ""
        shown = f"{', '.join(shared[:_SHOWN])}{more}"
        yield f"the tests of a file share what each is to have for itself where no run has told them apart yet: {shown}"
    for application in together:
        yield f"the tests of {application} run in one session, and share what each is to have for itself"


def _seen(batch: PlannedBatch, past: Past, division: Division) -> list[TestCase]:
    """The tests of a file that may run by themselves and are known; none where the file cannot be taken apart."""
    if batch.application not in division.applications or len(batch.tests) > 1:
        return []
    return [evolve(test, variant="") for test, _ in timed(batch, past) if test.name is not None]
