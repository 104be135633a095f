"""Finds the program that a command of Node's world ends in, through package managers and the scripts of packages."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, cast

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE_LIMIT = 1 << 20
DEPTH_LIMIT = 8
RUN = {"run", "run-script"}
# What a script may be called without `run`.
TEST = {"npm": {"test", "t", "tst"}, "yarn": {"test"}, "pnpm": {"test", "t"}}
EXEC = {"npm": {"exec", "x"}, "yarn": set[str](), "pnpm": {"exec"}}
# Words of yarn and pnpm that are not the name of a program to run.
OWN_WORDS = {
    "add",
    "audit",
    "create",
    "dlx",
    "exec",
    "init",
    "install",
    "node",
    "run",
    "test",
    "workspace",
    "workspaces",
}
QUIET = {"-s", "--silent", "-q", "--quiet", "--if-present"}
NPX_FLAGS = QUIET | {"-y", "--yes", "--no", "--no-install"}
# Options of Node whose value is a word of its own.
VALUED = {"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions"}
SHELL = re.compile(r"[&|;<>()]+")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@frozen(kw_only=True)
class Invocation:
    """
    A program that a command certainly ends in, the words it is given, and the variables that are set for it.

    `separator` must stand at the end of the command before further words, so that they reach the program.
    """

    program: str
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(factory=dict[str, str])
    separator: tuple[str, ...] = ()


def scripts(checkout: Path) -> Mapping[str, str]:
    """The scripts of its `package.json`; none where it is missing, broken or larger than a mebibyte."""
    path = checkout / "package.json"
    try:
        if path.stat().st_size > PACKAGE_LIMIT:
            return {}
        package: object = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    found = cast("dict[str, object]", package).get("scripts") if isinstance(package, dict) else None
    if not isinstance(found, dict):
        return {}
    named = cast("dict[str, object]", found)
    return {name: text for name, text in named.items() if isinstance(text, str)}


def invocation(argv: Sequence[str], named: Mapping[str, str], depth: int = 0) -> Invocation | None:
    """
    The program that these words run in the end, given these scripts; None where that is not certain.

    It is not where a script needs a shell for more than variables and quotation marks, a program is no package's but
    the application's own, or a package manager is given an option that may send it elsewhere.
    """
    variables, words = _assigned(argv)
    if not words or depth > DEPTH_LIMIT:
        return None
    program, rest = words[0], words[1:]
    known = PurePath(program).name
    if known in {"cross-env", "env"}:
        found = invocation(rest, named, depth + 1) if not rest or not rest[0].startswith("-") else None
    elif program == "npx":
        found = _installed(_unflagged(rest, NPX_FLAGS))
    elif program in TEST:
        found = _managed(program, _unflagged(rest, QUIET), named, depth)
    elif known == "node":
        found = _by_node(rest)
    else:
        found = _installed(words)
    return found and evolve(found, variables={**variables, **found.variables})


def options(words: Sequence[str]) -> set[str]:
    """The names of the options among the words, `outputfile` for `--output-file=x`; less those that are put off."""
    found = (word.partition("=") for word in words if word.startswith("-") and word.strip("-"))
    return {name.replace("-", "").lower() for name, _, value in found if value != "false"}


def _assigned(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The variables that are set in front of a command, and the command."""
    count = next((at for at, word in enumerate(words) if not ASSIGNMENT.match(word)), len(words))
    parts = (word.partition("=") for word in words[:count])
    return {name: value for name, _, value in parts}, list(words[count:])


def _unflagged(words: Sequence[str], flags: set[str]) -> list[str]:
    """The words after these flags; none where there is any other."""
    count = next((at for at, word in enumerate(words) if word not in flags), len(words))
    rest = list(words[count:])
    return [] if rest and rest[0].startswith("-") and rest[0] != "--" else rest


def _managed(manager: str, words: list[str], named: Mapping[str, str], depth: int) -> Invocation | None:
    """What a package manager runs: a script, or an installed program."""
    if not words:
        return None
    verb, rest = words[0], words[1:]
    if verb in TEST[manager]:
        return _script(manager, "test", rest, named, depth)
    if verb in RUN:
        rest = _unflagged(rest, QUIET)
        return _script(manager, rest[0], rest[1:], named, depth) if rest else None
    if verb in EXEC[manager]:
        return _installed(rest) if manager != "npm" or rest[:1] == ["--"] else None
    if manager == "npm" or verb in OWN_WORDS:
        return None
    return _script(manager, verb, rest, named, depth) if verb in named else _installed(words)


def _script(manager: str, name: str, given: list[str], named: Mapping[str, str], depth: int) -> Invocation | None:
    words = _split(named.get(name, ""))
    if not words:
        return None
    separator: tuple[str, ...] = ()
    if manager == "npm":
        # npm keeps options for itself up to the first `--`, and hands on what is no option.
        before, marks, after = _parted(given)
        if any(word.startswith("-") and word not in QUIET for word in before):
            return None
        given, separator = [*(word for word in before if word not in QUIET), *after], () if marks else ("--",)
    elif "--" in given:
        # Some versions hand it on, some do not.
        return None
    found = invocation([*words, *given], named, depth + 1)
    return found and evolve(found, separator=(*separator, *found.separator))


def _parted(words: list[str]) -> tuple[list[str], list[str], list[str]]:
    at = words.index("--") if "--" in words else len(words)
    return words[:at], words[at : at + 1], words[at + 1 :]


def _split(text: str) -> list[str]:
    """The words of a script; none where a shell would do more with it than take off quotation marks."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.commenters = ""
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return []
    if "\n" in text or any(SHELL.fullmatch(word) or word.startswith("#") or set("`$") & set(word) for word in words):
        return []
    return words


def _by_node(words: list[str]) -> Invocation | None:
    """The program of a package that Node is given by its path."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in VALUED else 1
    return _installed(words[at:]) if "/" in "".join(words[at : at + 1]) else None


def _installed(words: list[str]) -> Invocation | None:
    """A program that a package brought: by its name, or by a path below `node_modules`."""
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        return None
    path = PurePath(words[0])
    named = "/" not in words[0]
    if not named and "node_modules" not in path.parts:
        return None
    name = path.name.partition("@")[0] if named else path.name
    return Invocation(program=name.removesuffix(".mjs").removesuffix(".js"), arguments=tuple(words[1:]))
