"""The order in which a plan is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core.interfaces import RUNNER, DividesFiles, NeedsWhole
from testflow_core.model import Application, Plan
from testflow_core.planning import dependencies, isolation
from testflow_core.planning.applications import name_trees, runner_name, survey
from testflow_core.planning.aside import aside
from testflow_core.planning.auditing import audited
from testflow_core.planning.batches import planned_batches
from testflow_core.planning.choices import Verdict, judge_flow, judge_selection, merge, met_elsewhere, prioritised
from testflow_core.planning.conditions import name_conditions
from testflow_core.planning.coverage import uncovered
from testflow_core.planning.declaration import check, check_lock, concerned, remarks
from testflow_core.planning.environments import check_records, slowest, spread, variants_of
from testflow_core.planning.parts import Division
from testflow_core.planning.providers import providers, served
from testflow_core.planning.providers import remarks as remarks_on_providers
from testflow_core.planning.replaying import as_recorded, gone, in_recorded_order
from testflow_core.planning.uncollected import uncollected
from testflow_core.planning.weights import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from testflow_core.model import CrossAppTest, Environment, Past, TestCase, TestSelection
    from testflow_core.planning.applications import Landscape
    from testflow_core.planning.aside import Aside
    from testflow_core.planning.declaration import Declaration
    from testflow_core.plugin_calls import PluginCalls
    from testflow_core.registry import Plugins


def make_plan(
    declaration: Declaration,
    plugins: Plugins,
    calls: PluginCalls,
    past_of: Callable[[Mapping[str, Application]], Past],
    workspace: Path,
    cache: Path,
    resources: Mapping[str, int],
    workers: int,
) -> Plan:
    """
    What a run will do. Nothing is started.

    `past_of` answers the past of the applications, before anything is decided. `resources` are how many there are of
    what tests take, `workers` how many batches run at a time.
    SpecError or PluginError where the declaration is wrong.
    """
    check(declaration, plugins, resources)
    check_lock(declaration.data, plugins, workspace)
    landscape = survey(concerned(declaration), plugins, calls, workspace, cache)
    # Its programs take as long as all the rest, and nothing of a plan but its own field depends on what they say.
    with uncollected(), aside(lambda: name_trees(landscape.applications, plugins, calls, workspace, cache)) as trees:
        past = past_of(landscape.applications)
        return _planned(declaration, landscape, past, trees, plugins, calls, resources, workers)


def _planned(
    declaration: Declaration,
    landscape: Landscape,
    past: Past,
    trees: Aside[Mapping[str, str]],
    plugins: Plugins,
    calls: PluginCalls,
    resources: Mapping[str, int],
    workers: int,
) -> Plan:
    workflow = declaration.workflow
    bound = tuple(_bound(each, declaration, landscape) for each in declaration.environments)
    landscape = evolve(
        landscape,
        providers=providers(landscape.applications, landscape.changes, bound),
        served=served(landscape.applications, bound),
    )
    replayed = declaration.replayed
    flows = as_recorded((judge_flow(flow, landscape) for flow in workflow.flows), replayed)
    environments = declaration.environments
    judged = [(each, past.within(variants_of(each, environments))) for each in workflow.selections]
    several_parts = met_elsewhere(workflow)
    chosen = [
        judge_selection(
            each, landscape, its_past, plugins, calls, whole_files=each.application in several_parts or bool(replayed)
        )
        for each, its_past in judged
    ]
    selections = audited(as_recorded(chosen, replayed), flows, past, declaration.auditing)
    verdicts = [*flows, *selections]
    concerning = {name for each in (*workflow.flows, *workflow.selections) for name in variants_of(each, environments)}
    choices = prioritised(merge(verdicts), past.within(concerning or {""}), landscape.changes, plugins, calls)
    runners = {name: runner_name(application) for name, application in landscape.applications.items()}
    whole = {name: why for name, runner in runners.items() if (why := _whole(name, runner, landscape, plugins, calls))}
    several = {
        name for name in runners if name not in whole and _divides(name, runners[name], landscape, plugins, calls)
    }
    division = Division(applications=several, workers=workers, capacities=resources)
    varied = any(each.variant for each in environments)
    known = slowest(past) if varied or past.variants else past
    batches, seconds = planned_batches(workflow, flows, selections, choices, runners, known, whole, division)
    batches = in_order(spread(batches, environments, past)) if varied else batches
    batches = in_recorded_order(batches, replayed)
    check_records(bound, declaration.data)
    return Plan(
        workflow=workflow,
        environments=bound,
        data=declaration.data,
        applications=landscape.applications,
        changes=landscape.changes,
        trees=trees.answer(),
        conditions=name_conditions(landscape.applications, bound, plugins, calls),
        unavailable=_unavailable(verdicts),
        choices=choices,
        uncovered=uncovered(selections, choices, landscape, past, plugins, calls),
        batches=batches,
        seconds=seconds,
        warnings=(
            *remarks(workflow, plugins),
            *gone(replayed, choices),
            *remarks_on_providers(
                (each.application for each in workflow.selections), declaration.applications, landscape.unavailable
            ),
            *dependencies.remarks(workflow, batches),
            *isolation.remarks(batches, known, whole),
            *(f"the tests of {name} run in one session, not file by file: {why}" for name, why in whole.items()),
            *(warning for verdict in verdicts for warning in verdict.warnings),
        ),
    )


def _whole(name: str, runner: str, landscape: Landscape, plugins: Plugins, calls: PluginCalls) -> str:
    """Why an application's tests must all run in one session; empty where they need not."""
    known = plugins.load(RUNNER, runner)
    if not isinstance(known, NeedsWhole):
        return ""
    return calls.answer(RUNNER, runner, lambda: known.whole(landscape.applications[name]), "")


def _divides(name: str, runner: str, landscape: Landscape, plugins: Plugins, calls: PluginCalls) -> bool:
    """Whether the tests of one file of an application may be in several batches."""
    known = plugins.load(RUNNER, runner)
    if not isinstance(known, DividesFiles):
        return False
    return calls.answer(RUNNER, runner, lambda: known.divides(landscape.applications[name]), otherwise=False)


def _bound(environment: Environment, declaration: Declaration, landscape: Landscape) -> Environment:
    """Services that bear an application's name know it, with its checkout where there is one."""

    def application(name: str) -> Application | None:
        registered = declaration.applications.get(name)
        return landscape.applications.get(name, registered and evolve(registered, path=None))

    services = {
        name: evolve(service, application=application(name), unavailable=landscape.unavailable.get(name))
        for name, service in environment.services.items()
    }
    return evolve(environment, services=services)


def _unavailable(verdicts: Iterable[Verdict[CrossAppTest] | Verdict[TestSelection]]) -> dict[TestCase, str]:
    return {
        choice.test: verdict.unavailable for verdict in verdicts if verdict.unavailable for choice in verdict.choices
    }
