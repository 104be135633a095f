"""Lock files of JavaScript: which packages they name, and what these need, whoever wrote them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testflow_git_selector.javascript.lock_entries import (
    LOCAL,
    Gathering,
    OddLockError,
    Table,
    loaded_yaml,
    name_of,
    needed,
    table,
)
from testflow_git_selector.javascript.pnpm_lock import read
from testflow_git_selector.javascript.yarn_classic import parsed as classic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from testflow_git_selector.lock_files import Locked

_BYTES = 4 * 1024 * 1024
_INSIDE = "node_modules/"
_CLASSIC = "# yarn lockfile v1"


def is_script_lock(path: str) -> bool:
    """Whether a file locks packages of JavaScript in a way that can be read."""
    return path.rpartition("/")[2] in _READERS


def script_locked(path: str, content: bytes) -> Locked | None:
    """What a lock file says; None where it cannot be read, or is too large."""
    if len(content) > _BYTES:
        return None
    try:
        return _READERS[path.rpartition("/")[2]](content.decode("utf-8"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _npm(text: str) -> Locked:
    """`package-lock.json`, versions 1 to 3: https://docs.npmjs.com/cli/configuring-npm/package-lock-json."""
    told = table(json.loads(text))
    if "packages" not in told and "dependencies" not in told:
        raise OddLockError
    found = Gathering()
    for path, each in table(told.get("packages")).items():
        entry = table(each)
        inside, name = path.rpartition(_INSIDE)[1:]
        if not inside:
            continue  # it is a folder of the checkout, whose own files say what they import
        if entry.get("link"):
            found.own.add(name)
        found.add(name, [path, entry], needed(entry))
    _tree(table(told.get("dependencies")), "", found)
    rest = {key: told[key] for key in told if key not in {"name", "version", "packages", "dependencies"}}
    return found.locked(rest, silent="packages" not in told)


def _tree(packages: Table, place: str, found: Gathering) -> None:
    """What versions 1 and 2 have: each package with those that are installed for it alone."""
    for name, each in packages.items():
        entry = dict(table(each))
        inner = table(entry.pop("dependencies", None))
        if str(entry.get("version")).startswith(LOCAL):
            found.own.add(name)
        found.add(name, [place, entry], [*needed(entry), *inner])
        _tree(inner, f"{place}/{name}", found)


def _yarn(text: str) -> Locked:
    """`yarn.lock`, of either kind: what Yarn 2 and later write is YAML, and has a table `__metadata`."""
    silent = _CLASSIC in text
    told: Table = classic(text) if silent else loaded_yaml(text)
    if not silent and "__metadata" not in told:
        raise OddLockError
    found = Gathering()
    for key, each in told.items():
        entry = table(each)
        for name in () if key == "__metadata" else {name_of(part.strip()) for part in key.split(",")}:
            if entry.get("linkType") == "soft":
                found.own.add(name)
            found.add(name, [key, entry], needed(entry))
    return found.locked(told.get("__metadata"), silent=silent)


def _pnpm(text: str) -> Locked:
    return read(loaded_yaml(text))


_READERS: Mapping[str, Callable[[str], Locked]] = {
    "package-lock.json": _npm,
    "npm-shrinkwrap.json": _npm,
    "yarn.lock": _yarn,
    "pnpm-lock.yaml": _pnpm,
}
LOCKS = tuple(_READERS)
"""The names of the files that can be read."""
