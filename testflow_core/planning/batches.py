"""From choices to batches: a file at a time, and a flow's steps one after the other."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.model import EXCLUSIVE, PlannedBatch, TestCase, terms_of
from testflow_core.planning.choices import step_test
from testflow_core.planning.dependencies import named, wired
from testflow_core.planning.isolation import of_each_test, single, unit
from testflow_core.planning.parts import bound, divided
from testflow_core.planning.weights import in_order, put_together, weighed

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from testflow_core.model import Choice, CrossAppTest, Dependency, Past, Terms, TestSelection, TestWorkflow
    from testflow_core.planning.choices import Verdict
    from testflow_core.planning.parts import Division


def planned_batches(
    workflow: TestWorkflow,
    flows: Sequence[Verdict[CrossAppTest]],
    selections: Sequence[Verdict[TestSelection]],
    choices: Iterable[Choice],
    runners: Mapping[str, str],
    past: Past,
    whole: Container[str],
    division: Division,
) -> tuple[tuple[PlannedBatch, ...], Mapping[str, float]]:
    """
    The batches of every flow that runs and of the chosen files, in the order to start; `runners` by application.

    Beside them the seconds that the tests of each file take, by `application::file`, whoever runs them.

    `whole` are applications of which all tests must be in one batch; `division` says whose long files may be split.

    SpecError where they depend on each other in a circle.
    """
    chosen = {choice.test: choice for choice in choices if choice.selected}
    running = [verdict.origin for verdict in flows if any(choice.selected for choice in verdict.choices)]
    in_flows = [batch for flow in running for batch in _flow_batches(flow, chosen, runners)]
    taken = {test for batch in in_flows for test in batch.tests} | _only_in_flows(flows)
    single = _single_batches(workflow.dependencies, selections, chosen, taken, runners)
    taken |= {test for batch in single for test in batch.tests}
    others = [weighed(batch, past) for batch in (*in_flows, *single)]
    files = [weighed(batch, past) for batch in _file_batches(selections, chosen, taken, runners)]
    least = bound((*others, *files), past, division.workers)
    apart = [part for batch in files if of_each_test(batch) for part in _apart(batch, past, whole, division)]
    parts = divided((batch for batch in files if not of_each_test(batch)), past, least, division)
    batches = wired([*others, *apart, *parts], workflow.dependencies)
    return in_order(put_together(batches, whole)), _by_file((*others, *files))


def _by_file(batches: Iterable[PlannedBatch]) -> Mapping[str, float]:
    seconds: dict[str, list[float]] = {}
    for batch in batches:
        seconds.setdefault(f"{batch.application}::{batch.tests[0].file}", []).append(batch.expected)
    return {file: fsum(found) for file, found in seconds.items()}


def _apart(batch: PlannedBatch, past: Past, whole: Container[str], division: Division) -> list[PlannedBatch]:
    """A batch for each test, where not all of them must be in one."""
    if batch.application in whole:
        return [evolve(batch, unit=batch.application)]
    return single(batch, past, division)


def _single_batches(
    dependencies: Sequence[Dependency],
    selections: Sequence[Verdict[TestSelection]],
    chosen: Mapping[TestCase, Choice],
    taken: set[TestCase],
    runners: Mapping[str, str],
) -> list[PlannedBatch]:
    """The tests that dependencies name and a selection runs, each by itself so that it can wait and be waited for."""
    found: list[PlannedBatch] = []
    for test in named(dependencies):
        if test.name is None or test in taken:
            continue
        whole = TestCase(application=test.application, file=test.file)
        choice = chosen.get(test) or chosen.get(whole)
        by = [each.origin for each in selections if choice and any(choice.test == said.test for said in each.choices)]
        if choice and by:
            runner = runners[test.application]
            made = evolve(_batch(by[0], runner, [test], choice.priority, selections), id=test.id)
            found.append(evolve(made, unit=made.id) if of_each_test(made) else made)
    return found


def _flow_batches(
    flow: CrossAppTest, chosen: Mapping[TestCase, Choice], runners: Mapping[str, str]
) -> list[PlannedBatch]:
    ids = [f"{flow.name}/{number}" for number in range(1, len(flow.steps) + 1)]
    tests = [step_test(step.app, step.test) for step in flow.steps]
    # A chain takes as long as its steps together, so all of it is as urgent as its most urgent step.
    priority = max(chosen[test].priority for test in tests)
    return [
        PlannedBatch(
            id=ids[index],
            application=step.app,
            runner=runners[step.app],
            tests=(tests[index],),
            terms=_alone(terms_of(flow)) if step.faults else terms_of(flow),
            faults=step.faults,
            unit=unit(flow.isolation, f"flow {flow.name}"),
            flow=flow.name,
            after=(ids[index - 1],) if index else (),
            feeds=tuple((ids[each.producer], each) for each in flow.data_flow if each.consumer == index),
            wanted=tuple(each.source for each in flow.data_flow if each.producer == index),
            priority=priority,
        )
        for index, step in enumerate(flow.steps)
    ]


def _alone(terms: Terms) -> Terms:
    """Whoever ran at the same time would meet the faults, too."""
    return evolve(terms, resources={**terms.resources, EXCLUSIVE: 1})


def _only_in_flows(flows: Iterable[Verdict[CrossAppTest]]) -> set[TestCase]:
    """Steps that cannot run by themselves: they are given values, or their flow is unavailable."""
    return {
        step_test(step.app, step.test)
        for verdict in flows
        for index, step in enumerate(verdict.origin.steps)
        if verdict.unavailable or any(each.consumer == index for each in verdict.origin.data_flow)
    }


def _file_batches(
    selections: Sequence[Verdict[TestSelection]],
    chosen: Mapping[TestCase, Choice],
    taken: set[TestCase],
    runners: Mapping[str, str],
) -> list[PlannedBatch]:
    batches: dict[tuple[str, str], PlannedBatch] = {}
    for verdict in selections:
        selection = verdict.origin
        files: dict[str, list[TestCase]] = {}
        for choice in verdict.choices:
            if choice.selected and choice.test not in taken:
                files.setdefault(choice.test.file, []).append(choice.test)
        for file, tests in files.items():
            key = (selection.application, file)
            runner = runners[selection.application]
            batches.setdefault(key, _file_batch(selection, runner, tests, taken, chosen, selections))
    return list(batches.values())


def _file_batch(
    selection: TestSelection,
    runner: str,
    tests: Sequence[TestCase],
    taken: Iterable[TestCase],
    chosen: Mapping[TestCase, Choice],
    selections: Sequence[Verdict[TestSelection]],
) -> PlannedBatch:
    file = tests[0].file
    elsewhere = [test for test in taken if (test.application, test.file) == (selection.application, file)]
    exclude = sorted((test for test in elsewhere if test.name is not None), key=lambda test: test.id)
    priority = max(chosen[test].priority for test in tests)
    return evolve(_batch(selection, runner, tests, priority, selections), exclude=tuple(exclude))


def _batch(
    selection: TestSelection,
    runner: str,
    tests: Sequence[TestCase],
    priority: float,
    selections: Iterable[Verdict[TestSelection]],
) -> PlannedBatch:
    # Two selections may say the same, and are two all the same.
    number = next(number for number, each in enumerate(selections, start=1) if each.origin is selection)
    return PlannedBatch(
        id=f"{selection.application}::{tests[0].file}",
        application=selection.application,
        runner=runner,
        tests=tuple(tests),
        terms=terms_of(selection),
        unit=unit(selection.isolation, f"selection {number}"),
        priority=priority,
    )
