"""What expressions of literals come to, found out by working them out as far as no program is run for it."""

from __future__ import annotations

import ast
import builtins
import datetime as dt
import decimal
import fractions
import operator
import re
from collections import Counter, namedtuple
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from testflow_git_selector.syntax import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

OPAQUE = object()
"""The value of a name that is bound, nobody knows to what."""
LIBRARY = object()
"""The value of a name that is imported from what comes with Python."""

_LARGEST = 10_000
"""Of what is larger, nobody works anything out: characters, bits, digits."""
_MOST = 100_000
"""The same of a container and all that is in it."""
_LOOPS = 1_000
"""Items that a comprehension may look at."""
_LONG_NUMBER = re.compile(r"\d{4,}")
_LATER = re.compile(r"\(\?>|[*+?}]\+")
"""What regular expressions have since Python 3.11, and what looks like it."""


RAISED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, re.error)
"""What working something out raises, where running it would."""


class UnknownError(Exception):
    """What an expression comes to cannot be said without running the program."""


def value_of(node: ast.AST, known: Mapping[str, object]) -> object:
    """
    What an expression comes to where names have these values.

    Raises `UnknownError`, or what Python raises of it.
    """
    work = _WORK.get(type(node))
    if work is None:
        raise UnknownError
    found = work(node, known)
    _weigh(found)
    return found


def _weigh(value: object) -> int:
    """How much there is of a value, with all that is in it as often as it is there; UnknownError of too much."""
    weight, most = 0, _LARGEST
    if isinstance(value, int):
        weight = value.bit_length()
    elif isinstance(value, decimal.Decimal):
        weight = abs(value.adjusted())
    elif isinstance(value, str | bytes | range):
        weight = len(value)
    else:
        most = _MOST
        # The same list may stand in another any number of times: no more is looked at than tells that.
        for each in _parts(value):
            weight += max(1, _weigh(each))
            if weight > most:
                break
    if weight > most:
        raise UnknownError
    return weight


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return chain.from_iterable(cast("Iterable[tuple[object, object]]", value.items()))
    return cast("Iterable[object]", value) if isinstance(value, list | tuple | set | frozenset) else ()


def kind_of(value: object) -> str:
    """What a value has in common with those that may stand in its place: what can be done to it does not fail then."""
    if isinstance(value, dict):
        return f"dict {sorted(map(repr, value))}"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} {list(map(kind_of, value))}"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, int | float) and not isinstance(value, bool) and value:
        return type(value).__name__
    return "str" if isinstance(value, str) else repr(value)


def _name(node: Any, known: Mapping[str, object]) -> object:
    value = known.get(node.id, OPAQUE)
    if value is OPAQUE or value is LIBRARY:
        raise UnknownError
    return value


def _items(nodes: Sequence[ast.expr], known: Mapping[str, object]) -> list[Any]:
    found: list[Any] = []
    for each in nodes:
        if isinstance(each, ast.Starred):
            found.extend(cast("list[Any]", value_of(each.value, known)))
        else:
            found.append(value_of(each, known))
    return found


def _dict(node: Any, known: Mapping[str, object]) -> object:
    found: dict[object, object] = {}
    for key, each in zip(node.keys, node.values, strict=True):
        value = value_of(each, known)
        found.update(cast("dict[object, object]", value) if key is None else {value_of(key, known): value})
    return found


def _binary(node: Any, known: Mapping[str, object]) -> object:
    one, other = value_of(node.left, known), value_of(node.right, known)
    kind = type(node.op)
    if kind is ast.Mult and not (isinstance(one, int | float) and isinstance(other, int | float)):
        several = max([each for each in (one, other) if isinstance(each, int)], default=0)
        _small(several)
        _small(several * max(map(_weigh, (each for each in (one, other) if not isinstance(each, int)))))
    elif kind in {ast.Pow, ast.LShift}:
        _small(one), _small(other)  # pyright: ignore[reportUnusedExpression]
    elif kind is ast.Mod and isinstance(one, str) and ("*" in one or _LONG_NUMBER.search(one)):
        raise UnknownError
    return _OPERATORS[kind](one, other)


def _small(value: object) -> None:
    if not isinstance(value, int | float) or abs(value) > _LARGEST:
        raise UnknownError


def _subscript(node: Any, known: Mapping[str, object]) -> object:
    return cast("Any", value_of(node.value, known))[value_of(node.slice, known)]


def _slice(node: Any, known: Mapping[str, object]) -> object:
    return slice(*(None if each is None else value_of(each, known) for each in (node.lower, node.upper, node.step)))


def _text(node: Any, known: Mapping[str, object]) -> object:
    return "".join(cast("str", value_of(each, known)) for each in node.values)


def _formatted(node: Any, known: Mapping[str, object]) -> object:
    value = value_of(node.value, known)
    spec = "" if node.format_spec is None else str(value_of(node.format_spec, known))
    if _LONG_NUMBER.search(spec):
        raise UnknownError
    how: Callable[[object], object] | None = {115: str, 114: repr, 97: ascii}.get(node.conversion)
    return format(value if how is None else how(value), spec)


def _attribute(node: Any, _known: Mapping[str, object]) -> object:
    flag = getattr(re, node.attr, None) if isinstance(node.value, ast.Name) and node.value.id == "re" else None
    if not isinstance(flag, re.RegexFlag):
        raise UnknownError
    return flag


def _call(node: Any, known: Mapping[str, object]) -> object:
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        return _method(node, known)
    make, root = MAKERS.get(last_name(node.func)), root_of(node.func)
    built_in = hasattr(builtins, root) and root not in known
    # What is called `compile` alone is built in, and another.
    if make is None or not (built_in or known.get(root) is LIBRARY) or (make is _compiled and root == "compile"):
        raise UnknownError
    named = {each.arg: value_of(each.value, known) for each in node.keywords if each.arg is not None}
    if len(named) < len(node.keywords):
        raise UnknownError
    return make(*_items(node.args, known), **named)


