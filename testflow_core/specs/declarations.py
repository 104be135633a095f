"""One function for each thing that people declare; each tells every mistake at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from attrs import asdict, evolve, field, frozen

from testflow_core import graph
from testflow_core.errors import Problem, SpecError
from testflow_core.model import (
    Application,
    CrossAppTest,
    Dependency,
    Entity,
    FailureAnalysis,
    Limits,
    Service,
    Step,
    Terms,
    TestSelection,
    terms_of,
)
from testflow_core.specs import data_flow
from testflow_core.specs.data_flow import FlowSpec
from testflow_core.specs.faults import FaultSpec, fault
from testflow_core.specs.structure import key_path, structure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import timedelta

DEPENDENCIES = "$.dependencies"


@frozen(kw_only=True)
class _StepSpec:
    app: str
    test: str
    name: str | None = None
    faults: tuple[FaultSpec, ...] = ()


@frozen(kw_only=True)
class CrossAppTestSpec(Terms):
    """A cross-application test as written."""

    steps: tuple[_StepSpec, ...]
    data_flow: Mapping[str, FlowSpec] = field(factory=dict[str, FlowSpec])


def application(name: str, mapping: object) -> Application:
    """What `register_application` is given."""
    path = key_path("$.applications", name)
    return structure(mapping, Application, path, given={"name": name})


def application_file(name: str, mapping: object, file: str) -> Application:
    """What an application's own `testflow.toml` says; paths begin with the file."""
    found = structure(mapping, Application, f"{file}: $", given={"name": name})
    if found.path is not None or found.repository is not None:
        raise SpecError([Problem(f"{file}: $", "a checkout cannot say where it is; take `path` and `repository` out")])
    return found


def service(name: str, mapping: object) -> Service:
    """What `Environment.add_service` is given."""
    return structure(mapping, Service, key_path("$.services", name), given={"name": name})


def entity(name: str, mapping: object) -> Entity:
    """What `TestData.add_generator` is given."""
    return structure(mapping, Entity, key_path("$.generators", name))


def selection(app: str, mapping: object) -> TestSelection:
    """What `TestWorkflow.add_test_selection` is given."""
    path = key_path("$.test_selections", app)
    return structure(mapping, TestSelection, path, given={"application": app})


def cross_app_test(name: str, mapping: object) -> CrossAppTest:
    """What `TestWorkflow.add_cross_app_test` is given."""
    path = key_path("$.cross_app_tests", name)
    spec = structure(mapping, CrossAppTestSpec, path)
    steps = tuple(_step(step) for step in spec.steps)
    problems = [] if steps else [Problem(f"{path}.steps", "a cross-application test needs a step")]
    problems += _twice(steps, path)
    flows = data_flow.resolve(spec.data_flow, steps, f"{path}.data_flow", problems)
    if problems:
        raise SpecError(problems)
    return CrossAppTest(name=name, steps=steps, data_flow=flows, **asdict(terms_of(spec), recurse=False))


def dependency(test: object, needs: Sequence[object], others: Iterable[Dependency]) -> Dependency:
    """What `TestWorkflow.add_dependency` is given; `others` are those that were added before."""
    path = f"{DEPENDENCIES}[{len(tuple(others))}]"
    problems = [] if needs else [Problem(f"{path}.needs", "name what the test depends on: file or test, one or more")]
    named = [(f"{path}.test", test), *((f"{path}.needs[{index}]", each) for index, each in enumerate(needs))]
    problems += [
        Problem(where, f"expected `application::file` or `application::file::name`, got {each!r}")
        for where, each in named
        if not isinstance(each, str) or "::" not in each or not all(each.split("::", 2))
    ]
    if problems:
        raise SpecError(problems)
    found = Dependency(test=str(test), needs=tuple(map(str, needs)))
    edges: dict[str, list[str]] = {}
    for each in (*others, found):
        edges.setdefault(each.test, []).extend(each.needs)
        edges.update((name, []) for name in each.needs if name not in edges)
    circles = graph.cycles(edges)
    if circles:
        raise SpecError([Problem(path, circle_text(circle)) for circle in circles])
    return found


def circle_text(circle: Iterable[str]) -> str:
    """What to say of tests that wait for each other."""
    return f"the tests depend on each other in a circle: {' -> '.join(circle)}"


def failure_analysis(mapping: object) -> FailureAnalysis:
    """What `TestWorkflow.set_failure_analysis` is given."""
    return structure(mapping, FailureAnalysis, "$.failure_analysis")


def resources(mapping: object) -> Mapping[str, int]:
    """How many there are of what tests take, as an engine is told."""
    return structure({"resources": mapping}, Terms, "$").resources


def limits(*, max_failures: object, fail_fast: bool, max_duration: object) -> Limits:
    """When a run is to stop before all of it is done."""
    found = structure({"max_failures": max_failures, "max_duration": max_duration}, Limits, "$")
    return evolve(found, max_failures=1) if fail_fast else found


def duration(value: object, where: str) -> timedelta | None:
    """Seconds, or a text such as `"14d"`; None where nobody says. `where` it was said."""
    try:
        return structure({"max_duration": value}, Limits, "$").max_duration
    except SpecError as error:
        raise SpecError([Problem(where, each.message) for each in error.problems]) from None


def call_name(test: str) -> str:
    """What data flows call a step: its function's name, or its file's without the last suffix."""
    file, _, name = test.partition("::")
    if not name:
        return PurePosixPath(file).stem
    return name.split("[", 1)[0].rsplit("::", 1)[-1].rsplit(" > ", 1)[-1]


def _step(step: _StepSpec) -> Step:
    faults = tuple(map(fault, step.faults))
    return Step(app=step.app, test=step.test, name=step.name or call_name(step.test), faults=faults)


def _twice(steps: tuple[Step, ...], path: str) -> Iterator[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for index, step in enumerate(steps):
        first = seen.setdefault((step.app, step.test), index)
        if first != index:
            yield Problem(f"{path}.steps[{index}]", f"the same test as step {first + 1}; a step runs once in a flow")
