"""What lock files of JavaScript have in common: entries of packages, each with what it needs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, cast

from attrs import Factory, define

from testflow_git_selector.lock_files import Locked

LOCAL = ("file:", "link:", "portal:", "workspace:")
_NEEDS = ("dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "requires")
Table: TypeAlias = Mapping[str, object]


class OddLockError(ValueError):
    """A lock file that is not written as any known version of its tool writes it."""


@define
class Gathering:
    """What is read of a lock file, package by package; those of several versions are one."""

    packages: defaultdict[str, list[str]] = Factory(lambda: defaultdict[str, list[str]](list))
    needs: defaultdict[str, set[str]] = Factory(lambda: defaultdict[str, set[str]](set))
    own: set[str] = Factory(set[str])

    def add(self, name: str, said: object, needs: Iterable[str] = ()) -> None:
        """One more entry of a package."""
        self.packages[name].append(dumped(said))
        self.needs[name].update(needs)

    def locked(self, rest: object, *, silent: bool = False) -> Locked:
        """All of it; `rest` is what the file says of no package."""
        return Locked(
            packages={name: "\n".join(sorted(entries)) for name, entries in self.packages.items()},
            needs={name: frozenset(names) for name, names in self.needs.items()},
            own=frozenset(self.own),
            rest=dumped(rest),
            silent=silent,
        )


def dumped(said: object) -> str:
    """The text of a value, the same whatever the order of its keys."""
    return json.dumps(said, sort_keys=True, default=str)


def table(value: object) -> Table:
    """A table, which must be one; none is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise OddLockError
    return cast("Table", value)


def needed(entry: Table) -> Iterator[str]:
    """The names of what a package says that it needs, or may use if it is there."""
    for key in _NEEDS:
        yield from table(entry.get(key))


def loaded_yaml(text: str) -> Table:
    """A table in YAML without anchors, which no tool writes, and which a few lines of make billions of values."""
    import yaml  # noqa: PLC0415 - only who reads such files waits for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if "&" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=loader)):
            raise OddLockError
        return table(yaml.load(text, Loader=loader))  # noqa: S506 - both of them are safe
    except yaml.YAMLError as error:
        raise OddLockError from error


def name_of(pattern: str) -> str:
    """The name in `name@range`, `@scope/name@npm:range`."""
    end = pattern.find("@", 1)
    if end < 0:
        raise OddLockError
    return pattern[:end]
