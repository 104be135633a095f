"""Records that were made, and what differs between two data sets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from attrs import field, frozen

from testflow_core.model.data import Json, Record
from testflow_core.model.data_identity import DataChange, DataIdentity, changes
from testflow_core.model.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen(kw_only=True)
class RecordsDifference:
    """
    What differs between the records of an entity in two data sets, of those that both have, in fields that both have.

    `compared` and `differing` are how many records, `fields` in how many of them each field differs. `first` is the
    first value that does: the record's number, the field, and both values.
    """

    compared: int
    differing: int = 0
    fields: Mapping[str, int] = field(factory=dict[str, int])
    first: tuple[int, str, Json, Json] | None = None


@frozen(kw_only=True)
class DataDifference:
    """
    What differs between two data sets; false where nothing does, and as text a line for each difference.

    `before` and `after` are their versions, `changes` those of the declaration, `counts` how many records there were
    and are where that differs (None: no such entity), `records` what was compared, by entity.
    """

    before: str
    after: str
    changes: tuple[DataChange, ...] = ()
    counts: Mapping[str, tuple[int | None, int | None]] = field(factory=dict[str, "tuple[int | None, int | None]"])
    records: Mapping[str, RecordsDifference] = field(factory=dict[str, RecordsDifference])

    def __bool__(self) -> bool:
        return bool(self.changes or self.counts or any(each.differing for each in self.records.values()))

    def __str__(self) -> str:
        if not self:
            return f"{self.before or 'no version'}: nothing differs"
        told = {change.path for change in self.changes}
        lines = [f"{self.before or 'no version'} → {self.after or 'no version'}", *map(str, self.changes)]
        for entity, (before, after) in self.counts.items():
            if not {f"$.generators.{entity}", f"$.generators.{entity}.count"} & told:
                lines.append(f"{entity}: {_records(before)} → {_records(after)}")
        lines += [_told(entity, each) for entity, each in self.records.items() if each.differing]
        return "\n  ".join(lines)


@frozen(kw_only=True)
class DataSet(Mapping[str, Sequence[Record]]):
    """
    Records that were made, or are made when they are asked for: a mapping of each entity to its records.

    `tables` are those that would hold them, by entity, where the generator tells. `identity` is what they depend on,
    None where nobody has said it.
    """

    name: str
    records: Mapping[str, Sequence[Record]]
    tables: Mapping[str, Table] = field(factory=dict[str, Table])
    identity: DataIdentity | None = None

    def __getitem__(self, entity: str) -> Sequence[Record]:
        return self.records[entity]

    def __iter__(self) -> Iterator[str]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def row(self, entity: str, number: int) -> Record:
        """One record of an entity, counted from 0; KeyError or IndexError where there is none."""
        return self.records[entity][number]

    @property
    def version(self) -> str:
        """A name for what the records depend on: the same version, the same records. Empty where nobody knows it."""
        return self.identity.version if self.identity else ""

    @property
    def repeatable(self) -> bool:
        """Whether their generator has said all that they depend on: only then the same version is the same records."""
        return bool(self.identity and self.identity.corpus)

    def diff(self, other: DataSet) -> DataDifference:
        """What differs in another data set, the later of the two; records are compared by their numbers."""
        declared = changes(self.identity, other.identity) if self.identity and other.identity else ()
        names = (*self, *(each for each in other if each not in self))
        counts = {name: (_count(self, name), _count(other, name)) for name in names}
        known = self.repeatable and self.version == other.version
        return DataDifference(
            before=self.version,
            after=other.version,
            changes=declared,
            counts={name: (before, after) for name, (before, after) in counts.items() if before != after},
            # Whoever names a corpus has said that the same version is the same records.
            records={} if known else {name: _compared(self[name], other[name]) for name in self if name in other},
        )


@frozen(kw_only=True)
class Loaded:
    """
    A data set where tests can reach it, by these variables.

    `secrets` is what nobody else may read of them. `clone` is a copy of it as it was made, at another place, gone on
    exit. `keep` leaves it in place for so many seconds after the end, for people to look at, and answers where it is.
    They raise DataError, and are None where they cannot be done.
    """

    variables: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    clone: Callable[[], AbstractContextManager[Loaded]] | None = field(default=None, eq=False, repr=False)
    keep: Callable[[float], str] | None = field(default=None, eq=False, repr=False)


def _compared(before: Iterable[Record], after: Iterable[Record]) -> RecordsDifference:
    compared = differing = 0
    fields: dict[str, int] = {}
    first: tuple[int, str, Json, Json] | None = None
    for number, (one, other) in enumerate(zip(before, after, strict=False)):
        compared += 1
        if one == other:
            continue
        wrong = [name for name in one if name in other and one[name] != other[name]]
        differing += bool(wrong)
        for name in wrong:
            fields[name] = fields.get(name, 0) + 1
            first = first or (number, name, one[name], other[name])
    return RecordsDifference(compared=compared, differing=differing, fields=fields, first=first)


def _count(data: DataSet, entity: str) -> int | None:
    return len(data[entity]) if entity in data else None


def _records(count: int | None) -> str:
    return "none" if count is None else f"{count} record{'' if count == 1 else 's'}"


def _told(entity: str, difference: RecordsDifference) -> str:
    counted = ", ".join(f"{name} in {number}" for name, number in difference.fields.items())
    assert difference.first is not None  # noqa: S101 - where records differ, one is the first
    number, name, before, after = difference.first
    return (
        f"{entity}: {difference.differing} of {difference.compared} records differ ({counted}); the first is"
        f" {entity}[{number}].{name}: {_shown(before)} → {_shown(after)}"
    )


def _shown(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
