"""The destination `records`: a data set as one JSON file that tests read."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.builtin.destinations.text import plain
from testflow_core.errors import DataError
from testflow_core.interfaces import Destination
from testflow_core.model import Loaded

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from testflow_core.model import Bench, DataSet, Json


@frozen(kw_only=True)
class RecordsDestination(Destination):
    """`{"users": [{...}, ...]}` in the file that the variable `TESTFLOW_DATA` names; each copy is another file."""

    @contextmanager
    def load(self, data: DataSet, bench: Bench) -> Generator[Loaded]:
        """The file in the bench's directory, gone on exit; DataError where a value is not JSON or the disk refuses."""
        text = _document(data)

        @contextmanager
        def file() -> Generator[Loaded]:
            path = _written(text, data, bench.directory)
            try:
                yield Loaded(variables={"TESTFLOW_DATA": str(path)}, clone=file)
            finally:
                path.unlink(missing_ok=True)

        with file() as loaded:
            yield loaded


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


def _written(text: str, data: DataSet, directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(prefix="testflow-data-", suffix=".json", dir=directory)
    except OSError as error:
        raise DataError(f"the data set {data.name!r} cannot be put into {directory}: {error.strerror}") from error
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise DataError(f"the data set {data.name!r} cannot be written to {path}: {error.strerror}") from error
    return path
