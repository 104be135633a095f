"""The data generator `faker`: records whose values depend on nothing but the seed and where they stand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.errors import DataError
from testflow_core.interfaces import DataGenerator
from testflow_faker_data import declaration, tables
from testflow_faker_data.records import Rows
from testflow_faker_data.values import Columns

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from testflow_core.errors import Problem
    from testflow_core.model import Json, Record, Table, TestData


@frozen(kw_only=True)
class FakerGenerator(DataGenerator):
    """
    Makes records of people, addresses, numbers, times, enumerations, templates and references.

    A value is a pure function of the seed, the names of the data set, the entity and the field, and the record's
    number: one more field or entity changes no other value. It is the same on any Python, with whatever Faker: word
    lists are pinned. Only `faker:<provider>` calls the installed one. `locale` is that of names, places and words.
    """

    locale: str = declaration.DEFAULT_LOCALE

    def problems(self, data: TestData, /) -> Iterable[Problem]:
        """Unknown types and locales, references to nothing or in a circle, impossible counts, too few unique values."""
        return declaration.problems(data, self.locale)

    def corpus(self, data: TestData) -> Mapping[str, str]:
        """The algorithm, the word lists, and the installed Faker where something is of that."""
        return declaration.corpus_of(data, self.locale)

    def tables(self, data: TestData, /) -> Mapping[str, Table]:
        """The table of each entity, with its key and what it refers to."""
        return tables.tables(data)

    def generate(self, data: TestData) -> Mapping[str, Sequence[Record]]:
        """
        The records of each entity, made when they are asked for, in the order of the declaration.

        DataError with all problems where the declaration has any, before a record is made.
        """
        found = declaration.problems(data, self.locale)
        if found:
            listed = "".join(f"\n  {problem}" for problem in found)
            raise DataError(f"the generator 'faker' cannot make the data set {data.name!r}:{listed}")
        columns = Columns(data, declaration.field_types(data), self.locale)
        return {
            name: Rows(tuple(entity.schema), entity.count, partial(_columns, columns, name))
            for name, entity in data.entities.items()
        }


def _columns(
    columns: Columns, entity: str, fields: Sequence[str], rows: range, encoded: Container[str]
) -> list[list[Json]]:
    return [(columns.texts if field in encoded else columns.values)((entity, field), rows) for field in fields]
