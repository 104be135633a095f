"""What a function does with what outlives its call, by its bytecode."""

from __future__ import annotations

import dis
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType
    from typing import Iterator, Optional, Tuple

    Step = Tuple[int, str, int]
    """The number and the name of an instruction, and its argument."""

    Value = Optional[str]
    """By which name something is found that outlives a call, else one of the signs below; None of anything else."""

ITSELF = ""
"""What only the function itself comes to, not others by a name: a class that it is given, a variable around it."""

AROUND, FIRST, GIVEN = "^", ".", "="
"""
A variable of the function around this one; its own first argument and, before a name, an attribute of that; before a
name, another argument.
"""

ADDING = frozenset({"add", "append", "appendleft", "extend", "insert", "set", "setdefault", "update", "__setitem__"})
"""Methods that put something into what they are called on."""

CLASSES = frozenset({"cls", "mcs", "mcls", "metacls", "klass"})
"""What the class is called that a class method is given."""

BY_NAME = frozenset({"hasattr", "getattr"})
"""What attributes are asked for by that are given as text."""

ANY = ""
"""An attribute whose name is worked out, so that nobody finds it by one."""

SET_BY_NAME = frozenset({"setattr", "__setattr__"})

MAKERS = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__", "__set_name__", "__del__"})
"""What is called while an object does not outlive anything yet, or no longer."""

_STORING = bytes(dis.opmap[name] for name in ("STORE_GLOBAL", "STORE_DEREF", "STORE_ATTR", "STORE_SUBSCR"))
_SHIFTED = {"LOAD_GLOBAL": sys.version_info >= (3, 11), "LOAD_ATTR": sys.version_info >= (3, 12)}
"""Whose last bit says something else than which name it is."""

_CALLING = {"CALL": 2} if sys.version_info >= (3, 11) else {"CALL_FUNCTION": 1, "CALL_METHOD": 2}
"""What calls something, and how much it takes from the stack besides the arguments."""

_DOUBLING, _TURNING = {"DUP_TOP": 1, "DUP_TOP_TWO": 2}, {"ROT_TWO": 2, "ROT_THREE": 3, "ROT_FOUR": 4}
"""What does before Python 3.11 as `COPY` and `SWAP`: how many are there twice, how far down the top one goes."""

_ONLY_TAKING = ("POP_", "STORE_", "DELETE_", "RETURN_")
"""Instructions that leave nothing where they take something."""


