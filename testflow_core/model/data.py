"""Test data: what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""Whatever JSON can say: the values that flow between tests, and the options of plugins."""

Record: TypeAlias = Mapping[str, Json]
"""One made entity: field to value."""

FieldSpec: TypeAlias = str | Mapping[str, Json]
"""The type of a field as it is declared: compact (`int:1..9`), or a mapping with its `type` and what else it takes."""

DEFAULT_SEED = 20_260_101


@frozen(kw_only=True)
class Entity:
    """One kind of record: how many, and the type of each field (`uuid`, `ref:users.id`)."""

    count: int
    schema: Mapping[str, FieldSpec]


@frozen(kw_only=True)
class TestData:
    """A declared data set; the same seed gives the same records. `destinations` are by name, each with its options."""

    __test__ = False

    name: str
    entities: Mapping[str, Entity] = field(factory=dict[str, Entity])
    seed: int = DEFAULT_SEED
    generator: str = "faker"
    options: Mapping[str, Json] = field(factory=dict[str, Json])
    destinations: Mapping[str, Mapping[str, Json]] = field(factory=lambda: {"records": dict[str, Json]()})
