"""What can be wrong with a declaration as a whole: names that nothing bears, circles, options that do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from attrs import field, frozen

from testflow_core import data_lock, graph, specs
from testflow_core.errors import PluginNotFoundError, Problem, SpecError
from testflow_core.interfaces import ANALYZER, DATA_GENERATOR, DESTINATION, ROUTER, SELECTOR, ChecksDeclaration
from testflow_core.model import EACH, EXCLUSIVE, Application, Environment, Run, TestData, TestWorkflow
from testflow_core.planning import environments, faults, isolation
from testflow_core.planning.auditing import Auditing
from testflow_core.planning.providers import with_used

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testflow_core.interfaces import Kind
    from testflow_core.model import Terms, TestSelection
    from testflow_core.registry import Plugins


P = TypeVar("P")


@frozen(kw_only=True)
class Declaration:
    """
    Everything that people declared for one `execute`; `applications` are all that are registered.

    Where a recorded run is to be done again, `replayed` is that.
    """

    workflow: TestWorkflow
    environments: tuple[Environment, ...] = ()
    data: TestData | None = None
    applications: Mapping[str, Application] = field(factory=dict[str, Application])
    auditing: Auditing = field(factory=Auditing)
    replayed: Run | None = None


def concerned(declaration: Declaration) -> tuple[Application, ...]:
    """The registered applications that the declaration tests, starts or uses, in the order of their registration."""
    names = {selection.application for selection in declaration.workflow.selections}
    names |= {step.app for flow in declaration.workflow.flows for step in flow.steps}
    names = {*with_used(names, declaration.applications)}
    names |= {service for each in declaration.environments for service in each.services}
    return tuple(each for name, each in declaration.applications.items() if name in names)


def check(declaration: Declaration, plugins: Plugins, resources: Mapping[str, int]) -> None:
    """SpecError with every mistake; PluginNotFoundError where a plugin that is not installed is the only one."""
    missing: list[PluginNotFoundError] = []
    problems = [
        *_applications(declaration),
        *_resources(declaration.workflow, resources),
        *environments.mistakes(declaration.environments, _terms(declaration.workflow)),
        *isolation.mistakes(declaration.environments, declaration.data, _terms(declaration.workflow)),
        *faults.mistakes(declaration.environments, declaration.workflow.flows),
        *_plugin_names(declaration, plugins, missing),
        *_data(declaration.data, plugins, missing),
    ]
    if len(missing) == 1 and len(problems) == 1:
        raise missing[0]
    if problems:
        raise SpecError(problems)


def check_lock(data: TestData | None, plugins: Plugins, workspace: Path) -> None:
    """SpecError where the workspace pins another version of the data set, with what changed."""
    if data is None or not plugins.outside:
        return
    problems = list(data_lock.problems(data_lock.identity_by_plugin(data, plugins), workspace / data_lock.LOCK))
    if problems:
        raise SpecError(problems)


def remarks(workflow: TestWorkflow, plugins: Plugins) -> tuple[str, ...]:
    """What has no effect though somebody wrote it."""
    analysis = workflow.analysis
    categories = {category.name for category in analysis.categories}
    if not categories:
        return ()
    routed = {name: team for name, team in analysis.routing.items() if name not in {*categories, "unknown"}}
    if not routed:
        return ()
    known = plugins.load(ANALYZER, analysis.analyzer, **analysis.options).known_categories
    return tuple(
        f"routing sends the category {name!r} to {team!r}, but no category bears that name"
        for name, team in routed.items()
        if name.partition("/")[0] not in known
    )


def _applications(declaration: Declaration) -> Iterator[Problem]:
    known = declaration.applications
    for path, name in _named_applications(declaration):
        if name not in known:
            yield Problem(path, specs.unknown_name("application", name, known))
    for circle in graph.cycles({name: application.depends_on for name, application in known.items()}):
        path = f"{specs.key_path('$.applications', circle[0])}.depends_on"
        yield Problem(path, f"the applications depend on each other in a circle: {' -> '.join(circle)}")


def _resources(workflow: TestWorkflow, capacities: Mapping[str, int]) -> Iterator[Problem]:
    """What takes more of something than there is would wait for ever."""
    for path, terms in _terms(workflow):
        for name, number in terms.resources.items():
            there = capacities.get(name, EACH)
            if name != EXCLUSIVE and number > there:
                message = f"takes {number} of {name!r}, of which there is {there}; Engine(resources=...) says how many"
                yield Problem(specs.key_path(f"{path}.resources", name), message)


def _terms(workflow: TestWorkflow) -> Iterator[tuple[str, Terms]]:
    """What is asked for each selection and each cross-application test, with its path."""
    for selection in workflow.selections:
        yield specs.key_path("$.test_selections", selection.application), selection
    for flow in workflow.flows:
        yield specs.key_path("$.cross_app_tests", flow.name), flow


def _named_applications(declaration: Declaration) -> Iterator[tuple[str, str]]:
    """Every application that is named somewhere, with the path of the place."""
    for selection in declaration.workflow.selections:
        yield specs.key_path("$.test_selections", selection.application), selection.application
    for flow in declaration.workflow.flows:
        for index, step in enumerate(flow.steps):
            yield f"{specs.key_path('$.cross_app_tests', flow.name)}.steps[{index}].app", step.app
    for index, dependency in enumerate(declaration.workflow.dependencies):
        for name in (dependency.test, *dependency.needs):
            yield f"{specs.DEPENDENCIES}[{index}]", name.partition("::")[0]
    for name, application in declaration.applications.items():
        for index, needed in enumerate(application.depends_on):
            yield f"{specs.key_path('$.applications', name)}.depends_on[{index}]", needed


def _plugin_names(declaration: Declaration, plugins: Plugins, missing: list[PluginNotFoundError]) -> Iterator[Problem]:
    workflow = declaration.workflow
    for selection in workflow.selections:
        yield from _selectors(selection, plugins, missing)
    analysis = workflow.analysis
    path = "$.failure_analysis"
    yield from _plugin(ANALYZER, analysis.analyzer, analysis.options, f"{path}.analyzer", plugins, missing)
    yield from _plugin(ROUTER, analysis.router, {}, f"{path}.router", plugins, missing)


def _selectors(selection: TestSelection, plugins: Plugins, missing: list[PluginNotFoundError]) -> Iterator[Problem]:
    path = specs.key_path("$.test_selections", selection.application)
    if len(selection.strategies) == 1:
        yield from _plugin(SELECTOR, selection.strategy, selection.options, f"{path}.strategy", plugins, missing)
        return
    for name, options in selection.options.items():
        where = specs.key_path(f"{path}.options", name)
        if name not in selection.strategies:
            yield Problem(where, specs.unknown_name("strategy", name, selection.strategies))
        elif not isinstance(options, Mapping):
            yield Problem(where, f"expected the options of the strategy {name!r} by their names, got {options!r}")
    for index, name in enumerate(selection.strategies):
        if isinstance(selection.options.get(name, {}), Mapping):
            where = specs.key_path(f"{path}.options", name)
            options = selection.options_of(name)
            yield from _plugin(SELECTOR, name, options, f"{path}.strategy[{index}]", plugins, missing, where)


def _data(data: TestData | None, plugins: Plugins, missing: list[PluginNotFoundError]) -> Iterator[Problem]:
    if data is None:
        return
    problems = list(_plugin(DATA_GENERATOR, data.generator, data.options, "$.generator", plugins, missing))
    yield from problems
    if not problems:
        generator = plugins.load(DATA_GENERATOR, data.generator, **data.options)
        if isinstance(generator, ChecksDeclaration):
            yield from cast("ChecksDeclaration[TestData]", generator).problems(data)
    for name, options in data.destinations.items():
        path = specs.key_path("$.destinations", name)
        wrong = list(_plugin(DESTINATION, name, options, path, plugins, missing, path))
        yield from wrong
        if not wrong:
            destination = plugins.load(DESTINATION, name, **options)
            if isinstance(destination, ChecksDeclaration):
                yield from cast("ChecksDeclaration[TestData]", destination).problems(data)


def _plugin(
    kind: Kind[P],
    name: str,
    options: Mapping[str, object],
    path: str,
    plugins: Plugins,
    missing: list[PluginNotFoundError],
    options_path: str | None = None,
) -> Iterator[Problem]:
    try:
        plugins.load(kind, name, **options)
    except PluginNotFoundError as error:
        missing.append(error)
        yield Problem(path, str(error))
    except SpecError as error:
        options_path = options_path or f"{path.rpartition('.')[0]}.options"
        for problem in error.problems:
            yield Problem(options_path + problem.path.removeprefix("$"), problem.message)
