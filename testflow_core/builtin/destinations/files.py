"""The destination `files`: a directory with a file for each entity, written record by record."""

from __future__ import annotations

import re
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.builtin.destinations import directories, text
from testflow_core.errors import DataError, Problem, SpecError
from testflow_core.interfaces import Destination
from testflow_core.model import Table
from testflow_core.tables import STANDARD, creation, reference_additions, tables_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from testflow_core.model import Bench, DataSet, Loaded, TestData

# Such a name is the same file wherever it is written, and none outside the directory.
_FILE_NAME = re.compile(r"[^\W_][\w. -]{0,99}(?<![. ])")


class Format(StrEnum):
    """How the records of an entity are written."""

    CSV = "csv"
    JSONL = "jsonl"
    SQL = "sql"


REFERENCES = "foreign-keys"
"""The file of SQL that is executed last is called so: tables may refer to each other."""

_NOTHING = Table(columns=())


@frozen(kw_only=True)
class FilesDestination(Destination):
    """
    `users.csv`, `orders.csv` in the directory that the variable `TESTFLOW_FILES` names, gone after the run.

    `formats` are `csv`, `jsonl` (an object in each line) and `sql` (INSERTs). No more than one record is held at once.
    With `tables`, each file of SQL begins with a CREATE TABLE, and `foreign-keys.sql` says what they refer to.
    """

    formats: tuple[Format, ...] = field(default=(Format.CSV,))
    tables: bool = False

    def __attrs_post_init__(self) -> None:
        if not self.formats:
            raise SpecError([Problem("$.formats", f"name one or more of {', '.join(Format)}")])
        if self.tables and Format.SQL not in self.formats:
            raise SpecError([Problem("$.tables", "only files of SQL make tables; name `sql` among the formats")])

    def problems(self, data: TestData, /) -> Iterable[Problem]:
        """Entities whose names cannot be those of files, or are the same where case does not matter."""
        return [
            Problem(f"$.generators.{name}" if re.fullmatch(r"[\w-]+", name) else f"$.generators[{name!r}]", wrong)
            for position, name in enumerate(data.entities)
            if (wrong := _wrong_name(name, [*list(data.entities)[:position], *self._own_names]))
        ]

    @contextmanager
    def load(self, data: DataSet, bench: Bench) -> Generator[Loaded]:
        """The files in a directory of their own; DataError where a value does not fit or the disk refuses."""
        for position, entity in enumerate(data.records):
            wrong = _wrong_name(entity, [*list(data.records)[:position], *self._own_names])
            if wrong:
                raise DataError(f"the data set {data.name!r} cannot be written to files: {wrong}")
        tables = tables_of(data) if self.tables else data.tables
        with directories.private(data, bench.directory, "testflow-files-") as directory:
            for entity in data.records:
                for form in dict.fromkeys(self.formats):
                    lines = self._lines(form, entity, data, tables.get(entity, _NOTHING))
                    _write(data, entity, form, directory / f"{entity}.{form}", lines)
            references = [line for entity, table in tables.items() for line in reference_additions(entity, table)]
            if self.tables and references:
                lines = (f"{line};\n" for line in references)
                _write(data, REFERENCES, Format.SQL, directory / f"{REFERENCES}.sql", lines)
            yield directories.loaded(data, directory, "TESTFLOW_FILES")

    @property
    def _own_names(self) -> tuple[str, ...]:
        return (REFERENCES,) if self.tables else ()

    def _lines(self, form: Format, entity: str, data: DataSet, table: Table) -> Iterator[str]:
        records = data.records[entity]
        if form is Format.CSV:
            yield from text.csv_lines(entity, records, [column.name for column in table.columns])
        elif form is Format.JSONL:
            yield from text.json_lines(entity, records)
        else:
            if self.tables and table.columns:
                yield text.made(entity, lambda: creation(entity, table, STANDARD, references=False) + ";\n")
            yield from text.sql_inserts(entity, records)


def _write(data: DataSet, entity: str, form: Format, path: Path, lines: Iterable[str]) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise DataError(f"the data set {data.name!r} cannot be written to {path}: {error.strerror}") from error
    except text.UnwritableError as error:
        raise DataError(f"the data set {data.name!r} cannot be written as {form}: {error}") from error
    except UnicodeEncodeError as error:
        message = f"the records {entity!r} of the data set {data.name!r} hold text that UTF-8 cannot: {error}"
        raise DataError(message) from error


def _wrong_name(entity: str, before: Sequence[str]) -> str | None:
    if not _FILE_NAME.fullmatch(entity):
        return (
            f"{entity!r} cannot be the name of a file: begin with a letter or digit, go on with these, spaces, '.', '_'"
            " or '-', to 100 characters"
        )
    same = [other for other in before if other.casefold() == entity.casefold()]
    return f"{entity!r} and {same[0]!r} are one file where case does not matter; rename one" if same else None
