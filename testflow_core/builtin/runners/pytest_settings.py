"""What a checkout's own configuration tells pytest of where its tests are."""

from __future__ import annotations

import configparser
import shlex
import tomllib
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SIZE_LIMIT = 1 << 20


@frozen(kw_only=True)
class PytestSettings:
    """`python_files` are globs as pytest reads them; `testpaths` are where it looks when it is given no path."""

    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    testpaths: tuple[str, ...] = ()

    def wants(self, file: str) -> bool:
        """Whether pytest would collect the file of this path: globs with `/` may match its end, `*` crosses folders."""
        name = file.rpartition("/")[2]
        return any(
            fnmatchcase(file, glob) or fnmatchcase(file, f"*/{glob}") if "/" in glob else fnmatchcase(name, glob)
            for glob in self.python_files
        )


def pytest_settings(checkout: Path) -> PytestSettings:
    """The settings of the first file that has some, in pytest's order; pytest will tell of one that cannot be read."""
    for name, section in (
        ("pytest.toml", ("pytest",)),
        (".pytest.toml", ("pytest",)),
        ("pytest.ini", ("pytest",)),
        (".pytest.ini", ("pytest",)),
        ("pyproject.toml", ("tool", "pytest")),
        ("tox.ini", ("pytest",)),
        ("setup.cfg", ("tool:pytest",)),
    ):
        path = checkout / name
        with suppress(OSError, ValueError, configparser.Error):
            if path.stat().st_size > SIZE_LIMIT:
                continue
            read = _toml if name.endswith(".toml") else _ini
            found = read(path.read_text(encoding="utf-8"), section)
            if found is not None or name in {"pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"}:
                return _settings(found or {})
    return PytestSettings()


def _settings(values: Mapping[str, object]) -> PytestSettings:
    known = {key: _words(values[key]) for key in ("python_files", "testpaths") if values.get(key)}
    return PytestSettings(**known)


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, cast("list[object]", value)))
    return tuple(shlex.split(str(value)))


def _ini(text: str, section: tuple[str, ...]) -> Mapping[str, object] | None:
    parser = configparser.RawConfigParser(inline_comment_prefixes=("#", ";"))
    parser.read_string(text)
    return dict(parser[section[0]]) if section[0] in parser else None


def _toml(text: str, section: tuple[str, ...]) -> Mapping[str, object] | None:
    table: object = tomllib.loads(text)
    for part in section:
        table = cast("dict[str, object]", table).get(part) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return None
    table = cast("dict[str, object]", table)
    nested = table.get("ini_options")
    return cast("dict[str, object]", nested) if isinstance(nested, dict) else table