class Walk:
    """
    One walk through a function's instructions, from top to bottom, with what they leave on the stack.

    `names` are those under which it keeps something: variables of the module, attributes of classes and of other
    objects of the module; whoever mentions one may find it. `around` says that it keeps something in the function
    around it, `own` are attributes of its first argument that it binds, `filled` such as it puts something into, and
    `decisive` such as it looks at before it goes one way or the other. `given` are arguments that it fills.

    Most functions leave nothing behind, and are walked through only where that does not matter: as a `whole`.
    """

    def __init__(self, code: CodeType, *, whole: bool = False) -> None:
        self.names: set[str] = set()
        self.around = False
        self.own: set[str] = set()
        self.filled: set[str] = set()
        self.given: set[str] = set()
        self.decisive: set[str] = _asked_by_name(code) if whole else set()
        self._asked: set[str] = set()
        self._tries = bool(getattr(code, "co_exceptiontable", True))
        self._code = code
        self._first: Value = ITSELF if not CLASSES.isdisjoint(code.co_varnames[:1]) else FIRST
        self._stack: list[Value] = []
        if whole and SET_BY_NAME.intersection(code.co_names):
            self.own |= _texts(code) | {ANY}
        if whole or stores(code):
            for number, name, argument in steps(code.co_code):
                self._step(number, name, argument)

    def _step(self, number: int, name: str, argument: int) -> None:
        if name in {"LOAD_ATTR", "LOAD_METHOD"}:
            called = name == "LOAD_METHOD" or (_SHIFTED[name] and argument & 1)
            self._ask(name_of(self._code, name, argument), called=bool(called))
        elif name.startswith(("LOAD_FAST", "STORE_FAST_LOAD", "STORE_FAST_STORE")):
            self._fast(name, argument)
        elif name in {"LOAD_GLOBAL", "LOAD_NAME"}:
            self._stack.append(name_of(self._code, name, argument))
            self._stack += [None] * (_SHIFTED.get(name, False) and argument & 1)
        elif name in _CALLING:
            self._call(argument + _CALLING[name])
        elif name == "LOAD_DEREF":
            own = _around(self._code, argument) in self._code.co_varnames[:1]
            self._stack.append(self._variable(0) if own else AROUND if self._is_around(argument) else None)
        elif not self._arrange(name, argument):
            self._note(name, argument)
            self._other(number, name, argument)

    def _arrange(self, name: str, argument: int) -> bool:
        """Copy what is on the stack, or put it into another order; False of any other instruction."""
        if name == "COPY":
            self._stack.append(self._top(argument))
        elif name in _DOUBLING:
            self._stack += self._stack[-_DOUBLING[name] :]
        elif name in _TURNING and _TURNING[name] <= len(self._stack):
            self._stack.insert(-_TURNING[name] + 1, self._stack.pop())
        elif name == "SWAP" and argument <= len(self._stack):
            self._stack[-1], self._stack[-argument] = self._stack[-argument], self._stack[-1]
        else:
            return False
        return True

    def _ask(self, attribute: str, *, called: bool) -> None:
        owner = self._take()
        if called and attribute in ADDING:
            self._put(owner)
        if owner == FIRST:
            self._asked.add(attribute)
        if attribute == "__class__":
            self._stack.append(ITSELF)
        elif owner in {None, AROUND}:
            self._stack.append(owner)
        else:
            self._stack.append(FIRST + attribute if owner == FIRST else None if _is_argument(owner) else attribute)
        # A method is called with what it belongs to.
        self._stack += [None] * called

    def _call(self, taken: int) -> None:
        """What is called, and its arguments, make place for what it answers: the class of an object is known."""
        of_first = self._top(taken) == "type" and self._top() == FIRST
        del self._stack[-taken:]
        self._stack.append(ITSELF if of_first else None)

    def _fast(self, name: str, argument: int) -> None:
        """Variables of its own; some instructions are two, the later of which has the lower half of the argument."""
        parts = name.count("_FAST")
        kinds = [each.strip("_") for each in name.split("_FAST")][:parts]
        for kind, place in zip(kinds, [argument >> 4, argument & 15] if parts > 1 else [argument]):
            if kind.endswith("STORE"):
                self._take()
            else:
                self._stack.append(self._variable(place))

    def _variable(self, place: int) -> Value:
        arguments = self._code.co_argcount + self._code.co_kwonlyargcount
        if place == 0 and arguments:
            return self._first
        return GIVEN + self._code.co_varnames[place] if place < arguments else None

    def _note(self, name: str, argument: int) -> None:
        if name == "STORE_GLOBAL":
            self.names.add(self._code.co_names[argument])
        elif name == "STORE_DEREF":
            self.around = self.around or self._is_around(argument)
        elif name == "STORE_ATTR":
            attribute, owner = self._code.co_names[argument], self._top()
            if owner == FIRST:
                self.own.add(attribute)
            elif owner == AROUND:
                self.around = True
            elif owner is not None and not _is_argument(owner):
                self.names.add(attribute)
        elif name == "STORE_SUBSCR":
            self._put(self._top(2))

    def _put(self, owner: Value) -> None:
        if owner == AROUND:
            self.around = True
        elif owner == FIRST:
            self.given.add(self._code.co_varnames[0])
        elif owner is not None and _is_argument(owner):
            (self.filled if owner.startswith(FIRST) else self.given).add(owner[1:])
        elif owner is not None:
            self.names.add(owner)

    def _other(self, number: int, name: str, argument: int) -> None:
        """Any other instruction: what it takes away, and that nothing is known of what it leaves."""
        if ("JUMP" in name and "IF_" in name) or (self._tries and name == "RETURN_VALUE"):
            self.decisive |= self._asked
        try:
            effect = dis.stack_effect(number, argument if number >= dis.HAVE_ARGUMENT else None, jump=False)
        except ValueError:
            effect = 0
        self._stack += [None] * effect
        del self._stack[len(self._stack) + min(effect, 0) :]
        if effect <= 0 and self._stack and not name.startswith(_ONLY_TAKING):
            self._stack[-1] = None

    def _take(self) -> Value:
        return self._stack.pop() if self._stack else None

    def _top(self, place: int = 1) -> Value:
        return self._stack[-place] if place <= len(self._stack) else None

    def _is_around(self, argument: int) -> bool:
        return _around(self._code, argument) in self._code.co_freevars


def stores(code: CodeType) -> bool:
    """Whether a function may leave anything behind: most do not."""
    return not ADDING.isdisjoint(code.co_names) or any(each in code.co_code for each in _STORING)


def steps(text: bytes) -> Iterator[Step]:
    """The instructions: `dis` takes ten times as long, as it works out what they mean."""
    above = 0
    for number, argument in zip(text[::2], text[1::2]):
        name = dis.opname[number]
        if name == "EXTENDED_ARG":
            above = (above | argument) << 8
        elif number and name != "PRECALL":
            # What is left out is room for what the interpreter learns.
            yield number, name, above | argument
            above = 0


def variable(code: CodeType, name: str, argument: int) -> str:
    """Which variable of a function an instruction loads; empty of any other instruction."""
    if name == "LOAD_DEREF":
        return _around(code, argument)
    if name.startswith("LOAD_FAST") and argument < len(code.co_varnames):
        return code.co_varnames[argument]
    return ""


def _around(code: CodeType, argument: int) -> str:
    """A variable that functions share."""
    cells = [each for each in code.co_cellvars if sys.version_info < (3, 11) or each not in code.co_varnames]
    own = list(code.co_varnames) if sys.version_info >= (3, 11) else []
    return [*own, *cells, *code.co_freevars][argument]


def _is_argument(owner: Value) -> bool:
    return owner is not None and owner.startswith((FIRST, GIVEN))


def _asked_by_name(code: CodeType) -> set[str]:
    return _texts(code) | {ANY} if BY_NAME.intersection(code.co_names) else set()


def _texts(code: CodeType) -> set[str]:
    return {each for each in code.co_consts if isinstance(each, str) and each.isidentifier()}


def name_of(code: CodeType, name: str, argument: int) -> str:
    """The name that an instruction has for its argument."""
    return code.co_names[argument >> 1 if _SHIFTED.get(name) else argument]
