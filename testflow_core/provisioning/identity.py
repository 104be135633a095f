"""What makes two environments the same: so that one can be used again, and a changed one is not."""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attrs import evolve

from testflow_core.model import DataSet
from testflow_core.specs.manifest import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from testflow_core.model import Environment, Record, Service, Site

_TRACES = frozenset({".git", "__pycache__", ".pytest_cache", ".testflow", "node_modules"})


@runtime_checkable
class Identifies(Protocol):
    """Optional ability of provisioners: tell what a service depends on beyond its declaration."""

    def identity(self, service: Service, site: Site) -> Mapping[str, str]:
        """What it is called, `the image`, to what tells one from another: a version, the digest of a content."""
        ...


def identity(environment: Environment, provisioner: object, site: Site) -> dict[str, str]:
    """
    Everything that an environment is made from, by what people call it; no text of the declaration can be read from it.

    Of an application the files of its checkout count, by their sizes and times. What services inherit from the
    environment of the process does not.
    """
    found = {
        "the version of testflow": version("testflow-core"),
        "the isolation": str(site.isolation),
        "the options of the environment": _digest(evolve(environment, services={})),
    }
    if site.records or site.data:
        found["the test data"] = _of_records(site.records) + (_digest(site.data) if site.data else "")
    for name, service in environment.services.items():
        found[f"the declaration of {name}"] = _digest(service)
        if service.application is not None and service.application.path is not None:
            found[f"the checkout of {name}"] = _of_files(service.application.path)
        if isinstance(provisioner, Identifies):
            of_service = provisioner.identity(service, site)
            found |= {f"{what} of {name}": value for what, value in of_service.items()}
    return found


def contents(files: Iterable[Path]) -> dict[str, str]:
    """What `Identifies.identity` answers of files that a service is made from; OSError where one cannot be read."""
    return {f"the file {file.name}": hashlib.sha256(file.read_bytes()).hexdigest()[:32] for file in files}


def _of_records(records: Mapping[str, Sequence[Record]]) -> str:
    """The version of a data set whose generator says what records depend on; else what they are."""
    if isinstance(records, DataSet) and records.repeatable:
        return records.version
    return _digest({entity: list(each) for entity, each in records.items()})


def _digest(value: object) -> str:
    return _hash(json.dumps(to_json(value), sort_keys=True))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]


def _of_files(directory: Path) -> str:
    return _hash("\n".join(sorted(_stamps(str(directory)))))


def _stamps(directory: str) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name in _TRACES:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _stamps(entry.path)
            else:
                status = entry.stat(follow_symlinks=False)
                yield f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}"
