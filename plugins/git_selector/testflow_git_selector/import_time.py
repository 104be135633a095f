"""What running a module-level statement does: whether it has effects that others notice, and whether it may fail."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any

from testflow_git_selector.constants import LIBRARY, RAISED, REFUSING, UnknownError, root_of, value_of
from testflow_git_selector.syntax import Definition, last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

# What these make depends on their arguments alone, and nobody else notices that it was made.
_PURE = frozenset(
    {
        "abs", "bool", "bytes", "complex", "dict", "enumerate", "float", "frozenset", "int", "len", "list", "max",
        "min", "object", "pow", "range", "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple", "zip",
        "compile", "getLogger", "namedtuple", "TypeVar", "NewType", "Decimal", "Fraction", "timedelta", "timezone",
        "datetime", "date", "Path", "PurePath", "PurePosixPath", "MappingProxyType", "attrgetter", "itemgetter",
        "methodcaller", "partial", "deque", "OrderedDict", "defaultdict", "Counter", "Lock", "RLock"
    }
)  # fmt: skip
PLAIN_BASES = frozenset(
    {
        "ABC", "Generic", "Protocol", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple",
        *(name for name, each in vars(builtins).items() if isinstance(each, type) and issubclass(each, BaseException)),
    }
)  # fmt: skip
"""Classes that do nothing where others inherit from them."""

PLAIN_DECORATORS = frozenset(
    {"property", "staticmethod", "classmethod", "setter", "deleter", "abstractmethod", "overload"}
)
"""Decorators that do nothing else with a method than to have it called in another way."""

_EVERYWHERE = frozenset({*dir(builtins), "__file__", "__path__", "__module__", "__qualname__"})


def is_pure(node: ast.AST) -> bool:
    """Whether an expression only makes a value."""
    return all(
        last_name(inner.func) in _PURE if isinstance(inner, ast.Call) else not isinstance(inner, ast.NamedExpr)
        for inner in _run_now(node)
    )


def _run_now(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, ast.Lambda):
        for inner in ast.iter_child_nodes(node):
            yield from _run_now(inner)


def is_plain_function(node: Definition) -> bool:
    """Whether making the function has no effect."""
    hooked = node.name.startswith(("pytest_", "__"))
    return not hooked and not node.decorator_list and is_pure(node.args)


def is_plain_class(node: ast.ClassDef, is_plain_base: Callable[[ast.expr], bool]) -> bool:
    """Whether making the class has no effect: whoever decorates it or is its base may keep a list of its like."""
    if node.decorator_list or not all(is_plain_base(base) for base in node.bases):
        return False
    if any(each.arg != "metaclass" or last_name(each.value) != "ABCMeta" for each in node.keywords):
        return False
    hooks = {"__init_subclass__", "__class_getitem__", "__set_name__"}
    return all(_is_plain_member(each, is_plain_base) and getattr(each, "name", "") not in hooks for each in node.body)


def _is_plain_member(node: ast.stmt, is_plain_base: Callable[[ast.expr], bool]) -> bool:
    if isinstance(node, Definition):
        return all(last_name(each) in PLAIN_DECORATORS for each in node.decorator_list) and is_pure(node.args)
    if isinstance(node, ast.ClassDef):
        return is_plain_class(node, is_plain_base)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return node.value is None or is_pure(node.value)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def is_for_types_only(node: ast.stmt) -> bool:
    """Whether a statement is for checkers of types, and never run."""
    return isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING" and not node.orelse


def may_fail(node: ast.AST, bound: AbstractSet[str]) -> bool:
    """
    Whether making a function, a class or a value may raise, where these names are bound.

    Looking up a name that is not bound does, an attribute, an item, what operators do to other than literals, and what
    looks at the value that it is given, as `int` does, where that is not a literal that it takes.
    """
    fails = _FAILS.get(type(node))
    if fails is not None:
        return fails(node, bound)
    return any(may_fail(each, bound) for each in ast.iter_child_nodes(node))


def _name(node: Any, bound: AbstractSet[str]) -> bool:
    return isinstance(node.ctx, ast.Load) and not _is_bound(node.id, bound)


def _call(node: Any, bound: AbstractSet[str]) -> bool:
    inside = [*node.args, *(each.value for each in node.keywords)]
    if not _is_bound(root_of(node.func), bound) or any(may_fail(each, bound) for each in inside):
        return True
    return last_name(node.func) in REFUSING and not _is_taken(node)


def _is_taken(node: ast.Call) -> bool:
    try:
        value_of(node, {root_of(node.func): LIBRARY})
    except (UnknownError, *RAISED):
        return False
    return True


def refuses(node: ast.AST) -> bool:
    """Whether an expression has in it what takes not every value."""
    return any(isinstance(inner, ast.Call) and last_name(inner.func) in REFUSING for inner in _run_now(node))


def _function(node: Any, bound: AbstractSet[str]) -> bool:
    several = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
    annotations = [node.returns, *(each.annotation for each in several if each is not None)]
    return _unknown([*annotations, *node.decorator_list], bound) or _defaults(node, bound)


def _defaults(node: Any, bound: AbstractSet[str]) -> bool:
    return any(may_fail(each, bound) for each in (*node.args.defaults, *node.args.kw_defaults) if each is not None)


def _annotated(node: Any, bound: AbstractSet[str]) -> bool:
    return _unknown([node.annotation], bound) or (node.value is not None and may_fail(node.value, bound))


def _class(node: Any, bound: AbstractSet[str]) -> bool:
    known = set(bound)
    if any(isinstance(each, ast.Name) and each.id == "__slots__" for part in node.body for each in ast.walk(part)):
        # What is one of them and has a value besides is refused.
        return True
    if _unknown([*node.decorator_list, *node.bases, *(each.value for each in node.keywords)], bound):
        return True
    for each in node.body:
        if may_fail(each, known):
            return True
        known |= {inner.id for inner in ast.walk(each) if isinstance(inner, ast.Name)}
        known |= {each.name} if isinstance(each, Definition | ast.ClassDef) else set()
    return False


# Who has these nodes knows their classes: only what is listed by a class comes to its function.
_FAILS: Mapping[type[ast.AST], Callable[[Any, AbstractSet[str]], bool]] = {
    ast.Name: _name,
    ast.Call: _call,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _defaults,
    ast.AnnAssign: _annotated,
    ast.ClassDef: _class,
    ast.Starred: lambda node, _: isinstance(node.ctx, ast.Load),
    ast.BinOp: lambda node, _: not (isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)),
    ast.AugAssign: lambda node, _: not isinstance(node.value, ast.Constant),
    ast.Attribute: lambda *_: True,
    ast.Subscript: lambda *_: True,
    ast.comprehension: lambda *_: True,
}


def _unknown(annotations: list[ast.expr | None], bound: AbstractSet[str]) -> bool:
    """Whether an annotation has a name that is not bound: what is done to those that are does not fail."""
    nodes = (node for each in annotations if each is not None for node in ast.walk(each))
    return any(isinstance(node, ast.Name) and not _is_bound(node.id, bound) for node in nodes)


def _is_bound(name: str, bound: AbstractSet[str]) -> bool:
    # Whoever imports all that another module has may have any name.
    return name in bound or "*" in bound or name in _EVERYWHERE
