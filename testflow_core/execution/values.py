"""The values that flow between steps: what a producer gave, and what its consumer is handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from testflow_core.specs import path_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testflow_core.model import DataFlow, Json, Outcome


class MissingValueError(LookupError):
    """A producer did not give what a consumer needs; the message names both."""


def given(outcomes: Iterable[Outcome]) -> Json:
    """What a step gave: the mappings that its tests returned as one, else the last value of another kind."""
    merged: dict[str, Json] = {}
    other: Json = None
    for values in (outcome.values for outcome in outcomes):
        if isinstance(values, Mapping):
            merged |= values
        elif values is not None:
            other = values
    return merged or other


def inputs(feeds: Iterable[tuple[Json, str, DataFlow]], consumer: str) -> dict[str, Json]:
    """
    What a consumer is handed, `headers.Authorization` as `{"headers": {"Authorization": ...}}`.

    `feeds` are what a producer gave, the producer, and the flow from it. MissingValueError where a value is not there.
    """
    found: dict[str, Json] = {}
    for values, producer, flow in feeds:
        value = _at(values, flow, producer, consumer)
        *above, last = flow.target
        place = found
        for key in above:
            place = cast("dict[str, Json]", place.setdefault(key, {}))
        place[last] = value
    return found


def _at(values: Json, flow: DataFlow, producer: str, consumer: str) -> Json:
    value = values
    for depth, part in enumerate(flow.source):
        try:
            value = _item(value, part)
        except LookupError:
            raise _missing(value, depth, flow, producer, consumer) from None
    if value is None and not flow.source:
        raise _missing(value, 0, flow, producer, consumer)
    return value


def _missing(value: Json, depth: int, flow: DataFlow, producer: str, consumer: str) -> MissingValueError:
    within = path_text(("return", *flow.source[:depth]))
    return MissingValueError(
        f"{consumer} needs {path_text(('return', *flow.source))} of {producer} (data flow {flow.name!r}), "
        f"but {within} is {_shape(value)}"
    )


def _item(value: Json, part: str) -> Json:
    if part.startswith("["):
        if isinstance(value, Sequence) and not isinstance(value, str):
            return value[int(part[1:-1])]
    elif isinstance(value, Mapping):
        return value[part]
    raise KeyError(part)


def _shape(value: Json) -> str:
    """What a value is, without the value: it may be a secret."""
    if isinstance(value, Mapping):
        return f"a mapping of {', '.join(value) or 'nothing'}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    return "nothing" if value is None else f"a {type(value).__name__}"
