"""Which functions leave something behind that outlives their call, by their bytecode."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING

from .walking import ITSELF, Walk, name_of, steps, variable

if TYPE_CHECKING:
    from typing import Iterator

CONTAINERS = frozenset(
    {
        "dict",
        "list",
        "set",
        "defaultdict",
        "OrderedDict",
        "Counter",
        "deque",
        "WeakValueDictionary",
        "WeakKeyDictionary",
    }
)
"""What containers are made by, where they are no display."""

SET_UPS = frozenset({"setup_class", "setup_module", "setUpClass", "setUpModule"})
"""Called once for a class or a file, by a framework: what they keep belongs to its tests already."""

OPTIMIZED = 1
"""A flag of the code of functions, and of nothing else."""


def kept_in(module: CodeType) -> Iterator[tuple[CodeType, frozenset[str]]]:
    """
    The functions of a file, each with the names under which it keeps what a later call may find.

    `ITSELF` is among them where there is no name. An attribute of an object that a function fills is one of its class,
    where a class of the file has a container of that name and no function sets it on an object. Of what is kept in
    anything else that a function is given nobody knows how long it lives.
    """
    inner = list(_inside(module))
    walks = [
        (outer, code, Walk(code)) for outer, code in inner if code.co_flags & OPTIMIZED and code.co_name not in SET_UPS
    ]
    classwide = {name for _, code in inner if not code.co_flags & OPTIMIZED for name in _held_by_class(code)}
    classwide.difference_update(*(walk.own for _, _, walk in walks))
    for outer, code, walk in walks:
        around = walk.around and _hands_out(outer, code.co_name)
        yield code, frozenset(walk.names | (walk.filled & classwide) | ({ITSELF} if around else set()))


def _inside(code: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield code, each
            yield from _inside(each)


def _held_by_class(code: CodeType) -> Iterator[str]:
    """The attributes of a class that are containers to begin with."""
    made, asked = False, ""
    for _, name, argument in steps(code.co_code):
        if name == "STORE_NAME" and made:
            yield code.co_names[argument]
        if name in {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_ATTR"}:
            asked = name_of(code, name, argument)
        made = name in {"BUILD_MAP", "BUILD_LIST", "BUILD_SET"} or (name.startswith("CALL") and asked in CONTAINERS)


def _hands_out(code: CodeType, function: str) -> bool:
    """Whether a function answers one that it has made, which then lives on, with the variables around it."""
    before = ""
    for _, name, argument in steps(code.co_code):
        if name == "RETURN_VALUE" and before == function:
            return True
        before = variable(code, name, argument)
    return False
