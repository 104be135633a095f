"""What is known of the values of a module's names as it is gone through, and which of them may fail to be made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

from attrs import define, field

from testflow_git_selector.constants import OPAQUE, RAISED, UnknownError, kind_of, value_of
from testflow_git_selector.import_time import may_fail, refuses
from testflow_git_selector.syntax import replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

FUNCTION, CLASS = "a function", "a class"
DEFINED = frozenset({FUNCTION, CLASS})
"""Kinds of what a name is bound to; others are those of values."""

Assigning = ast.Assign | ast.AnnAssign | ast.AugAssign


@define
class Worked:
    """
    The names of a module: their values, as far as they can be worked out, and kinds.

    What one of `fallible` is bound to may fail to be made, one of `refusing` by what it is given, one of `failing`
    does. Names that functions bind are `rebound`.
    """

    rebound: frozenset[str] = frozenset()
    values: dict[str, object] = field(factory=dict[str, object])
    kinds: dict[str, str] = field(factory=dict[str, str])
    fallible: set[str] = field(factory=set[str])
    refusing: set[str] = field(factory=set[str])
    failing: set[str] = field(factory=set[str])

    def unknown(self, names: Iterable[str], value: object = OPAQUE) -> None:
        """Take note that these names are bound to what nobody works out."""
        for name in names:
            self.values[name] = value
            self.kinds[name] = ""

    def assign(self, node: Assigning, targets: Sequence[ast.expr], names: Sequence[str]) -> bool:
        """Whether what is assigned to these names is known, so that it is known not to fail."""
        try:
            made = self._assigned(node)
            for target in targets:
                self._bind(target, made)
        except UnknownError:
            self.unknown(names)
            return False
        except RAISED:
            self.failing.update(names)
            self.unknown(names)
            return False
        return True

    def note(self, names: Iterable[str], nodes: Sequence[ast.AST], above: AbstractSet[str]) -> None:
        """Take note whether what these are bound to may fail to be made, with the names above it."""
        if any(may_fail(each, above) for each in nodes):
            self.fallible.update(names)
            if any(refuses(each) for each in nodes):
                self.refusing.update(names)

    def _assigned(self, node: Assigning) -> object:
        if isinstance(node, ast.AugAssign):
            before = replaced(node.target, ctx=ast.Load())
            return value_of(replaced(ast.BinOp(), left=before, op=node.op, right=node.value), self.values)
        if node.value is None:
            raise UnknownError
        return value_of(node.value, self.values)

    def _bind(self, target: ast.expr, value: object) -> None:
        if isinstance(target, ast.Name) and target.id not in self.rebound:
            self.values[target.id] = value
            self.kinds[target.id] = kind_of(value)
        elif isinstance(target, ast.Tuple | ast.List) and not any(
            isinstance(each, ast.Starred) for each in target.elts
        ):
            for each, part in zip(target.elts, tuple(cast("Iterable[object]", value)), strict=True):
                self._bind(each, part)
        else:
            raise UnknownError
