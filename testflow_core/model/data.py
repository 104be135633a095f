"""Test data: what is asked for, and what was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from attrs import field, frozen

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
"""Whatever JSON can say: the values that flow between tests, and the options of plugins."""

Record: TypeAlias = Mapping[str, Json]
"""One made entity: field to value."""

DEFAULT_SEED = 20_260_101


@frozen(kw_only=True)
class Entity:
    """One kind of record: how many, and the type of each field (`uuid`, `ref:users.id`)."""

    count: int
    schema: Mapping[str, str]


@frozen(kw_only=True)
class TestData:
    """A declared data set; the same seed gives the same records."""

    __test__ = False

    name: str
    entities: Mapping[str, Entity] = field(factory=dict[str, Entity])
    seed: int = DEFAULT_SEED
    generator: str = "faker"
    options: Mapping[str, Json] = field(factory=dict[str, Json])


@frozen(kw_only=True)
class DataSet:
    """Records that were made, by entity."""

    name: str
    records: Mapping[str, tuple[Record, ...]]


@frozen(kw_only=True)
class Loaded:
    """A data set where tests can reach it, by these variables."""

    variables: Mapping[str, str] = field(factory=dict[str, str])
