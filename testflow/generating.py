"""Test data without a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

from testflow_core import data_lock
from testflow_core.data_making import made_by
from testflow_core.errors import SpecError
from testflow_core.interfaces import DATA_GENERATOR, ChecksDeclaration
from testflow_core.registry import plugin_set

if TYPE_CHECKING:
    from testflow.builders import TestData
    from testflow_core.model import DataSet
    from testflow_core.model import TestData as Declared


def generate(test_data: TestData, *, locked: bool = True) -> DataSet:
    """
    The records that a run would be given: a mapping of each entity to a sequence of its records.

    With the generator `faker`, a record is made when it is asked for. SpecError with every mistake of the declaration,
    PluginError where its generator cannot be loaded, DataError where that cannot make the records. `locked=False` makes
    what `testflow-data.lock` forbids, for you to compare.
    """
    data = test_data.value
    plugins = plugin_set("installed")
    try:
        generator = plugins.load(DATA_GENERATOR, data.generator, **data.options)
    except SpecError:
        raise SpecError(plugins.problems(DATA_GENERATOR, data.generator, data.options, "$.options")) from None
    problems = []
    if isinstance(generator, ChecksDeclaration):
        problems = list(cast("ChecksDeclaration[Declared]", generator).problems(data))
    identity = data_lock.identity(data, generator)
    lock = Path(os.environ.get("TESTFLOW_WORKSPACE") or Path.cwd()) / data_lock.LOCK
    if locked and not problems:
        problems = list(data_lock.problems(identity, lock.absolute()))
    if problems:
        raise SpecError(problems)
    return made_by(generator, data)
