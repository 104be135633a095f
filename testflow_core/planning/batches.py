"""From choices to batches: a file at a time, and a flow's steps one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core.model import PlannedBatch, TestCase
from testflow_core.planning.choices import step_test
from testflow_core.planning.weights import in_order, put_together, weighed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Choice, CrossAppTest, Past, TestSelection
    from testflow_core.planning.choices import Verdict


def planned_batches(
    flows: Sequence[Verdict[CrossAppTest]],
    selections: Sequence[Verdict[TestSelection]],
    choices: Iterable[Choice],
    runners: Mapping[str, str],
    past: Past,
) -> tuple[PlannedBatch, ...]:
    """The batches of every flow that runs and of the chosen files, in the order to start; `runners` by application."""
    chosen = {choice.test: choice for choice in choices if choice.selected}
    running = [verdict.origin for verdict in flows if any(choice.selected for choice in verdict.choices)]
    batches = [batch for flow in running for batch in _flow_batches(flow, chosen, runners)]
    taken = {test for batch in batches for test in batch.tests} | _only_in_flows(flows)
    files = _file_batches(selections, chosen, taken, runners)
    batches = [weighed(batch, past) for batch in batches]
    return in_order([*batches, *put_together(weighed(batch, past) for batch in files)])


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
            timeout=flow.timeout,
            flow=flow.name,
            after=(ids[index - 1],) if index else (),
            feeds=tuple((ids[each.producer], each) for each in flow.data_flow if each.consumer == index),
            wanted=tuple(each.source for each in flow.data_flow if each.producer == index),
            environment=flow.environment,
            data=flow.data,
            priority=priority,
        )
        for index, step in enumerate(flow.steps)
    ]


def _only_in_flows(flows: Iterable[Verdict[CrossAppTest]]) -> set[TestCase]:
    """Steps that cannot run by themselves: they are given values, or their flow is unavailable."""
    return {
        step_test(step.app, step.test)
        for verdict in flows
        for index, step in enumerate(verdict.origin.steps)
        if verdict.unavailable or any(each.consumer == index for each in verdict.origin.data_flow)
    }


def _file_batches(
    selections: Iterable[Verdict[TestSelection]],
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
            batches.setdefault(key, _file_batch(selection, runner, tests, taken, chosen))
    return list(batches.values())


def _file_batch(
    selection: TestSelection,
    runner: str,
    tests: Sequence[TestCase],
    taken: Iterable[TestCase],
    chosen: Mapping[TestCase, Choice],
) -> PlannedBatch:
    file = tests[0].file
    elsewhere = [test for test in taken if (test.application, test.file) == (selection.application, file)]
    return PlannedBatch(
        id=f"{selection.application}::{file}",
        application=selection.application,
        runner=runner,
        tests=tuple(tests),
        exclude=tuple(sorted((test for test in elsewhere if test.name is not None), key=lambda test: test.id)),
        timeout=selection.timeout,
        environment=selection.environment,
        data=selection.data,
        priority=max(chosen[test].priority for test in tests),
    )
