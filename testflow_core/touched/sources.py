"""What the source of a Python module says of itself: which modules it imports, and which unit a line belongs to."""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MODULE = "<module>"

SHOWING = frozenset(
    {"co_firstlineno", "co_lines", "co_positions", "extract_tb", "f_lineno", "getlineno", "getsourcelines", "tb_lineno"}
)
"""What is asked for the line in which something is."""

PERHAPS = frozenset({"lineno", "end_lineno"})
TELLING = frozenset({"dis", "inspect", "linecache", "pytest", "traceback", "warnings"})
"""Whose answers have such attributes; where none of these is imported, they are those of somebody's own tokens."""

IN_C = frozenset({"stat", "lstat", "access"})
"""Functions of `os` whose calls nobody tells of before Python 3.12, nor those of `__import__`."""

_ATTACHING = re.compile(r"""\battach\s+(?:database\b|['"?:%{\[]|$)""", re.IGNORECASE)
"""`ATTACH ? AS other`, f"attach {path} as other": SQLite opens another file, and tells nobody."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@frozen(kw_only=True)
class Source:
    """
    The modules that are imported anywhere in a module, and its units: first line, last line, qualified name.

    What is imported from a package may be a module of it, so both are there. `showing` are those units that ask in
    which line something is, `attaching` those that may attach databases, `asking` those that call what Python cannot
    tell of before 3.12.
    """

    imports: frozenset[str] = field(factory=frozenset[str])
    units: tuple[tuple[int, int, str], ...] = ()
    showing: frozenset[str] = field(factory=frozenset[str])
    attaching: frozenset[str] = field(factory=frozenset[str])
    asking: frozenset[str] = field(factory=frozenset[str])

    def unit_at(self, line: int, name: str) -> str:
        """The unit of a code object by its first line and its plain name, for Pythons that know no qualified ones."""
        if name == MODULE:
            return MODULE
        around = [each for each in self.units if each[0] <= line <= each[1]]
        exact = [each for each in around if each[0] == line and each[2].rpartition(".")[2] == name]
        return min(exact or around, key=lambda each: each[1] - each[0])[2] if around else MODULE


def unit_of(qualified: str) -> str:
    """
    The unit of a code object by its qualified name: a function that no other contains, a class, or the module.

    What is defined within a function is a part of it; a lambda or a comprehension of a module or a class is one of
    that, and so is what Python itself makes for annotations and type parameters.
    """
    parts = qualified.partition(".<locals>")[0].split(".")
    own = [part for part in parts if part == MODULE or not (part.startswith("<") or part == "__annotate__")]
    return ".".join(own) or MODULE


def source_of(text: bytes, module: str, *, package: bool) -> Source:
    """What the source of a module of this name says; nothing where it is no Python of ours."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Source()
    parent = module if package else module.rpartition(".")[0]
    known = tuple(_units(tree.body, ""))
    imports = frozenset(_imports(tree, parent))
    attributes = SHOWING if TELLING.isdisjoint(imports) else SHOWING | PERHAPS
    found: defaultdict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and (kind := _kind(node, attributes)):
            around = [each for each in known if each[0] <= node.lineno <= each[1]]
            found[kind].add(min(around, key=lambda each: each[1] - each[0])[2] if around else MODULE)
    named = {kind: frozenset(units) for kind, units in found.items()}
    return Source(imports=imports, units=known, **named)


def _kind(node: ast.expr, attributes: frozenset[str]) -> str:
    """What an expression has its unit be, if anything."""
    if isinstance(node, ast.Attribute):
        of_os = isinstance(node.value, ast.Name) and node.value.id == "os" and node.attr in IN_C
        return "showing" if node.attr in attributes else "asking" if of_os or node.attr == "__import__" else ""
    if isinstance(node, ast.Name):
        return "showing" if node.id in SHOWING else "asking" if node.id in {"__import__", "lstat", "access"} else ""
    attaches = isinstance(node, ast.Constant) and isinstance(node.value, str) and _ATTACHING.search(node.value)
    return "attaching" if attaches else ""


def _imports(tree: ast.AST, parent: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            above = parent.split(".")[: len(parent.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            for alias in node.names:
                yield f"{base}.{alias.name}" if base else alias.name


def _units(body: Iterable[ast.stmt], prefix: str) -> Iterator[tuple[int, int, str]]:
    for node in body:
        if isinstance(node, Definition | ast.ClassDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            yield first, node.end_lineno or node.lineno, prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _units(node.body, f"{prefix}{node.name}.")
        else:
            # Definitions may stand below `if`, `try` or `with`.
            for name in ("body", "orelse", "finalbody"):
                yield from _units(getattr(node, name, ()), prefix)
            for handler in getattr(node, "handlers", ()):
                yield from _units(handler.body, prefix)
            for case in getattr(node, "cases", ()):
                yield from _units(case.body, prefix)
