"""
Expressions of other fields: a small grammar of its own.

Python reads them, and what it read is walked: names of fields, numbers, texts, `+ - * / // %`, comparisons, `and`,
`or`, `not`, `a if b else c`, and a few functions. Nothing is looked up, called or run beyond these.
"""

from __future__ import annotations

import ast
import operator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, localcontext
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias, cast

from attrs import field, frozen

from testflow_faker_data.errors import FieldTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from testflow_core.model import Json

Value: TypeAlias = "Json | Decimal"
Evaluate: TypeAlias = "Callable[[Mapping[str, Value]], Value]"

LENGTH_LIMIT = 500
"""Characters of an expression at most: deeper ones could not be read."""

CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)


class ExpressionError(Exception):
    """An expression has no value for a record; the message says why."""


@frozen(kw_only=True)
class Expression:
    """What was written, and the names in it, in their order."""

    text: str
    names: tuple[str, ...]
    _evaluate: Evaluate = field(eq=False, repr=False)

    def value(self, of: Mapping[str, Value]) -> Value:
        """Its value for these values of its names: fractions are Decimals; ExpressionError where it has none."""
        try:
            with localcontext(CONTEXT):
                return self._evaluate(of)
        except DecimalException:
            raise ExpressionError("it divides by zero, or the number has no end") from None
        except ZeroDivisionError:
            raise ExpressionError("it divides by zero") from None
        except (TypeError, ValueError, OverflowError) as error:
            raise ExpressionError(str(error)) from None


@lru_cache(maxsize=1024)
def parsed(text: str) -> Expression:
    """An expression; FieldTypeError where it is none, or uses what is not of the grammar."""
    if len(text) > LENGTH_LIMIT:
        raise FieldTypeError(f"an expression has {LENGTH_LIMIT} characters at most, and this one has {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        evaluate = _compiled(tree, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FieldTypeError(f"{text!r} is no expression: {error.args[0] if error.args else 'too deep'}") from None
    calls = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in calls]
    return Expression(text=text, names=tuple(dict.fromkeys(names)), evaluate=evaluate)


def _compiled(node: ast.expr, text: str) -> Evaluate:
    build = _NODES.get(type(node))
    if build is None:
        raise _foreign(node, text)
    return build(node, text)


def _foreign(node: ast.AST, text: str) -> FieldTypeError:
    what = f"{type(node).__name__} at {getattr(node, 'col_offset', 0)}"
    known = "fields, numbers, texts, + - * / // %, comparisons, and, or, not, if else"
    return FieldTypeError(f"{text!r} has what no expression may have: {what} (known: {known}, {', '.join(FUNCTIONS)})")


def _constant(node: ast.Constant, text: str) -> Evaluate:
    value = node.value
    if not isinstance(value, bool | int | float | str | None):
        raise _foreign(node, text)
    found: Value = Decimal(repr(value)) if isinstance(value, float) else value
    return lambda _: found


def _name(node: ast.Name, _: str) -> Evaluate:
    name = node.id
    return lambda of: of[name]


def _binary(node: ast.BinOp, text: str) -> Evaluate:
    operation = _BINARY.get(type(node.op))
    if operation is None:
        raise _foreign(node.op, text)
    left, right = _compiled(node.left, text), _compiled(node.right, text)

    def evaluate(of: Mapping[str, Value]) -> Value:
        one, other = left(of), right(of)
        if one is None or other is None:
            return None  # as in SQL
        if operation is operator.add and isinstance(one, str) and isinstance(other, str):
            return one + other
        return operation(_number(one), _number(other))

    return evaluate


def _unary(node: ast.UnaryOp, text: str) -> Evaluate:
    inner = _compiled(node.operand, text)
    if isinstance(node.op, ast.Not):
        return lambda of: not inner(of)
    if isinstance(node.op, ast.USub):
        return lambda of: None if (value := inner(of)) is None else -_number(value)
    raise _foreign(node.op, text)


def _boolean(node: ast.BoolOp, text: str) -> Evaluate:
    parts = [_compiled(each, text) for each in node.values]
    if isinstance(node.op, ast.And):
        return lambda of: all(part(of) for part in parts)
    return lambda of: any(part(of) for part in parts)


