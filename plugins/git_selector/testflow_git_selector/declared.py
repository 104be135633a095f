"""What a project of Python declares that it needs: in `pyproject.toml` and `setup.cfg`, package by package."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from copy import deepcopy
from typing import TYPE_CHECKING, cast

from testflow_git_selector.lock_files import Locked, normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")


def is_declaration(path: str) -> bool:
    """Whether a file declares what a project of Python needs, in a way that can be read."""
    return path.rpartition("/")[2] in _READERS


def declared(path: str, content: bytes) -> Locked | None:
    """What a file declares, `rest` being what it says besides, as JSON; None where it cannot be read."""
    try:
        return _READERS[path.rpartition("/")[2]](content.decode("utf-8"))
    except (ValueError, TypeError, AttributeError, RecursionError, ConfigParserError):
        return None


def _pyproject(text: str) -> Locked:
    """PEP 621 and PEP 735: strings as PEP 508 has them; groups that include others stay with the rest."""
    rest = deepcopy(tomllib.loads(text))
    project = cast("dict[str, object]", rest.get("project", {}))
    lists = {"": cast("list[object]", project.get("dependencies", []))}
    lists |= cast("Mapping[str, list[object]]", project.get("optional-dependencies", {}))
    groups = cast("Mapping[str, list[object]]", rest.get("dependency-groups", {}))
    lists |= {f"group {name}": each for name, each in groups.items()}
    packages = _gathered({name: [each for each in told if isinstance(each, str)] for name, told in lists.items()})
    for told in lists.values():
        told[:] = [each for each in told if not isinstance(each, str)]
    return Locked(packages=packages, rest=json.dumps(rest, sort_keys=True, default=str), loose=True)


def _setup_cfg(text: str) -> Locked:
    """`install_requires` and `extras_require` of setuptools."""
    parser = ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    rest = {name: dict(parser.items(name)) for name in parser.sections()}
    lists = {"": rest.get("options", {}).pop("install_requires", "")}
    lists |= rest.pop("options.extras_require", {})
    packages = _gathered({name: told.splitlines() for name, told in lists.items()})
    return Locked(packages=packages, rest=json.dumps(rest, sort_keys=True), loose=True)


def _gathered(lists: Mapping[str, Iterable[str]]) -> Mapping[str, str]:
    """What is said of each package, by its normalised name, and in which list."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for group, told in lists.items():
        for line in told:
            name = _NAME.match(line)
            if name:
                found[normalised(name[1])].append(f"{group}: {' '.join(line.split())}")
            elif line.strip():
                raise ValueError(f"{line!r} requires nothing that has a name")
    return {name: "\n".join(sorted(lines)) for name, lines in found.items()}


_READERS = {"pyproject.toml": _pyproject, "setup.cfg": _setup_cfg}
