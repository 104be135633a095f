"""What a checkout's own configuration tells pytest of where its tests are."""

from __future__ import annotations

import configparser
import shlex
import tomllib
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from attrs import evolve, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SIZE_LIMIT = 1 << 20
PROMPT = b">>>"
WHOLE = {
    "--numprocesses": "pytest-xdist spreads the tests over processes of its own",
    "--cov": "pytest-cov measures one session",
    "--splits": "pytest-split runs a share of all tests",
    "--num-shards": "pytest-shard runs a share of all tests",
    "--testmon": "pytest-testmon chooses among all tests",
}
"""Options of pytest's plugins for which a session must have all of a suite."""

NONE = {"0", "no"}

NO_MODULES = {"setup.py", "__main__.py"}
"""What pytest does not import for its examples: a program, or what installs."""


@frozen(kw_only=True)
class PytestSettings:
    """
    What decides by its configuration and by its command which files pytest collects.

    `python_files` are globs as pytest reads them; `testpaths` are where it looks when it is given no path. Examples in
    documents count where `doctest_globs` match, those in modules where `doctest_modules` says so.
    """

    python_files: tuple[str, ...] = ("test_*.py", "*_test.py")
    testpaths: tuple[str, ...] = ()
    doctest_globs: tuple[str, ...] = ("test*.txt",)
    doctest_modules: bool = False
    whole: str = ""
    """What needs all of a suite in one session, as people would say it; empty where nothing does."""

    def wants(self, checkout: Path, file: str) -> bool:
        """Whether pytest would find tests in the file; opened where its name leaves open whether it has examples."""
        return _matches(file, self.python_files) or (self._may_have_examples(file) and _has_examples(checkout / file))

    def _may_have_examples(self, file: str) -> bool:
        if file.endswith(".py"):
            return self.doctest_modules and file.rpartition("/")[2] not in NO_MODULES
        return _matches(file, self.doctest_globs)


def _matches(file: str, globs: Sequence[str]) -> bool:
    """By pytest's rule: globs with `/` may match the end of a path, `*` crosses folders."""
    name = file.rpartition("/")[2]
    return any(
        fnmatchcase(file, glob) or fnmatchcase(file, f"*/{glob}") if "/" in glob else fnmatchcase(name, glob)
        for glob in globs
    )


def _has_examples(path: Path) -> bool:
    try:
        return PROMPT in path.read_bytes()
    except OSError:
        return False


def pytest_settings(checkout: Path, arguments: Sequence[str] = ()) -> PytestSettings:
    """
    The settings of the first file that has some, in pytest's order, and what the words of the command add.

    Pytest itself will tell of a file that cannot be read.
    """
    values = _configured(checkout)
    known = {key: said for key in ("python_files", "testpaths") if (said := _words(values.get(key, "")))}
    words = [*_words(values.get("addopts", "")), *arguments]
    return evolve(_doctests(words), whole=_whole(words), **known)


def _doctests(words: Sequence[str]) -> PytestSettings:
    """What options of pytest say of examples."""
    pairs = list(pairwise([*words, ""]))
    if "-pno:doctest" in words or ("-p", "no:doctest") in pairs:
        return PytestSettings(doctest_globs=())
    option = "--doctest-glob"
    globs = [after if word == option else word[len(option) + 1 :] for word, after in pairs if _is(option, word)]
    defaults = PytestSettings()
    return evolve(
        defaults,
        doctest_globs=tuple(globs) or defaults.doctest_globs,
        doctest_modules="--doctest-modules" in words,
    )


def _whole(words: Sequence[str]) -> str:
    """The first option that spreads tests over processes, or counts over all of them."""
    short = [f"--numprocesses={word[2:]}" if word.startswith("-n") and word != "-n" else word for word in words]
    for word, after in pairwise([*("--numprocesses" if word == "-n" else word for word in short), ""]):
        option, _, value = word.partition("=")
        if option in WHOLE and (value or after) not in NONE:
            return f"{option} ({WHOLE[option]})"
    return ""


def _is(option: str, word: str) -> bool:
    return word == option or word.startswith(f"{option}=")


def _configured(checkout: Path) -> Mapping[str, object]:
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
                return found or {}
    return {}


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, cast("list[object]", value)))
    try:
        return tuple(shlex.split(str(value)))
    except ValueError:
        return ()


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
