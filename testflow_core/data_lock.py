"""Versions of data sets that a team has agreed on, in a file that it commits."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, cast

from testflow_core.errors import Problem, SpecError
from testflow_core.interfaces import DATA_GENERATOR, NamesCorpus
from testflow_core.model import DataIdentity, Entity, TestData
from testflow_core.model.data_identity import changes
from testflow_core.specs import unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from testflow_core.interfaces import DataGenerator
    from testflow_core.model import Json
    from testflow_core.registry import Plugins

LOCK = "testflow-data.lock"
"""The file's name, in the folder where a run looks for its applications."""

_FORMAT = 1
_ACCEPT = "`testflow.lock(test_data)`"


def identity(data: TestData, generator: DataGenerator) -> DataIdentity:
    """What the records of a declaration depend on, as far as their generator says it."""
    if isinstance(generator, NamesCorpus):
        return DataIdentity(declared=data, corpus=generator.corpus(data))
    return DataIdentity(declared=data)


def identity_by_plugin(data: TestData, plugins: Plugins) -> DataIdentity:
    """The same, of a declaration whose generator is to be loaded; PluginError or SpecError where it cannot be."""
    return identity(data, plugins.load(DATA_GENERATOR, data.generator, **data.options))


def pinned(path: Path) -> dict[str, DataIdentity]:
    """What a lock file holds, by name: nothing where there is none. SpecError where it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8", "surrogatepass")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SpecError([Problem(str(path), f"the lock cannot be read: {error}")]) from error
    try:
        document = json.loads(text)
        if document["format"] != _FORMAT:
            message = f"the lock has the format {document['format']!r}, not {_FORMAT}; another testflow has written it"
            raise SpecError([Problem(str(path), message)])
        found = {name: (_identity(name, each), each["version"]) for name, each in document["data_sets"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"this is no lock of data sets ({error!r}); restore it, or remove it and call {_ACCEPT}"
        raise SpecError([Problem(str(path), message)]) from error
    edited = [name for name, (each, version) in found.items() if each.version != version]
    if edited:
        message = f"edited by hand, or merged: the version is not that of what is written there; call {_ACCEPT}"
        raise SpecError([Problem(f"{path}: {name}", message) for name in edited])
    return {name: each for name, (each, _) in found.items()}


def pin(path: Path, identities: Sequence[DataIdentity]) -> None:
    """Write these into a lock file, in place of those of the same names; SpecError where that cannot be done."""
    # One that was damaged, or edited, is what this is called for: the others in it must be kept by a person.
    names = {each.declared.name for each in identities}
    try:
        held = pinned(path)
    except SpecError as error:
        if not all(str(problem.path).removeprefix(f"{path}: ") in names for problem in error.problems):
            raise
        held = _unchecked(path, names)
    _write(path, held | {each.declared.name: each for each in identities})


def unpin(path: Path, names: Sequence[str]) -> None:
    """Remove these from a lock file, which stays where it holds others; SpecError where one of them is not in it."""
    held = pinned(path)
    unknown = [
        Problem(str(path), f"{unknown_name('pinned data set', each, held)}") for each in names if each not in held
    ]
    if unknown:
        raise SpecError(unknown)
    left = {name: each for name, each in held.items() if name not in names}
    if left:
        _write(path, left)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SpecError([Problem(str(path), f"the lock cannot be removed: {error.strerror}")]) from error


def _write(path: Path, held: Mapping[str, DataIdentity]) -> None:
    sets = {name: {"version": each.version, **each.form} for name, each in sorted(held.items())}
    document = {"format": _FORMAT, "data_sets": sets}
    text = json.dumps(document, indent=2, ensure_ascii=False, default=_plain) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(prefix=f"{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
        # It is committed, so others read it: not as private as a temporary file.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as error:
        raise SpecError([Problem(str(path), f"the lock cannot be written: {error.strerror}")]) from error


def problems(data: DataIdentity, path: Path, *, required: bool = False) -> Iterator[Problem]:
    """What differs from the lock; where it is `required`, that there is nothing about it in the lock."""
    name = data.declared.name
    held = pinned(path).get(name)
    if held is None:
        if required:
            yield Problem("$", f"the data set {name!r} is not pinned in {path}; {_ACCEPT} does that")
        return
    if held.version == data.version:
        return
    yield Problem(
        "$",
        f"the data set {name!r} is pinned in {path} at the version {held.version}, and is {data.version} now;"
        f" to accept what changed, call {_ACCEPT} and commit the file",
    )
    for change in changes(held, data):
        yield Problem(change.path, change.said)


def _unchecked(path: Path, names: set[str]) -> dict[str, DataIdentity]:
    document = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    return {name: _identity(name, each) for name, each in document["data_sets"].items() if name not in names}


def _identity(name: str, written: Mapping[str, Json]) -> DataIdentity:
    entities = cast("Mapping[str, Mapping[str, Json]]", written["entities"])
    data = TestData(
        name=name,
        seed=cast("int", written["seed"]),
        generator=cast("str", written["generator"]),
        options=dict(cast("Mapping[str, Json]", written["options"])),
        entities={
            each: Entity(count=cast("int", of["count"]), schema=dict(cast("Mapping[str, str]", of["schema"])))
            for each, of in entities.items()
        },
    )
    return DataIdentity(declared=data, corpus=dict(cast("Mapping[str, str]", written["corpus"])))


def _plain(value: object) -> object:
    return dict(cast("Mapping[str, Json]", value)) if hasattr(value, "keys") else list(cast("list[Json]", value))
