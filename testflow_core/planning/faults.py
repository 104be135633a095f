"""What steps do to services on purpose, held against the environments that they run in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_core import specs
from testflow_core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testflow_core.model import CrossAppTest, Environment


def mistakes(environments: Sequence[Environment], flows: Iterable[CrossAppTest]) -> Iterator[Problem]:
    """Faults without an environment, in one that is not prepared for them, or of a service that it does not have."""
    for flow in flows:
        there = [each for each in environments if flow.environment in {True, each.name}]
        for place, step in enumerate(flow.steps):
            path = f"{specs.key_path('$.cross_app_tests', flow.name)}.steps[{place}].faults"
            if step.faults:
                yield from _unprepared(there, path)
            for number, fault in enumerate(step.faults):
                for environment in there:
                    if fault.service not in environment.services:
                        message = specs.unknown_name("service", fault.service, environment.services)
                        where = specs.key_path(f"{path}[{number}]", fault.kind)
                        yield Problem(where, f"{message} in the environment {environment.label!r}")


def _unprepared(environments: Sequence[Environment], path: str) -> Iterator[Problem]:
    if not environments:
        yield Problem(path, "there is no service to do this to: the step runs in no environment")
    for name in dict.fromkeys(each.name for each in environments if not each.faults):
        yield Problem(path, f"the environment {name!r} takes no faults; `Environment({name!r}, faults=True)` does")