def _method(node: Any, known: Mapping[str, object]) -> object:
    """What a value that is known says of itself: none of these changes it."""
    value, given = value_of(node.func.value, known), _items(node.args, known)
    texts = [len(each) for each in given if isinstance(each, str | bytes | list | tuple)]  # pyright: ignore[reportUnknownArgumentType]
    if node.keywords or not isinstance(value, str | bytes | dict) or len(value) * max(texts, default=0) > _LARGEST:  # pyright: ignore[reportUnknownArgumentType]
        raise UnknownError
    found = getattr(value, node.func.attr)(*given)  # pyright: ignore[reportUnknownArgumentType]
    return list(found) if isinstance(found, _VIEWS) else found


def _looped(node: Any, known: Mapping[str, object]) -> list[Any]:
    """What a comprehension has in it, in order; one within another is not gone through."""
    if sum(isinstance(each, _LOOPED) for each in ast.walk(node)) > 1:
        raise UnknownError
    looks = 0
    inside: list[Mapping[str, object]] = [known]
    for loop in node.generators:
        outer, inside = inside, []
        for there in outer:
            for item in cast("Iterable[object]", value_of(loop.iter, there)):
                looks += 1
                if loop.is_async or looks > _LOOPS:
                    raise UnknownError
                here = _with(loop.target, item, there)
                if all(value_of(each, here) for each in loop.ifs):
                    inside.append(here)
    if isinstance(node, ast.DictComp):
        return [(value_of(node.key, each), value_of(node.value, each)) for each in inside]
    return [value_of(node.elt, each) for each in inside]


def _with(target: ast.expr, value: object, known: Mapping[str, object]) -> Mapping[str, object]:
    """What is known where a target has a value."""
    if isinstance(target, ast.Name):
        return {**known, target.id: value}
    if not isinstance(target, ast.Tuple):
        raise UnknownError
    for each, part in zip(target.elts, tuple(cast("Iterable[object]", value)), strict=True):
        known = _with(each, part, known)
    return known


def root_of(node: ast.expr) -> str:
    """The first part of a dotted name; empty for other expressions."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _compiled(pattern: object, *flags: Any, **named: Any) -> object:
    if isinstance(pattern, str) and _LATER.search(pattern):
        raise UnknownError
    return re.compile(cast("str", pattern), *flags, **named)


def _bytes(*values: Any) -> object:
    if values and isinstance(values[0], int):
        _small(values[0])
    return bytes(*values)


def _fraction(*values: Any) -> object:
    # An exponent is multiplied out.
    if any(isinstance(each, str) and _LONG_NUMBER.search(each) for each in values):
        raise UnknownError
    return fractions.Fraction(*values)


def _named_tuple(name: Any, fields: Any, **named: Any) -> object:
    return namedtuple(name, fields, **named)  # noqa: PYI024 - it is asked for


_METHODS = frozenset(
    {"copy", "decode", "encode", "endswith", "get", "items", "join", "keys", "lower", "lstrip", "removeprefix",
     "removesuffix", "replace", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper", "values"}
)  # fmt: skip
_LOOPED = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
_VIEWS = (type({}.keys()), type({}.values()), type({}.items()))

MAKERS: Mapping[str, Callable[..., object]] = {
    "bool": bool, "bytes": _bytes, "complex": complex, "dict": dict, "float": float, "frozenset": frozenset, "int": int,
    "len": len, "list": list, "max": max, "min": min, "range": range, "set": set, "sorted": sorted, "str": str,
    "sum": sum, "tuple": tuple, "abs": abs, "round": round, "compile": _compiled, "Decimal": decimal.Decimal,
    "enumerate": lambda *values, **how: list(enumerate(*values, **how)),
    "zip": lambda *values, strict=False: list(zip(*values, strict=strict)),
    "Fraction": _fraction, "timedelta": dt.timedelta, "date": dt.date,
    "datetime": dt.datetime, "namedtuple": _named_tuple, "OrderedDict": dict, "Counter": Counter,
}  # fmt: skip
"""What is made of values by name, as is done everywhere."""

REFUSING = frozenset(
    {"compile", "complex", "date", "datetime", "Decimal", "float", "Fraction", "int", "namedtuple", "timezone"}
)
"""What looks at the value that it is given, and takes not every one of its type."""

_OPERATORS: Mapping[type[ast.AST], Callable[..., object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift, ast.BitOr: operator.or_, ast.BitAnd: operator.and_, ast.BitXor: operator.xor,
    ast.MatMult: operator.matmul, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert,
    ast.Not: operator.not_,
}  # fmt: skip

# Who has these nodes knows their classes, as with what may fail.
_WORK: Mapping[type[ast.AST], Callable[[Any, Mapping[str, object]], object]] = {
    ast.Constant: lambda node, _: node.value,
    ast.Name: _name,
    ast.Tuple: lambda node, known: tuple(_items(node.elts, known)),
    ast.List: lambda node, known: _items(node.elts, known),
    ast.Set: lambda node, known: set(_items(node.elts, known)),
    ast.Dict: _dict,
    ast.UnaryOp: lambda node, known: _OPERATORS[type(node.op)](value_of(node.operand, known)),
    ast.BinOp: _binary,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.JoinedStr: _text,
    ast.FormattedValue: _formatted,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.ListComp: _looped,
    ast.GeneratorExp: _looped,
    ast.SetComp: lambda node, known: set(_looped(node, known)),
    ast.DictComp: lambda node, known: dict(_looped(node, known)),
}
