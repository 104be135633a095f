"""The data generator `faker`: records whose values depend on nothing but the seed and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import DataError
from testflow_core.interfaces import DataGenerator
from testflow_faker_data import declaration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from testflow_core.errors import Problem
    from testflow_core.model import Entity, Json, Record, TestData
    from testflow_faker_data.field_types import Field


@frozen(kw_only=True)
class FakerGenerator(DataGenerator):
    """
    Makes records of uuids, names, emails, timestamps, JSON objects, enumerations and references.

    A value is a pure function of the seed, the names of the data set, the entity and the field, and the record's
    number: one more field or entity changes no other value. Names, emails and JSON objects are the same for the same
    version of Faker, the others for any.
    """

    def problems(self, data: TestData, /) -> Iterable[Problem]:
        """Unknown types, enumerations without values, references to nothing or in a circle, impossible counts."""
        return declaration.problems(data)

    def generate(self, data: TestData) -> Mapping[str, Iterable[Record]]:
        """The records of each entity, in the order of the declaration; DataError with all problems where it has any."""
        found = declaration.problems(data)
        if found:
            listed = "".join(f"\n  {problem}" for problem in found)
            raise DataError(f"the generator 'faker' cannot make the data set {data.name!r}:{listed}")
        return _records(data)


def _records(data: TestData) -> dict[str, list[Record]]:
    # Importing Faker and reading its word lists takes longer than making a thousand records.
    from faker import Faker  # noqa: PLC0415

    from testflow_faker_data.values import columns  # noqa: PLC0415

    faker = Faker("en_US", use_weighting=False)
    faker.seed_instance(data.seed)  # else it shares one Random with every Faker of the process
    made = columns(data, declaration.field_types(data), faker)
    return {name: _rows(name, entity, made) for name, entity in data.entities.items()}


def _rows(name: str, entity: Entity, made: Mapping[Field, Sequence[Json]]) -> list[Record]:
    return [{field: made[name, field][row] for field in entity.schema} for row in range(entity.count)]
