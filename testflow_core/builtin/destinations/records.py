"""The destination `records`: a data set as one JSON file that tests read."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.destinations import directories
from testflow_core.builtin.destinations.text import plain
from testflow_core.errors import DataError
from testflow_core.interfaces import Destination

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from testflow_core.model import Bench, DataSet, Json, Loaded

_FILE = "data.json"


@frozen(kw_only=True)
class RecordsDestination(Destination):
    """`{"users": [{...}, ...]}` in the file that the variable `TESTFLOW_DATA` names; each copy is another file."""

    @contextmanager
    def load(self, data: DataSet, bench: Bench) -> Generator[Loaded]:
        """The file in a directory of its own, gone on exit; DataError where a value is not JSON or the disk refuses."""
        text = _document(data)
        with directories.private(data, bench.directory, "testflow-data-") as directory:
            path = directory / _FILE
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                message = f"the data set {data.name!r} cannot be written to {path}: {error.strerror}"
                raise DataError(message) from error
            yield directories.loaded(data, directory, "TESTFLOW_DATA", _FILE)


def _document(data: DataSet) -> str:
    entities = [f"{json.dumps(entity)}: {_array(data, entity, records)}" for entity, records in data.records.items()]
    return "{" + ", ".join(entities) + "}\n"


def _array(data: DataSet, entity: str, records: Sequence[Mapping[str, Json]]) -> str:
    try:
        return json.dumps(records, default=plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"the records {entity!r} of the data set {data.name!r} cannot be written as JSON: {error};"
            " a record holds null, booleans, finite numbers, strings, arrays and objects"
        ) from error
