"""Lock files of Python: which packages they name, and which of these another state of the file changes."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import cast

from attrs import field, frozen

_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*===?\s*\S+.*")
_OWN = frozenset({"editable", "virtual", "directory"})
_Table = Mapping[str, object]


@frozen(kw_only=True)
class Locked:
    """
    What a lock file says: of each package all that is locked, by its normalised name, and what it needs.

    `rest` is what the file says of no package; `own` are packages that are folders of the checkout. One that is
    `silent` leaves out what packages expect to be installed beside them; a `loose` one may leave out what they need.
    """

    packages: Mapping[str, str] = field(factory=dict[str, str])
    needs: Mapping[str, frozenset[str]] = field(factory=dict[str, frozenset[str]])
    own: frozenset[str] = frozenset()
    rest: str = ""
    silent: bool = False
    loose: bool = False


def is_lock(path: str) -> bool:
    """Whether a file locks packages in a way that can be read."""
    name = path.rpartition("/")[2]
    return name in {"uv.lock", "poetry.lock"} or (name.startswith("requirements") and name.endswith(".txt"))


def locked(path: str, content: bytes) -> Locked | None:
    """What a lock file says; None where it cannot be read."""
    text = content.decode("utf-8", errors="replace")
    if path.endswith(".txt"):
        return _requirements(text)
    try:
        told = tomllib.loads(text)
        return _by_tables(told)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def normalised(name: str) -> str:
    """How PEP 503 writes the name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def changed_packages(before: Locked, after: Locked) -> frozenset[str] | None:
    """The packages that are locked otherwise, come or gone; None where it is not packages alone."""
    if before.rest != after.rest or before.own != after.own:
        return None
    names = (before.packages.keys() | after.packages.keys()) - after.own
    return frozenset(name for name in names if before.packages.get(name) != after.packages.get(name))


def _by_tables(told: _Table) -> Locked:
    """What uv and Poetry write: a table for each package."""
    packages: defaultdict[str, list[str]] = defaultdict(list)
    needs: defaultdict[str, set[str]] = defaultdict(set)
    own: set[str] = set()
    for each in cast("list[dict[str, object]]", told["package"]):
        name = normalised(str(each["name"]))
        packages[name].append(json.dumps(each, sort_keys=True, default=str))
        needs[name].update(_needed(each))
        source = each.get("source")
        if isinstance(source, Mapping) and not _OWN.isdisjoint(cast("_Table", source)):
            own.add(name)
    rest = {key: value for key, value in told.items() if key not in {"package", "metadata"}}
    metadata = cast("_Table", told.get("metadata", {}))
    rest["python"] = metadata.get("python-versions")
    return Locked(
        packages={name: "\n".join(sorted(entries)) for name, entries in packages.items()},
        needs={name: frozenset(names) for name, names in needs.items()},
        own=frozenset(own),
        rest=json.dumps(rest, sort_keys=True, default=str),
    )


def _needed(package: _Table) -> Iterator[str]:
    told = package.get("dependencies", [])
    if isinstance(told, Mapping):
        yield from map(normalised, cast("Mapping[str, object]", told))
        return
    optional = cast("Mapping[str, list[_Table]]", package.get("optional-dependencies", {}))
    for each in [*cast("list[_Table]", told), *(one for those in optional.values() for one in those)]:
        yield normalised(str(each["name"]))


def _requirements(text: str) -> Locked:
    """Lines that each pin a package; any other line is not of a package."""
    packages: dict[str, str] = {}
    rest: list[str] = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        told = re.sub(r"(?:^|\s)#.*", "", line).strip()
        found = _PINNED.fullmatch(told)
        if found:
            name = normalised(found[1])
            packages[name] = f"{packages.get(name, '')}\n{' '.join(told.split())}"
            # What an extra has installed besides is locked nowhere, or by a line of its own.
            rest += [f"{name}{extras}" for extras in re.findall(r"\[[^\]]*\]", told.partition("=")[0])]
        elif told:
            rest.append(told)
    return Locked(packages=packages, rest="\n".join(rest), loose=True)
