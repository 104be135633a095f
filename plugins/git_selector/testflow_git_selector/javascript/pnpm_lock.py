"""The lock files of pnpm, versions 5 to 9: https://github.com/pnpm/spec/tree/master/lockfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from testflow_git_selector.javascript.lock_entries import Gathering, OddLockError, Table, needed, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_git_selector.lock_files import Locked

# `lodash@4.17.21`, `/@scope/name@1.0.0(react@18.2.0)`; until version 5 `/@scope/name/1.0.0_react@18.2.0`
_AT = re.compile(r"/?((?:@[^/@]+/)?[^/@]+)@(.+)")
_BEHIND = re.compile(r"/((?:@[^/@]+/)?[^/@]+)/\d[^/]*")
_KINDS = ("dependencies", "devDependencies", "optionalDependencies")
_OF_PACKAGES = frozenset({*_KINDS, "importers", "packages", "snapshots", "specifiers", "time", "catalogs"})


def read(told: Table) -> Locked:
    """What a lock file says; OddLockError where it is of no known version."""
    if "lockfileVersion" not in told:
        raise OddLockError
    found = Gathering()
    for key in ("packages", "snapshots"):
        for place, each in table(told.get(key)).items():
            _package(place, table(each), found)
    for importer in [told, *map(table, table(told.get("importers")).values())]:
        for kind in _KINDS:
            for name, each in table(importer.get(kind)).items():
                _imported(name, each if isinstance(each, str) else table(each).get("version"), found)
    return found.locked({key: value for key, value in told.items() if key not in _OF_PACKAGES})


def _package(place: str, entry: Table, found: Gathering) -> None:
    name = entry.get("name") or _name(place)
    if not isinstance(name, str):
        raise OddLockError
    if "directory" in table(entry.get("resolution")):
        found.own.add(name)
    peers = entry.get("transitivePeerDependencies") or ()
    if not isinstance(peers, list | tuple):
        raise OddLockError
    found.add(name, [place, entry], [*needed(entry), *_meant(entry), *map(str, peers)])


def _imported(name: str, version: object, found: Gathering) -> None:
    """What a folder of the checkout has by this name: another package, where that is an alias."""
    said = str(version)
    if said.startswith("link:"):
        found.own.add(name)
    found.add(name, [name, said], _aliased(said))


def _meant(entry: Table) -> Iterator[str]:
    for kind in _KINDS:
        for version in table(entry.get(kind)).values():
            yield from _aliased(str(version))


def _aliased(version: str) -> Iterator[str]:
    """The package that a version names: a number names none."""
    version = version.partition("(")[0]
    known = _AT.fullmatch(version) or _BEHIND.fullmatch(version)
    if known is not None and not version[:1].isdigit():
        yield known[1]


def _name(place: str) -> str | None:
    place = place.partition("(")[0]
    known = _AT.fullmatch(place) or _BEHIND.fullmatch(place)
    return known[1] if known else None
