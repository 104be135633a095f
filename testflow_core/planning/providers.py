"""Who uses whom among applications, and what of those that are used has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from testflow_core import specs
from testflow_core.errors import Problem, SpecError
from testflow_core.model import Provider
from testflow_core.ownership.patterns import compiled
from testflow_core.provisioning import wiring

COMMAND = "process"
"""The type of services that are a command in the workspace: it may run what is in any checkout."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.model import Application, Change, Environment


def with_used(names: Iterable[str], applications: Mapping[str, Application]) -> tuple[str, ...]:
    """These applications and all that they say they depend on, directly or by others, each once."""
    found = dict.fromkeys(names)
    waiting = list(found)
    while waiting:
        application = applications.get(waiting.pop())
        fresh = [each for each in (application.depends_on if application else ()) if each not in found]
        found |= dict.fromkeys(fresh)
        waiting += fresh
    return tuple(found)


def providers(
    applications: Mapping[str, Application], changes: Mapping[str, Change], environments: Sequence[Environment]
) -> Mapping[str, tuple[Provider, ...]]:
    """
    For each application those that it uses: by `depends_on`, or because its service depends on theirs or refers to it.

    What lies behind one that declares its interface is that one's affair. SpecError where an interface is no pattern.
    """
    if problems := [problem for each in applications.values() for problem in _wrong_patterns(each)]:
        raise SpecError(problems)
    uses = {name: dict.fromkeys(application.depends_on) for name, application in applications.items()}
    for environment in environments:
        for service, needed in wiring.dependencies(environment).items():
            if service in uses:
                uses[service] |= dict.fromkeys(needed)
    return {name: tuple(_used_by(name, uses, applications, changes)) for name in applications}


def served(applications: Iterable[str], environments: Iterable[Environment]) -> frozenset[str]:
    """The applications that a service may run: the one that is called so, and any where a command is a service."""
    services = [service for each in environments for service in each.services.values()]
    commands = any(service.type == COMMAND for service in services)
    return frozenset(name for name in applications if commands or any(service.name == name for service in services))


def remarks(
    selected: Iterable[str], applications: Mapping[str, Application], unavailable: Mapping[str, str]
) -> Iterable[str]:
    """That nobody knows what changed in an application that one of these uses: its tests are not chosen for that."""
    for name in dict.fromkeys(selected):
        for used in with_used([name], applications)[1:]:
            if used in unavailable:
                yield f"{name} uses {used}, of which nobody knows what changed: {unavailable[used]}"


def _used_by(
    name: str,
    uses: Mapping[str, Iterable[str]],
    applications: Mapping[str, Application],
    changes: Mapping[str, Change],
) -> Iterable[Provider]:
    chains: dict[str, tuple[str, ...]] = {name: (name,)}
    waiting = [name]
    for user in waiting:
        if user != name and applications[user].interface is not None:
            continue
        for used in uses[user]:
            if used in applications and used not in chains:
                chains[used] = (*chains[user], used)
                waiting.append(used)
    for used, chain in chains.items():
        if used != name:
            application = applications[used]
            yield Provider(application=application, change=_of_interface(changes[used], application), chain=chain)


def _wrong_patterns(application: Application) -> Iterable[Problem]:
    path = f"{specs.key_path('$.applications', application.name)}.interface"
    for index, pattern in enumerate(application.interface or ()):
        try:
            compiled(pattern)
        except ValueError as error:
            yield Problem(f"{path}[{index}]", f"{pattern!r} is no pattern of files: {error}")


def _of_interface(change: Change, application: Application) -> Change:
    if application.interface is None or change.files is None:
        return change
    patterns = [compiled(pattern) for pattern in application.interface]
    files = tuple(file for file in change.files if any(pattern.fullmatch(file) for pattern in patterns))
    return evolve(change, files=files)
