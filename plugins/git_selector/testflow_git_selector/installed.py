"""The packages that are installed for an application: their modules, and which of them need which."""

from __future__ import annotations

import re
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_git_selector.lock_files import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_FILES = 20_000
_BYTES = 200 * 1024 * 1024
_REQUIRES = re.compile(r"^Requires-Dist:\s*([A-Za-z0-9][\w.-]*)", re.MULTILINE)
_NAME = re.compile(r"^Name:\s*(\S+)", re.MULTILINE)
_HARMLESS = frozenset({"console_scripts", "gui_scripts"})


@frozen(kw_only=True)
class Distribution:
    """
    An installed package: the names of its modules, what it needs, extras included, and its files in Python.

    One that `loads` itself does so without being imported: by entry points, or when Python starts.
    """

    modules: frozenset[str]
    needs: frozenset[str]
    files: tuple[Path, ...]
    loads: bool


def site_packages(python: str | None, checkout: Path) -> Path | None:
    """Where the packages of an application are installed: with its Python, else in an environment of the checkout."""
    homes = [*([Path(python).parent.parent] if python else []), checkout / ".venv", checkout / "venv"]
    found = [
        each
        for home in homes
        for each in (*sorted(home.glob("lib/python3*/site-packages")), home / "Lib/site-packages")
    ]
    return next((each for each in found if each.is_dir()), None)


def distributions(folder: Path) -> Mapping[str, Distribution]:
    """The packages in a folder, by their normalised names; those that are checkouts are left out."""
    found: dict[str, Distribution] = {}
    for each in folder.glob("*.dist-info"):
        metadata = _text(each / "METADATA")
        name = _NAME.search(metadata)
        if name and '"editable": true' not in _text(each / "direct_url.json").replace('":true', '": true'):
            found[normalised(name[1])] = _distribution(folder, each, metadata)
    return found


def needing(packages: Mapping[str, Distribution], names: Iterable[str]) -> frozenset[str] | None:
    """
    These packages, and those that need one of them by what they declare or by what their text imports.

    None where there is too much text to say.
    """
    found = set(names)
    while True:
        modules = {module for name in found if name in packages for module in packages[name].modules}
        fresh = {name for name, each in packages.items() if name not in found and not each.needs.isdisjoint(found)}
        importing = _importing(packages, modules, found | fresh)
        if importing is None:
            return None
        fresh |= importing
        if not fresh:
            return frozenset(found)
        found |= fresh


def _importing(packages: Mapping[str, Distribution], modules: Iterable[str], known: set[str]) -> set[str] | None:
    """The packages in whose text one of the modules is imported, or named in quotes."""
    words = "|".join(re.escape(each) for each in sorted(modules)).encode()
    pattern = re.compile(rb"\b(?:import|from)[ \t]+(?:" + words + rb")\b|[\"'](?:" + words + rb")[\"'.:]")
    found: set[str] = set()
    files = size = 0
    for name, each in packages.items():
        for file in each.files if name not in known and words else ():
            text = _bytes(file)
            files, size = files + 1, size + len(text)
            if files > _FILES or size > _BYTES:
                return None
            if pattern.search(text):
                found.add(name)
                break
    return found


def _distribution(folder: Path, place: Path, metadata: str) -> Distribution:
    paths = [line.rsplit(",", 2)[0] for line in _text(place / "RECORD").splitlines()]
    inside = [path for path in paths if not path.startswith(("..", "/")) and ".dist-info/" not in path]
    return Distribution(
        modules=frozenset(_modules(inside)),
        needs=frozenset(map(normalised, _REQUIRES.findall(metadata))),
        files=tuple(folder / path for path in inside if path.endswith(".py")),
        loads=any(path.endswith(".pth") for path in inside) or not _groups(place) <= _HARMLESS,
    )


def _modules(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        first, slash, _ = path.partition("/")
        if slash or first.endswith((".py", ".so", ".pyd")):
            yield first.partition(".")[0]


def _groups(place: Path) -> frozenset[str]:
    parser = ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    try:
        parser.read_string(_text(place / "entry_points.txt"))
    except ConfigParserError:
        return frozenset({"unknown"})
    return frozenset(parser.sections())


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", errors="replace")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
