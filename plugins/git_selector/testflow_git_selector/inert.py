"""Whether a file that differs from its base can make anything else happen than before."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath
from typing import TypeAlias

_CALLED_BY_NAME = re.compile(r"__\w+__|pytest_|(?i:set_?up|tear_?down|run_?test)|load_tests")
"""What a framework or the language calls though nobody in the file does."""
_SLASHES = {
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".java",
    ".kt",
    ".go",
    ".rs",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".cs",
}

_Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"


def is_inert(file: str, before: str, now: str) -> bool:
    """
    Whether only comments, white space and functions differ that nothing calls which was there before.

    Of Python by its syntax; of languages with `//` by whole lines of comment. Of anything else it is not known: False.
    """
    suffix = PurePosixPath(file).suffix
    if suffix in _SLASHES:
        return _without_comments(before) == _without_comments(now)
    if suffix != ".py":
        return False
    try:
        old, new = ast.parse(before), ast.parse(now)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return [ast.dump(each) for each in old.body] == [ast.dump(each) for each in _kept(old.body, new.body)]


def _without_comments(text: str) -> list[str]:
    lines = (line.rstrip() for line in text.splitlines())
    return [line for line in lines if line and not line.lstrip().startswith("//")]


def _kept(old: list[ast.stmt], new: list[ast.stmt], *, derived: bool = False) -> list[ast.stmt]:
    """
    The new statements without functions of a new name, in classes, too.

    In a class that is `derived` a method may stand for one of its bases; only a test of a new name does not.
    """
    names = {each.name for each in old if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    classes = {each.name: each for each in old if isinstance(each, ast.ClassDef)}
    kept: list[ast.stmt] = []
    for each in new:
        if (
            isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))
            and each.name not in names
            and _is_idle(each, derived)
        ):
            continue
        if isinstance(each, ast.ClassDef) and each.name in classes:
            each.body = _kept(classes[each.name].body, each.body, derived=bool(each.bases))
        kept.append(each)
    return kept


def _is_idle(function: _Function, derived: bool) -> bool:
    """Whether it does nothing unless it is called: its decorators and the defaults of its parameters do."""
    if derived and not function.name.startswith("test"):
        return False
    arguments = function.args
    worked_out = [*function.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults)]
    return all(isinstance(each, ast.Constant) for each in worked_out) and not _CALLED_BY_NAME.match(function.name)
