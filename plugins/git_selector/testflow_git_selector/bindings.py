"""Which names a statement binds."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from testflow_git_selector.syntax import Definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def is_of_python(node: ast.stmt) -> bool:
    """Whether a statement imports what comes with Python."""
    if isinstance(node, ast.ImportFrom):
        return not node.level and (node.module or "").partition(".")[0] in sys.stdlib_module_names
    return isinstance(node, ast.Import) and node.names[0].name.partition(".")[0] in sys.stdlib_module_names


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that stand in these nodes."""
    return {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def binding(statement: ast.stmt) -> set[str]:
    """The names that a statement may bind."""
    if isinstance(statement, Definition | ast.ClassDef):
        return {statement.name}
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, Definition | ast.ClassDef):
            found.add(node.name)
    return found


def bound_by(target: ast.expr) -> Iterator[str | None]:
    """The names that a target binds; None for a part of it that changes something that is there."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from bound_by(each)
    elif isinstance(target, ast.Starred):
        yield from bound_by(target.value)
    else:
        yield None
