"""Values as JSON and back: a plan, from which a run that was cut off is rebuilt, and what other processes are told."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

from attrs import evolve
from cattrs import Converter

from testflow_core.model import Environment, Json, Plan, TestCase
from testflow_core.model.secret_names import SECRET_NAME

T = TypeVar("T")

_TAKEN_OUT = "$secret"


def plan_to_json(plan: Plan) -> tuple[str, tuple[str, ...]]:
    """
    The plan without its choices, and the texts that were taken out of it because their names say that they are secret.

    They are put back by `plan_from_json` in the order in which they were taken out.
    """
    secrets: list[str] = []
    mapping = _CONVERTER.unstructure(evolve(plan, choices=()))
    return json.dumps(_hidden(mapping, secrets), separators=(",", ":")), tuple(secrets)


def plan_from_json(text: str, secrets: tuple[str, ...]) -> Plan:
    """The plan that `plan_to_json` took apart; LookupError where a secret is missing."""
    return _CONVERTER.structure(_shown(json.loads(text), secrets), Plan)


def version_of_environment(environment: Environment) -> str:
    """A name for what is declared of an environment, but for its secrets, wherever its applications are."""
    services = {name: evolve(each, application=None) for name, each in environment.services.items()}
    said = _hidden(to_json(evolve(environment, services=services)), [])
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def to_json(value: object) -> Json:
    """A frozen value as JSON, secrets and all; functions in it are left out."""
    return _CONVERTER.unstructure(value)


def from_json(value: object, cls: type[T]) -> T:
    """The value that `to_json` took apart."""
    return _CONVERTER.structure(value, cls)


def _hidden(value: Any, secrets: list[str], name: str = "") -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return {key: _hidden(each, secrets, key) for key, each in found.items()}
    if isinstance(value, list):
        return [_hidden(each, secrets) for each in cast("list[Any]", value)]
    if isinstance(value, str) and SECRET_NAME.search(name):
        secrets.append(value)
        return {_TAKEN_OUT: len(secrets) - 1}
    return value


def _shown(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if found.keys() == {_TAKEN_OUT}:
            return secrets[int(found[_TAKEN_OUT])]
        return {key: _shown(each, secrets) for key, each in found.items()}
    if isinstance(value, list):
        return [_shown(each, secrets) for each in cast("list[Any]", value)]
    return value


def _is_json(cls: object) -> bool:
    return cls == Json or (get_origin(cls) in {Union, UnionType} and {bool, int, float, str} <= set(get_args(cls)))


def _is_field_spec(cls: object) -> bool:
    return get_origin(cls) in {Union, UnionType} and {get_origin(each) or each for each in get_args(cls)} == {
        str,
        Mapping,
    }


def _is_function(cls: object) -> bool:
    return any(get_origin(each) is Callable for each in (cls, *get_args(cls)))


def _nothing(*_: object) -> None:
    """Functions stay where they are."""


def _of_tests(cls: object) -> bool:
    return get_origin(cls) is Mapping and get_args(cls)[0] is TestCase


def _unpacked(value: Any, _: object) -> Any:
    return value


def _test(value: Any, _: object) -> TestCase:
    if isinstance(value, str):
        return TestCase.from_id(value)
    test_id, variant = value
    return evolve(TestCase.from_id(test_id), variant=variant)


def _pattern(value: Any, _: object) -> re.Pattern[str]:
    return re.compile(value[0], value[1])


def _texts(value: Any, _: object) -> dict[TestCase, str]:
    return {TestCase.from_id(test): text for test, text in value}


def _converter() -> Converter:
    converter = Converter()
    converter.register_unstructure_hook(Path, str)
    converter.register_structure_hook(Path, lambda value, _: Path(value))
    converter.register_unstructure_hook(timedelta, lambda value: value.total_seconds())
    converter.register_structure_hook(timedelta, lambda value, _: timedelta(seconds=value))
    converter.register_unstructure_hook(re.Pattern, lambda value: [value.pattern, value.flags])
    converter.register_structure_hook_func(lambda cls: get_origin(cls) is re.Pattern, _pattern)
    converter.register_unstructure_hook_func(
        lambda cls: get_origin(cls) is re.Pattern, lambda value: [value.pattern, value.flags]
    )
    converter.register_unstructure_hook(
        TestCase, lambda value: [value.id, value.variant] if value.variant else value.id
    )
    converter.register_structure_hook(TestCase, _test)
    converter.register_structure_hook_func(lambda cls: cls == bool | str, _unpacked)
    converter.register_unstructure_hook_func(_of_tests, lambda value: [[test.id, text] for test, text in value.items()])
    converter.register_structure_hook_func(_of_tests, _texts)
    converter.register_unstructure_hook_func(_is_function, _nothing)
    converter.register_structure_hook_func(_is_function, _nothing)
    converter.register_unstructure_hook_func(_is_json, lambda value: value)
    converter.register_structure_hook_func(_is_json, _unpacked)
    converter.register_unstructure_hook_func(_is_field_spec, lambda value: value)
    converter.register_structure_hook_func(_is_field_spec, _unpacked)
    return converter


_CONVERTER = _converter()