def _comparison(node: ast.Compare, text: str) -> Evaluate:
    parts = [_compiled(each, text) for each in (node.left, *node.comparators)]
    for each in node.ops:
        if type(each) not in _COMPARISONS:
            raise _foreign(each, text)
    operations = [_COMPARISONS[type(each)] for each in node.ops]

    def evaluate(of: Mapping[str, Value]) -> Value:
        values = [part(of) for part in parts]
        return all(
            _compared(operation, one, other)
            for operation, one, other in zip(operations, values, values[1:], strict=False)
        )

    return evaluate


def _compared(operation: Callable[[object, object], bool], one: Value, other: Value) -> bool:
    if operation not in (operator.eq, operator.ne) and (one is None or other is None):
        return False
    return operation(_exact(one), _exact(other))


def _conditional(node: ast.IfExp, text: str) -> Evaluate:
    test, then, otherwise = (_compiled(each, text) for each in (node.test, node.body, node.orelse))
    return lambda of: then(of) if test(of) else otherwise(of)


def _call(node: ast.Call, text: str) -> Evaluate:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in FUNCTIONS or node.keywords:
        raise _foreign(node, text)
    function, fewest, most = FUNCTIONS[name]
    if not fewest <= len(node.args) <= most:
        wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise FieldTypeError(f"{text!r} gives {name} {len(node.args)} arguments, and it takes {wanted}")
    arguments = [_compiled(each, text) for each in node.args]

    def evaluate(of: Mapping[str, Value]) -> Value:
        values = [argument(of) for argument in arguments]
        if name != "coalesce" and any(value is None for value in values):
            return None
        return function(*values)

    return evaluate


def _number(value: Value) -> int | Decimal:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int | Decimal):
        return value
    raise TypeError(f"{value!r} is no number")


def _exact(value: Value) -> object:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _divided(one: int | Decimal, other: int | Decimal) -> Decimal:
    return Decimal(one) / Decimal(other)


def _rounded(value: Value, places: Value = 0) -> Value:
    if not isinstance(places, int) or not 0 <= places <= 18:  # noqa: PLR2004
        raise ValueError("round takes from 0 to 18 places")
    found = Decimal(_number(value)).quantize(Decimal(1).scaleb(-places))
    return found if places else int(found)


def _later(value: Value, by: timedelta) -> Value:
    text = _text(value)
    if "T" in text:
        return (datetime.fromisoformat(text) + by).isoformat()
    return (date.fromisoformat(text) + by).isoformat()


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _converted(value: Value) -> Value:
    text = _text(value)
    try:
        return int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    except DecimalException:
        raise ValueError(f"{value!r} is no number") from None


def _as_text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else str(value)


_MANY = 100
FUNCTIONS: Mapping[str, tuple[Callable[..., Value], int, int]] = {
    "round": (_rounded, 1, 2),
    "abs": (lambda value: abs(_number(value)), 1, 1),
    "min": (lambda *values: min(map(_number, values)), 2, _MANY),
    "max": (lambda *values: max(map(_number, values)), 2, _MANY),
    "lower": (lambda value: _text(value).lower(), 1, 1),
    "upper": (lambda value: _text(value).upper(), 1, 1),
    "length": (lambda value: len(cast("str", value)), 1, 1),
    "text": (_as_text, 1, 1),
    "number": (_converted, 1, 1),
    "coalesce": (lambda *values: next((value for value in values if value is not None), None), 1, _MANY),
    "add_days": (lambda value, days: _later(value, timedelta(days=int(_number(days)))), 2, 2),
    "add_seconds": (lambda value, seconds: _later(value, timedelta(seconds=int(_number(seconds)))), 2, 2),
}
"""The functions of expressions, with the fewest and the most arguments of each; null where an argument is null."""

_BINARY: Mapping[type[ast.operator], Callable[..., Value]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divided,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: cast("Callable[[object, object], bool]", operator.lt),
    ast.LtE: cast("Callable[[object, object], bool]", operator.le),
    ast.Gt: cast("Callable[[object, object], bool]", operator.gt),
    ast.GtE: cast("Callable[[object, object], bool]", operator.ge),
}
_NODES: Mapping[type[ast.expr], Callable[..., Evaluate]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _comparison,
    ast.IfExp: _conditional,
    ast.Call: _call,
}
