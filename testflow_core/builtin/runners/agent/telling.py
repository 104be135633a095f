"""Functions of the standard library that tell of each call themselves, by a statement put before their own."""

from __future__ import annotations
import __future__

import ast
import inspect
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FunctionType
    from typing import Callable, Iterable

TELLER = "testflow: whom to tell"
"""Stands in the statement for whom to tell, until it is compiled: source cannot name an object."""

CALLED = "__call__"
"""Asked of it, as to call a text is warned of."""

LATER = __future__.annotations.compiler_flag


class NoSourceError(Exception):
    """The source of a function is not at hand, or not what was compiled."""


def tell(function: FunctionType, told: Callable[[], object]) -> None:
    """
    From now on a function calls another first, without arguments; that finds it in the frame above its own.

    It is compiled from its own source, with the same lines and columns, so that a traceback is what it was, and whoever
    has the function already has the one that tells. Raises `NoSourceError`.
    """
    old = function.__code__
    found = (each for each in _inside(_compiled(function)) if each.co_name == old.co_name)
    new = next(found, None)
    if new is None or _shape(new) != _shape(old):
        raise NoSourceError(f"{old.co_filename} is not what {old.co_name} was compiled from")
    kept: dict[str, Any] = {"co_consts": tuple(told if each == TELLER else each for each in new.co_consts)}
    if hasattr(old, "co_qualname"):
        kept["co_qualname"] = getattr(old, "co_qualname")  # noqa: B009 - since 3.11
    function.__code__ = new.replace(**kept)


def _compiled(function: FunctionType) -> CodeType:
    """The source of a function, with one more statement."""
    code = function.__code__
    try:
        # Where the code is frozen, the module knows its file all the same.
        with open(function.__globals__["__file__"], encoding="utf-8") as stream:  # noqa: PTH123 - what tells is in it
            block = inspect.getblock(stream.readlines()[code.co_firstlineno - 1 :])
        # One line more, which a method needs as it is indented.
        tree = ast.parse("".join(["if True:\n" if block[0][0].isspace() else "\n", *block]))
    except (OSError, LookupError, SyntaxError) as error:
        raise NoSourceError(f"{code.co_name}: {error}") from error
    ast.increment_lineno(tree, code.co_firstlineno - 2)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            node.decorator_list.clear()
            _put_before(node.body)
    return compile(tree, code.co_filename, "exec", code.co_flags & LATER, dont_inherit=True)


def _put_before(body: list[ast.stmt]) -> None:
    """Add the statement; a docstring stays the first."""
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    teller = ast.Attribute(ast.Constant(TELLER), CALLED, ast.Load())
    statement = ast.copy_location(ast.Expr(ast.Call(teller, [], [])), first)
    body.insert(int(documented), ast.fix_missing_locations(statement))


def _inside(code: CodeType) -> Iterable[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _inside(each)


def _shape(code: CodeType) -> object:
    """What the statement does not change."""
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_firstlineno
    return counts, code.co_varnames, code.co_freevars, code.co_cellvars, {*code.co_names} - {CALLED}
