"""Which functions leave something behind that outlives their call, by their bytecode."""

from __future__ import annotations

import dis
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType
    from typing import Iterator, Tuple

    Step = Tuple[str, int]
    """The name of an instruction, and its argument."""

ITSELF = ""
"""Stands for what the function itself comes to, and others do not by a name: a variable of the function around it."""

ADDING = frozenset({"add", "append", "appendleft", "extend", "insert", "set", "setdefault", "update", "__setitem__"})
"""Methods that put something into what they are called on."""

CLASSES = frozenset({"cls", "mcs", "mcls", "metacls", "klass"})
"""What the class is called that a class method is given."""

OF_CLASS = "__class__"
STORING = frozenset({"STORE_GLOBAL", "STORE_DEREF", "STORE_ATTR", "STORE_SUBSCR"})
ASKING = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
FURTHEST = 24
"""How many instructions the key of an item may take to be worked out."""

_STORING = bytes(dis.opmap[name] for name in STORING)
_SHIFTED = {"LOAD_GLOBAL": sys.version_info >= (3, 11), "LOAD_ATTR": sys.version_info >= (3, 12)}
"""Whose last bit says something else than which name it is."""


def kept_by(code: CodeType) -> frozenset[str]:
    """
    The names under which a function keeps what a later call may find; nothing for most functions.

    They are those of variables of the module and attributes of classes and of other objects of the module: whoever
    mentions one may find what was kept. Of what is kept in an object that it was given nobody knows how long it lives.
    """
    if ADDING.isdisjoint(code.co_names) and not any(each in code.co_code for each in _STORING):
        return frozenset()
    steps = list(_steps(code.co_code))
    return frozenset(name for position, step in enumerate(steps) for name in _kept(code, steps, position, *step))


def _steps(text: bytes) -> Iterator[Step]:
    """The instructions: `dis` takes ten times as long, as it works out what they mean."""
    above = 0
    for number, argument in zip(text[::2], text[1::2]):
        name = dis.opname[number]
        if name == "EXTENDED_ARG":
            above = (above | argument) << 8
        elif number:
            # What is left out is room for what the interpreter learns.
            yield name, above | argument
            above = 0


def _kept(code: CodeType, steps: list[Step], position: int, name: str, argument: int) -> Iterator[str]:
    owner: str | None = None
    if name == "STORE_GLOBAL":
        owner = code.co_names[argument]
    elif name == "STORE_DEREF":
        owner = ITSELF if _variable(code, argument) in code.co_freevars else None
    elif name == "STORE_ATTR":
        found = _found_by(code, steps, position - 1)
        owner = None if found is None else code.co_names[argument]
    elif name == "STORE_SUBSCR":
        owner = _found_by(code, steps, _before_key(steps, position))
    elif name in ASKING and _name(code, name, argument) in ADDING:
        owner = _found_by(code, steps, position - 1)
    if owner is not None:
        yield owner


def _found_by(code: CodeType, steps: list[Step], position: int) -> str | None:
    """By which name an object is found that an instruction leaves on the stack; None where it may be a call's own."""
    attribute: str | None = None
    while position >= 0:
        name, argument = steps[position]
        if name == "LOAD_ATTR" and _name(code, name, argument) != OF_CLASS:
            attribute = _name(code, name, argument)
            position -= 1
        elif name in {"LOAD_GLOBAL", "LOAD_NAME"}:
            return attribute or _name(code, name, argument)
        else:
            return (attribute or ITSELF) if _outlives(code, name, argument) else None
    return None


def _outlives(code: CodeType, name: str, argument: int) -> bool:
    """Whether an instruction leaves a class on the stack, or what a variable of the function around has."""
    if name == "LOAD_ATTR":
        return True
    if name == "LOAD_DEREF":
        return _variable(code, argument) in code.co_freevars
    if not name.startswith(("LOAD_FAST", "STORE_FAST_LOAD")):
        return False
    # The later of two has the lower half.
    last = argument & 15 if name.count("_FAST") > 1 else argument
    return last == 0 and not CLASSES.isdisjoint(code.co_varnames[:1])


def _name(code: CodeType, name: str, argument: int) -> str:
    return code.co_names[argument >> 1 if _SHIFTED.get(name) else argument]


def _variable(code: CodeType, argument: int) -> str:
    """The variable of a closure."""
    cells = [each for each in code.co_cellvars if sys.version_info < (3, 11) or each not in code.co_varnames]
    own = list(code.co_varnames) if sys.version_info >= (3, 11) else []
    return [*own, *cells, *code.co_freevars][argument]


def _before_key(steps: list[Step], position: int) -> int:
    """Where the object of an item has been left on the stack, before the item's key; -1 if that cannot be told."""
    depth = 0
    for each in range(position - 1, max(position - FURTHEST, -1), -1):
        number = dis.opmap[steps[each][0]]
        depth += dis.stack_effect(number, steps[each][1] if number >= dis.HAVE_ARGUMENT else None)
        if depth == 1:
            return each - 1
    return -1
