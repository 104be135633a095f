"""
What a declaration must hold beyond the types of its fields: answers (field, message) for each mistake.

The field is empty where the mistake is the whole's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testflow_core.errors import UnknownReferenceError
from testflow_core.model import PERFORMANCE, Application, Entity, Limits, MappingRule, Terms
from testflow_core.references import names, unknown
from testflow_core.specs import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    Mistakes: TypeAlias = Iterator[tuple[str, str]]

TEST_PATH = "test_path"


def _test_command(value: Application) -> Mistakes:
    for word in value.test_command:
        for message in _references(word, (TEST_PATH,)):
            yield "test_command", message


def _application(value: Application) -> Mistakes:
    yield from _test_command(value)
    for glob in value.artifacts:
        if glob.startswith("/") or ".." in glob.split("/"):
            yield "artifacts", f"{glob!r} leads out of the checkout; name files below it, as in 'shots/**/*.png'"


def _groups(value: MappingRule) -> Mistakes:
    groups = [str(group) for group in range(1, value.source_pattern.groups + 1)]
    for message in _references(value.test_pattern, groups):
        yield "test_pattern", message


def _count(value: Entity) -> Mistakes:
    if value.count < 0:
        yield "count", f"expected a count of 0 or more, got {value.count}"


def _terms(value: Terms) -> Mistakes:
    if not value.kind.strip():
        yield "kind", f"expected a word such as `unit`, `integration`, `ui` or `performance`, got {value.kind!r}"
    for name in ("attempts", "repeat"):
        number = getattr(value, name)
        if number is not None and number < 1:
            yield name, f"expected a count of 1 or more, got {number}"
    if value.isolation is not None and value.environment is False:
        yield "isolation", "there is nothing to isolate: these tests run in no environment"
    yield from _performance(value) if value.kind == PERFORMANCE else _no_performance(value)


def _performance(value: Terms) -> Mistakes:
    if value.attempts > 1:
        yield "attempts", "a performance test is not tried again: say `repeat`, how often it runs in any case"
    if value.max_slowdown is not None and value.max_slowdown <= 0:
        yield "max_slowdown", f"expected how many times as long as before is allowed, got {value.max_slowdown:g}"


def _no_performance(value: Terms) -> Mistakes:
    for name in ("repeat", "max_duration", "max_slowdown"):
        if getattr(value, name) is not None:
            yield name, f"is for tests of the kind `performance` only, and these are {value.kind!r}"


def _limits(value: Limits) -> Mistakes:
    if value.max_failures is not None and value.max_failures < 1:
        yield "max_failures", f"expected a count of 1 or more, got {value.max_failures}"


def _references(text: str, known: Sequence[str]) -> Iterator[str]:
    try:
        found = names(text)
    except UnknownReferenceError as error:
        yield str(error)
        return
    yield from (unknown(name, known) for name in found if name not in known)


CHECKS: dict[type, Callable[[Any], Mistakes]] = {
    Application: _application,
    MappingRule: _groups,
    Entity: _count,
    Terms: _terms,
    Limits: _limits,
    faults.FaultSpec: faults.mistakes,
}
