"""References of services to the records of the test data: `{data.users[0].id}`, `{data.orders[2].buyer.name}`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from attrs import frozen

from testflow_core import references
from testflow_core.errors import Problem, UnknownReferenceError
from testflow_core.provisioning import wiring
from testflow_core.specs import key_path, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_core.model import Environment, Json, Record, TestData

_STEP = re.compile(r"[\w-]+")


@frozen(kw_only=True)
class RecordReference:
    """A value of one record: `path` begins with its field, keys of mappings and numbers in lists follow."""

    entity: str
    index: int
    path: tuple[str, ...]


def reference(name: str) -> RecordReference | None:
    """What a reference's name means, None where it means no record."""
    match = wiring.RECORD.fullmatch(name)
    if match is None:
        return None
    return RecordReference(entity=match[1], index=int(match[2]), path=tuple(_STEP.findall(match[3])))


def of_environment(environment: Environment) -> dict[str, tuple[str, ...]]:
    """The references to records in an environment's services, by the path of the text in which they stand."""
    found: dict[str, tuple[str, ...]] = {}
    for name, service in environment.services.items():
        for below, text in wiring.texts(service).items():
            if names := _named(text):
                found[f"{key_path('$.services', name)}.{below}"] = names
    return found


def referred_to(environment: Environment, records: Mapping[str, Sequence[Record]]) -> dict[str, tuple[Record, ...]]:
    """The first records of each entity that an environment refers to, as many as it takes: what is left may be much."""
    wanted = [reference(name) for names in of_environment(environment).values() for name in names]
    sizes: dict[str, int] = {}
    for each in wanted:
        if each is not None and each.entity in records:
            sizes[each.entity] = max(sizes.get(each.entity, 0), each.index + 1)
    return {entity: tuple(records[entity][:size]) for entity, size in sizes.items()}


def problems(environment: Environment, data: TestData | None) -> Iterator[Problem]:
    """The references to records that no record will answer, as far as the declaration of the data tells."""
    for path, names in of_environment(environment).items():
        for name in names:
            message = _mistake(name, data)
            if message is not None:
                yield Problem(path, f"{{{name}}} {message}")


def values(text: str, records: Mapping[str, Sequence[Record]]) -> dict[str, str]:
    """
    What the references to records in a text resolve to: text as it is, anything else as JSON.

    UnknownReferenceError where a record or a value is not there.
    """
    return {name: _value(name, records) for name in _named(text)}


def _named(text: str) -> tuple[str, ...]:
    try:
        return tuple(name for name in references.names(text) if reference(name) is not None)
    except UnknownReferenceError:
        # Whoever resolves the text, or checks it, tells of that.
        return ()


def _mistake(name: str, data: TestData | None) -> str | None:
    wanted = reference(name)
    assert wanted is not None  # noqa: S101 - only such names are asked about
    if data is None:
        return "refers to test data, and there is none: give `execute` and `plan` some by `test_data`"
    entity = data.entities.get(wanted.entity)
    if entity is None:
        return f"refers to nothing: {unknown_name('entity', wanted.entity, data.entities)}"
    if wanted.index >= entity.count:
        return f"refers to nothing: {_count(wanted.entity, entity.count)}"
    if wanted.path[0] not in entity.schema:
        return f"refers to nothing: {unknown_name('field', wanted.path[0], entity.schema)}"
    return None


def _value(name: str, records: Mapping[str, Sequence[Record]]) -> str:
    wanted = reference(name)
    assert wanted is not None  # noqa: S101 - as above
    rows = records.get(wanted.entity, ())
    if wanted.index >= len(rows):
        raise UnknownReferenceError(f"{{{name}}} refers to nothing: {_count(wanted.entity, len(rows))}")
    found: Json = rows[wanted.index]
    for step in wanted.path:
        try:
            found = cast("Mapping[str, Json]", found)[step] if isinstance(found, Mapping) else _item(found, step)
        except (KeyError, IndexError):
            raise UnknownReferenceError(f"{{{name}}} refers to nothing: {_lacking(step, found)}") from None
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _item(found: Json, step: str) -> Json:
    if isinstance(found, str) or not isinstance(found, Sequence) or not step.isdecimal():
        raise KeyError(step)
    return found[int(step)]


def _lacking(step: str, found: Json) -> str:
    if isinstance(found, Mapping):
        return unknown_name("key", step, found)
    if isinstance(found, Sequence) and not isinstance(found, str):
        return f"there is no [{step}] in a list of {len(found)}"
    return f"there is no {step!r} in {json.dumps(found, ensure_ascii=False)}"


def _count(entity: str, number: int) -> str:
    known = f"the last is {entity}[{number - 1}]" if number else "nothing of it is made"
    return f"{number} of {entity!r} {'is' if number == 1 else 'are'} made; {known}"
