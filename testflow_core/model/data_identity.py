"""What makes two data sets the same, and what differs between two declarations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from attrs import field, frozen

from testflow_core.model.data import Json, TestData
from testflow_core.model.secret_names import SECRET_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

_HIDDEN = "$secret"


@frozen(kw_only=True)
class DataIdentity:
    """
    What the records of a data set depend on: what is declared of them, and what their generator draws them from.

    `corpus` is the latter, by what people call it, each with its version or hash. Where records are put is no part of
    it, nor is an option whose name says that it is secret.
    """

    declared: TestData
    corpus: Mapping[str, str] = field(factory=dict[str, str])

    @property
    def version(self) -> str:
        """A name for it, 16 hexadecimal digits: the same makes the same records."""
        text = json.dumps([self.declared.name, self.form], sort_keys=True, default=_plain)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def form(self) -> dict[str, Json]:
        """It as JSON, without the name."""
        data = self.declared
        options: dict[str, Json] = {
            name: _HIDDEN if SECRET_NAME.search(name) else value for name, value in data.options.items()
        }
        entities: dict[str, Json] = {
            name: {"count": entity.count, "schema": dict(entity.schema)} for name, entity in data.entities.items()
        }
        return {
            "seed": data.seed,
            "generator": data.generator,
            "options": options,
            "corpus": dict(self.corpus),
            "entities": entities,
        }


class ChangeKind(StrEnum):
    """What became of a part of a declaration."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@frozen(kw_only=True)
class DataChange:
    """
    One difference between two declarations: `path` is where it stands (`$.generators.users.schema.email`).

    `entity` and `field` are named where it concerns one.
    """

    path: str
    kind: ChangeKind
    before: Json = None
    after: Json = None
    entity: str = ""
    field: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.said}"

    @property
    def said(self) -> str:
        """What happened, without the path."""
        if self.kind is ChangeKind.ADDED:
            return f"added, {_shown(self.after)}"
        if self.kind is ChangeKind.REMOVED:
            return f"removed, it was {_shown(self.before)}"
        return f"{_shown(self.before)} → {_shown(self.after)}"


def changes(before: DataIdentity, after: DataIdentity) -> tuple[DataChange, ...]:
    """Everything that differs, in the order of the declaration."""
    found: list[DataChange] = []
    if before.declared.name != after.declared.name:
        found.append(_changed("$.name", before.declared.name, after.declared.name))
    one, other = before.form, after.form
    found += [
        _changed(f"$.{name}", one[name], other[name]) for name in ("seed", "generator") if one[name] != other[name]
    ]
    for name in ("options", "corpus"):
        found += _between(f"$.{name}", one[name], other[name])
    theirs, ours = before.declared.entities, after.declared.entities
    for name in (*theirs, *(each for each in ours if each not in theirs)):
        path = f"$.generators.{name}"
        if name not in ours or name not in theirs:
            gone = name in theirs
            size: Json = {"count": (theirs if gone else ours)[name].count}
            kind = ChangeKind.REMOVED if gone else ChangeKind.ADDED
            found.append(
                DataChange(
                    path=path, kind=kind, before=size if gone else None, after=None if gone else size, entity=name
                )
            )
            continue
        if theirs[name].count != ours[name].count:
            found.append(_changed(f"{path}.count", theirs[name].count, ours[name].count, name))
        found += _between(f"{path}.schema", theirs[name].schema, ours[name].schema, name)
    return tuple(found)


def _between(path: str, before: object, after: object, entity: str = "") -> Iterator[DataChange]:
    one, other = cast("Mapping[str, Json]", before), cast("Mapping[str, Json]", after)
    for name in (*one, *(each for each in other if each not in one)):
        if name in one and name in other and _text(one[name]) == _text(other[name]):
            continue
        kind = ChangeKind.ADDED if name not in one else ChangeKind.REMOVED if name not in other else ChangeKind.CHANGED
        yield DataChange(
            path=f"{path}.{name}",
            kind=kind,
            before=one.get(name),
            after=other.get(name),
            entity=entity,
            field=name if entity else "",
        )


def _changed(path: str, before: Json, after: Json, entity: str = "") -> DataChange:
    return DataChange(path=path, kind=ChangeKind.CHANGED, before=before, after=after, entity=entity)


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, default=_plain)


def _shown(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    """Mappings of whatever kind are objects, other sequences arrays."""
    return dict(cast("Mapping[str, Json]", value)) if isinstance(value, Mapping) else list(cast("list[Json]", value))
