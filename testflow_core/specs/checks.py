"""What a declaration must hold beyond the types of its fields: answers (field, message) for each mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testflow_core.errors import UnknownReferenceError
from testflow_core.model import Application, Entity, MappingRule
from testflow_core.references import names, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    Mistakes: TypeAlias = Iterator[tuple[str, str]]

TEST_PATH = "test_path"


def _test_command(value: Application) -> Mistakes:
    for word in value.test_command:
        for message in _references(word, (TEST_PATH,)):
            yield "test_command", message


def _groups(value: MappingRule) -> Mistakes:
    groups = [str(group) for group in range(1, value.source_pattern.groups + 1)]
    for message in _references(value.test_pattern, groups):
        yield "test_pattern", message


def _count(value: Entity) -> Mistakes:
    if value.count < 0:
        yield "count", f"expected a count of 0 or more, got {value.count}"


def _references(text: str, known: Sequence[str]) -> Iterator[str]:
    try:
        found = names(text)
    except UnknownReferenceError as error:
        yield str(error)
        return
    yield from (unknown(name, known) for name in found if name not in known)


CHECKS: dict[type, Callable[[Any], Mistakes]] = {Application: _test_command, MappingRule: _groups, Entity: _count}
