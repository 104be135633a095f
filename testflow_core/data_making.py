"""From a declaration of test data to its data set, by the generator that it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from testflow_core import data_lock
from testflow_core.interfaces import DATA_GENERATOR, DescribesTables
from testflow_core.model import DataSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testflow_core.interfaces import DataGenerator
    from testflow_core.model import Table, TestData
    from testflow_core.registry import Plugins


def made(data: TestData, plugins: Plugins) -> DataSet:
    """
    The records of a declaration, the tables that would hold them, and what they depend on.

    DataError where they cannot be made, PluginError where the generator cannot be loaded; and whatever that raises.
    """
    return made_by(plugins.load(DATA_GENERATOR, data.generator, **data.options), data)


def made_by(generator: DataGenerator, data: TestData) -> DataSet:
    """The same, by a generator that is there."""
    # A sequence stays one: its records may be made when they are asked for, and too many to be held.
    records = {
        entity: each if isinstance(each, Sequence) else tuple(each) for entity, each in generator.generate(data).items()
    }
    tables: Mapping[str, Table] = generator.tables(data) if isinstance(generator, DescribesTables) else {}
    return DataSet(name=data.name, records=records, tables=tables, identity=data_lock.identity(data, generator))
