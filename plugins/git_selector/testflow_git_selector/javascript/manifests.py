"""What package.json and tsconfig.json say of names: packages of the checkout, dependencies, paths, aliases."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import dirname, join, normpath
from typing import TypeAlias, cast

from attrs import field, frozen

from testflow_git_selector.javascript.lock_entries import dumped
from testflow_git_selector.lock_files import Locked

Content: TypeAlias = Callable[[str], bytes | None]
"""What a file of the checkout holds; None where it cannot be read."""

_Table = Mapping[str, object]

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')
_DEPENDENCIES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies", "bundleDependencies")
_MAIN = ("main", "module", "browser", "types", "typings", "source", "react-native")
_LOCAL = ("file:", "link:", "portal:", "workspace:", "./", "../")
_VERSIONED = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_NOT_FOR_TESTS = frozenset({*_DEPENDENCIES, *_MAIN, "bin", "exports", "imports", "files", "scripts", "workspaces"})
_DEEPEST = 20


@frozen(kw_only=True)
class Package:
    """
    A package of the checkout: its folder, and what it says of names.

    `exports` and `imports` lead from a name to the paths that any condition gives it, `main` are what stands for the
    package itself. `dependencies` are the names that it may import from others, `links` those that are folders.
    """

    folder: str
    name: str = ""
    main: tuple[str, ...] = ()
    exports: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    imports: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    dependencies: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(factory=dict[str, str])
    for_tests: tuple[str, ...] = ()


@frozen(kw_only=True)
class Aliases:
    """What a configuration of TypeScript says of names, for the files below its folder."""

    folder: str
    base: str | None = None
    paths: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    extends: tuple[str, ...] = ()


def package(path: str, content: bytes | None, words: Sequence[str] = ()) -> Package:
    """What a package.json says, nothing where it cannot be read; `words` may be names of scripts that run its tests."""
    told = _table(_loaded(content))
    folder = dirname(path)
    dependencies = {name: value for key in _DEPENDENCIES for name, value in _pairs(told.get(key))}
    exports = told.get("exports")
    return Package(
        folder=folder,
        name=_text(told.get("name")),
        main=tuple(text for key in _MAIN for text in _texts(told.get(key))),
        exports=_targets(exports if _is_by_path(exports) else {".": exports} if exports else {}),
        imports=_targets(told.get("imports")),
        dependencies=frozenset(dependencies),
        links={name: _under(folder, value) for name, value in dependencies.items() if value.startswith(_LOCAL)},
        for_tests=tuple(_for_tests(told, words)),
    )


def is_manifest(path: str) -> bool:
    """Whether a file is the manifest of a package."""
    return path.rpartition("/")[2] == "package.json"


def declared_packages(content: bytes) -> Locked | None:
    """Which packages a package.json asks for, `rest` being what it says besides; None where it cannot be read."""
    told = _table(_loaded(content))
    if not told:
        return None
    packages: defaultdict[str, list[str]] = defaultdict(list)
    rest = dict(told)
    for key in _VERSIONED:
        asked = dict(_pairs(told.get(key)))
        for name, version in asked.items():
            packages[name].append(f"{key}: {version}")
        # What is a folder of the checkout is no package that is installed.
        rest[key] = {name: version for name, version in asked.items() if version.startswith(_LOCAL)}
    return Locked(packages={name: "\n".join(those) for name, those in packages.items()}, rest=dumped(rest))


def aliases(path: str, content: bytes | None) -> Aliases:
    """What a tsconfig.json or jsconfig.json says; nothing where it cannot be read."""
    told = _table(_loaded(content, comments=True))
    options = _table(told.get("compilerOptions"))
    folder = dirname(path)
    base = _text(options.get("baseUrl"))
    above = _under(folder, base) if base else folder
    return Aliases(
        folder=folder,
        base=above if base else None,
        paths={
            name: tuple(_under(above, target) for target in _texts(targets))
            for name, targets in _table(options.get("paths")).items()
        },
        extends=tuple(_texts(told.get("extends"))),
    )


def _for_tests(told: _Table, called: Sequence[str]) -> Iterator[str]:
    """The texts of a package.json that may be for tests: what scripts run, what tools are told."""
    for key, value in told.items():
        if key not in _NOT_FOR_TESTS:
            yield from _texts(value)
    scripts = dict(_pairs(told.get("scripts")))
    waiting = [name for name in scripts if "test" in name or name in called]
    while waiting:
        words = re.split(r"[\s=\"']+", scripts.pop(waiting.pop(), ""))
        yield from words
        waiting += [name for name in scripts if name in words]


def _targets(told: object) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(_texts(value)) for name, value in _table(told).items()}


def _is_by_path(exports: object) -> bool:
    return any(key.startswith(".") for key in _table(exports))


def _under(folder: str, path: str) -> str:
    protocol, colon, rest = path.partition(":")
    path = rest if colon and f"{protocol}:" in _LOCAL else path
    joined = normpath(join(folder, path))
    return "" if joined == "." else joined


def _loaded(content: bytes | None, *, comments: bool = False) -> object:
    text = (content or b"").decode("utf-8", errors="replace").lstrip("\ufeff")
    if comments:
        text = _LAST_COMMA.sub(r"\1", _COMMENT.sub(r"\1", text))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _table(value: object) -> _Table:
    return cast("_Table", value) if isinstance(value, Mapping) else {}


def _pairs(value: object) -> Iterator[tuple[str, str]]:
    for name, each in _table(value).items():
        yield name, _text(each)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """All texts within a value; keys are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and depth < _DEEPEST:
        for each in cast("_Table", value).values():
            yield from _texts(each, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for each in cast("Sequence[object]", value):
            yield from _texts(each, depth + 1)
