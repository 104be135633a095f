"""Which tests run, and why: what selectors, flows and history say, each test once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import evolve, frozen

from testflow_core.interfaces import RUNNER, SELECTOR
from testflow_core.model import Choice, Context, CrossAppTest, TestCase, TestSelection
from testflow_core.planning.applications import runner_name
from testflow_core.planning.strategies import Covering, decided, of_single_tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Change, Past, TestWorkflow
    from testflow_core.planning.applications import Landscape
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins

Origin = TypeVar("Origin", TestSelection, CrossAppTest)

ORDERING = "history"
"""The selector that puts tests in order, whichever chose them."""

ALL = "all"
"""The selector that chooses every test."""

_SHOWN_FILES = 3


def certain(workflow: TestWorkflow) -> tuple[str, ...]:
    """The applications of which tests run, if they have any, whatever has changed and whatever is remembered."""
    chosen = [each.application for each in workflow.selections if ALL in each.strategies]
    return tuple(dict.fromkeys((*chosen, *(step.app for flow in workflow.flows for step in flow.steps))))


@frozen(kw_only=True)
class Verdict(Generic[Origin]):
    """
    What one selection or one flow says of its tests; `unavailable` is why none of them can run.

    `covering` answers what of the change choices leave untested, None where nobody can tell.
    """

    origin: Origin
    choices: tuple[Choice, ...]
    unavailable: str = ""
    warnings: tuple[str, ...] = ()
    covering: Covering | None = None


def judge_selection(
    selection: TestSelection,
    landscape: Landscape,
    past: Past,
    plugins: Plugins,
    calls: PluginCalls,
    *,
    whole_files: bool,
) -> Verdict[TestSelection]:
    """What the selectors that a selection names say of every test below its paths; of all in `whole_files` alike."""
    name = selection.application
    if name in landscape.unavailable:
        reason = f"{name} is unavailable: {landscape.unavailable[name]}"
        paths = selection.test_paths or (".",)
        tests = [TestCase(application=name, file=path.rstrip("/") or ".") for path in paths]
        choices = tuple(Choice(test=test, selected=False, reason=reason) for test in tests)
        return Verdict(origin=selection, choices=choices, unavailable=reason)
    application = landscape.applications[name]
    runner = runner_name(application)
    tests = calls.answer(
        RUNNER, runner, lambda: tuple(plugins.load(RUNNER, runner).discover(application, selection.test_paths)), ()
    )
    context = Context(
        application=application,
        change=landscape.changes[name],
        selection=selection,
        past=past,
        # Tests that need no environment meet no other application.
        providers=landscape.providers.get(name, ()) if selection.environment else (),
        served=bool(selection.environment) and name in landscape.served,
    )
    said = decided(selection, tests, context, plugins, calls)
    warnings = said.warnings if tests else (_nothing_found(selection), *said.warnings)
    choices = said.choices if whole_files else of_single_tests(said)
    return Verdict(origin=selection, choices=choices, warnings=warnings, covering=said.covering)


def met_elsewhere(workflow: TestWorkflow) -> frozenset[str]:
    """The applications of which two parts of a workflow may choose the same file."""
    names = [
        *(each.application for each in workflow.selections),
        *(step.app for f in workflow.flows for step in f.steps),
    ]
    return frozenset(name for name, number in Counter(names).items() if number > 1)


def judge_flow(flow: CrossAppTest, landscape: Landscape) -> Verdict[CrossAppTest]:
    """
    A flow runs if any of its applications changed, or one that they use, or cannot say.

    It cannot where one of them is unavailable.
    """
    missing = [step.app for step in flow.steps if step.app in landscape.unavailable]
    if missing:
        reason = f"{flow.name} goes through {missing[0]}, which is unavailable: {landscape.unavailable[missing[0]]}"
        return Verdict(origin=flow, choices=_step_choices(flow, reason, selected=False), unavailable=reason)
    apps = dict.fromkeys(step.app for step in flow.steps)
    used = (each for app in apps for each in landscape.providers.get(app, ()) if each.application.name not in apps)
    others = {each.application.name: each.change for each in used if flow.environment}
    changes = (*(landscape.changes[app] for app in apps), *others.values())
    why = [_why(change) for change in changes if change.files is None or change.files]
    if why:
        return Verdict(origin=flow, choices=_step_choices(flow, "; ".join(why), selected=True))
    reason = "nothing changed in " + ", ".join(apps)
    return Verdict(origin=flow, choices=_step_choices(flow, reason, selected=False))


def merge(verdicts: Iterable[Verdict[CrossAppTest] | Verdict[TestSelection]]) -> tuple[Choice, ...]:
    """One choice per test: it runs if anyone chose it, for the reasons of those who did."""
    merged: dict[TestCase, Choice] = {}
    for choice in (choice for verdict in verdicts for choice in verdict.choices):
        known = merged.setdefault(choice.test, choice)
        if known is choice or known.reason == choice.reason:
            continue
        if known.selected == choice.selected:
            reason = f"{known.reason}; {choice.reason}"
            merged[choice.test] = evolve(known, reason=reason, priority=max(known.priority, choice.priority))
        elif choice.selected:
            merged[choice.test] = choice
    return tuple(merged.values())


def prioritised(
    choices: Sequence[Choice], past: Past, changes: Mapping[str, Change], plugins: Plugins, calls: PluginCalls
) -> tuple[Choice, ...]:
    """
    The choices, the most urgent first.

    What a selector gave no priority has that which history and nearness to the change give it.
    """
    silent = [choice.test for choice in choices if choice.selected and not choice.priority]
    selector = plugins.load(SELECTOR, ORDERING)
    context = Context(past=past, changes=changes)
    said = calls.answer(SELECTOR, ORDERING, lambda: tuple(selector.select(silent, context)), ()) if silent else ()
    priorities = {choice.test: choice.priority for choice in said}
    weighed = [evolve(choice, priority=priorities.get(choice.test, choice.priority)) for choice in choices]
    return tuple(sorted(weighed, key=lambda choice: (not choice.selected, -choice.priority)))


def step_test(app: str, test: str) -> TestCase:
    """The test that a step names as `file` or `file::name`."""
    file, _, name = test.partition("::")
    return TestCase(application=app, file=file, name=name or None)


def _step_choices(flow: CrossAppTest, why: str, *, selected: bool) -> tuple[Choice, ...]:
    return tuple(
        Choice(test=step_test(step.app, step.test), selected=selected, reason=f"step {number} of {flow.name}: {why}")
        for number, step in enumerate(flow.steps, start=1)
    )


def _why(change: Change) -> str:
    if change.files is None:
        return f"what changed in {change.application} is not known ({change.reason})"
    shown = ", ".join(change.files[:_SHOWN_FILES])
    more = f" and {len(change.files) - _SHOWN_FILES} more" if len(change.files) > _SHOWN_FILES else ""
    return f"{change.application} changed ({shown}{more})"


def _nothing_found(selection: TestSelection) -> str:
    paths = ", ".join(selection.test_paths) or "its checkout"
    return f"{selection.application} has no tests below {paths}; check `test_paths` and `test_files`"
