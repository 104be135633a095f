"""Variants of an environment: what differs in each of them, merged over what was declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from attrs import evolve

from testflow_core.errors import Problem, SpecError
from testflow_core.model import Service
from testflow_core.specs import scalars
from testflow_core.specs.structure import key_path, structure, unknown_name

if TYPE_CHECKING:
    from testflow_core.model import Environment

PATH = "$.variants"
_MERGED = ("config", "env")
"""Keys of a service that are mappings of single settings."""


def variants(
    environment: Environment, declared: Mapping[str, Mapping[str, object]], overrides: object
) -> tuple[Environment, ...]:
    """
    What `Environment.variants` is given, as environments; `declared` are the services as they were written.

    SpecError with every mistake in all variants.
    """
    problems: list[Problem] = []
    named = _mapping(overrides, PATH, problems)
    if not named and not problems:
        problems.append(Problem(PATH, "name one variant or more"))
    found = [_variant(environment, declared, name, override, problems) for name, override in named.items()]
    if problems:
        raise SpecError(problems)
    return tuple(found)


def _variant(
    environment: Environment,
    declared: Mapping[str, Mapping[str, object]],
    name: object,
    override: object,
    problems: list[Problem],
) -> Environment:
    path = key_path(PATH, name)
    if not isinstance(name, str) or not name.strip():
        problems.append(Problem(PATH, f"a variant needs a name, got {name!r}"))
        return environment
    services = dict(environment.services)
    for service, given in _mapping(override, path, problems).items():
        where = key_path(path, service)
        if service not in services:
            problems.append(Problem(where, unknown_name("service", str(service), services)))
            continue
        known = str(service)
        try:
            merged = _merged(declared[known], _mapping(given, where, problems))
            services[known] = structure(merged, Service, where, given={"name": known})
        except SpecError as error:
            problems += error.problems
    return evolve(environment, variant=name, services=services)


def _merged(declared: Mapping[str, object], override: Mapping[object, object]) -> dict[object, object]:
    merged: dict[object, object] = {**declared, **override}
    for key in _MERGED:
        before, now = declared.get(key), override.get(key)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            merged[key] = {**cast("Mapping[object, object]", before), **cast("Mapping[object, object]", now)}
    return merged


def _mapping(value: object, path: str, problems: list[Problem]) -> Mapping[object, object]:
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value)
    problems.append(Problem(path, str(scalars.expected("a mapping of keys", value))))
    return {}
