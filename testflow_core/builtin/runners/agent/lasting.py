"""Objects of the application's own that outlive a test, and what their methods put off until somebody asks for it."""

from __future__ import annotations

import functools
import gc
import weakref
from collections import deque
from itertools import islice
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FrameType,
    FunctionType,
    MappingProxyType,
    MethodType,
    TracebackType,
)
from typing import TYPE_CHECKING, NamedTuple, cast

from .kept import KNOWN, NAMED, apart
from .memoised import innermost
from .sharing import UNCHANGING, is_own
from .walking import ITSELF, MAKERS, Walk

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Collection, Iterable, Iterator, Mapping, Sequence, Tuple

    from .own_files import Places

    Root = Tuple[str, object]
    """What an object is found by, and the object."""

MOST = 1 << 12
"""How many objects are looked at from a module's variables, or from a fixture."""

WIDE = 1 << 8
"""How many of a container."""

AGAIN = 64
"""How often one of those who hold objects is looked at anew, as something was kept that was not there before."""

ANYONE = "*"
"""An object of which nobody knows whether it outlives a test."""

STRANGE = 2
"""How many objects of others' classes one within the other are not looked into any more."""

BLIND = frozenset({*UNCHANGING, CodeType, FrameType, TracebackType, BuiltinFunctionType, MappingProxyType} - {type})
CONTAINERS = frozenset({dict, list, tuple, set, deque})
TRANSPARENT = frozenset({functools.partial, MethodType, CellType, property, staticmethod, classmethod})
UNFOUND = frozenset({"__getattr__", "__missing__"})
"""What is called for what an object has not got; once it has it, nobody is called."""

_CACHE = type(functools.lru_cache(lambda: None))
_attributes: Callable[[type], Mapping[str, Any]] = type.__dict__["__dict__"].__get__
"""What a class has itself, whatever its metaclass answers."""


class Late(NamedTuple):
    """
    A function that puts something off, and the names by which others find what it has made.

    `everywhere`: not only in its file, as an attribute that is there is found without any call.
    """

    code: CodeType
    names: frozenset[str]
    everywhere: bool


class Lasting:
    """Where these objects are: by identity, as they may be compared in any way."""

    def __init__(
        self, places: Places, remember: Callable[[object], None], keep: Callable[[CodeType, frozenset[str]], None]
    ) -> None:
        self._places = places
        self._remember = remember
        self._keep = keep
        self._late: dict[object, Late] = {}
        self._objects: dict[int, tuple[Callable[[], object], str]] = {}
        self._kinds: dict[type, bool] = {}
        self._known: dict[type, tuple[Late, ...]] = {}
        self._roots: dict[str, Callable[[], Iterable[Root]]] = {}
        self._variables: set[str] = set()
        self._fresh: list[tuple[type, str]] = []
        self._again = 0

    @property
    def any(self) -> bool:
        """Whether there is any function that puts something off."""
        return bool(self._late)

    def look(self, holders: Mapping[str, Callable[[], Iterable[Root]]]) -> bool:
        """Look at what outlives a test from now on; whether functions were found that nobody knew to put things off."""
        self._roots.update(holders)
        return self._look(holders)

    def look_again(self, holders: Iterable[str]) -> bool:
        """Look anew at what these hold, as that may have come to hold something else."""
        known = {each: self._roots[each] for each in holders if each in self._roots}
        self._again += len(known)
        return self._again <= AGAIN and self._look(known)

    def fresh(self) -> Sequence[tuple[Late, str]]:
        """What has come to last since this was asked: functions that put something off, each with its object."""
        fresh, self._fresh = self._fresh, []
        return [(late, found) for kind, found in fresh for late in self._known[kind]]

    def late(self, code: CodeType) -> Late | None:
        """What is known of a function that puts something off."""
        known = self._late.get(NAMED(code))
        if known is not None and known.code is not code:
            known = self._late.get(apart(code))
        return known if known is not None and known.code is code else None

    def owner(self, code: CodeType, frame: FrameType | None) -> str:
        """What the object is found by whose method is called; empty where it is one that nobody knows to last."""
        if frame is None:
            return ANYONE
        called_on = frame.f_locals.get(code.co_varnames[0])
        there = self._there(called_on)
        return self._objects[id(called_on)][1] if there is called_on or there is type(called_on) else ""

    def _there(self, value: object) -> object:
        """What is known to last at the place of an object, or its class."""
        known = self._objects.get(id(value))
        return known[0]() if known is not None else self

    def holder(self, owner: str) -> str:
        """Who holds the object, or another that does."""
        found = owner.rpartition("/")[0]
        return found if found in self._roots else found.rpartition(":")[0]

    def names(self, late: Late, owner: str) -> Collection[str]:
        """By which names others find what a function has made that is called for what is not there: its object's."""
        return late.names or (self._variables if owner == ANYONE else {_variable(owner)})

    def _look(self, holders: Mapping[str, Callable[[], Iterable[Root]]]) -> bool:
        before = len(self._late)
        # Nothing of the application's is called meanwhile, so that what an identity stands for stays the same.
        met: set[int] = set()
        for roots in holders.values():
            waiting = deque((name, value, 0) for name, value in roots() if not _is_bare(value))
            last = len(met) + MOST
            while waiting and len(met) < last:
                name, value, strange = waiting.popleft()
                identity = id(value)
                if identity not in met:
                    met.add(identity)
                    inner, farther = self._within(name, value)
                    strange += farther
                    if strange < STRANGE:
                        waiting.extend([(name, each, strange) for each in inner if not _is_bare(each)])
        return len(self._late) > before

    def _within(self, name: str, value: Any) -> tuple[Iterable[object], bool]:
        """What an object holds, without a call of anything of its own; whether it is of somebody else's class."""
        kind = cast("type[object]", type(value))
        if kind in CONTAINERS:
            return list(islice(value.values() if kind is dict else value, WIDE)), False
        if kind is FunctionType:
            return self._of_function(value), False
        if issubclass(kind, type):
            return (list(_attributes(value).values()) if self._is_own(value) else ()), False
        if kind is _CACHE:
            self._remember(value)
            return (), False
        own = self._is_own(kind)
        if own:
            self._note(name, value, kind)
        return [
            each for each in gc.get_referents(value)[:WIDE] if each is not kind
        ], not own and kind not in TRANSPARENT

    def _of_function(self, function: FunctionType) -> Iterable[object]:
        defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        fillable = any(issubclass(type(each), (dict, list, set)) for each in defaults)
        if fillable and self._is_in_place(function.__code__) and Walk(function.__code__).given:
            self._keep(function.__code__, frozenset({ITSELF}))
        cells = [gc.get_referents(each) for each in function.__closure__ or ()]
        return [*defaults, *(inner for each in cells for inner in each), *vars(function).values()]

    def _note(self, name: str, value: object, kind: type) -> None:
        found = f"{name}/{kind.__qualname__}"
        there = self._there(value)
        fresh = there is not value and there is not kind
        if any(name in _attributes(above) for above in kind.__mro__ for name in UNFOUND):
            self._variables.add(_variable(found))
        try:
            self._objects[id(value)] = (weakref.ref(value), found)
        except TypeError:
            # Who takes its place is taken for it if it is of the same kind: that is too much, and never too little.
            self._objects[id(value)] = (lambda: kind, found)
        if kind not in self._known:
            self._known[kind] = tuple(_late_of(kind, self._is_in_place))
            self._learn(self._known[kind])
        if self._known[kind] and fresh:
            self._fresh.append((kind, found))

    def _learn(self, those: Iterable[Late]) -> None:
        for late in those:
            if len(self._late) < KNOWN:
                first = self._late.setdefault(NAMED(late.code), late)
                if first.code is not late.code:
                    self._late[apart(late.code)] = late

    def _is_own(self, kind: type) -> bool:
        known = self._kinds.get(kind)
        if known is None:
            known = self._kinds[kind] = is_own(kind, self._places)
        return known

    def _is_in_place(self, code: CodeType) -> bool:
        return bool(self._places.place(code.co_filename))


def _is_bare(value: Any) -> bool:
    """Whether something holds nothing, as most that a module has."""
    kind = cast("type[object]", type(value))
    if kind is FunctionType:
        return not (value.__closure__ or value.__defaults__ or value.__kwdefaults__ or value.__dict__)
    return kind in BLIND


def _variable(found: str) -> str:
    """The variable, or the fixture, by which an object is found."""
    return found.rpartition("/")[0].rpartition(":")[2]


def of_module(module: ModuleType) -> Iterable[Root]:
    """The variables of a module, but for what it has from others."""
    name = module.__name__
    for variable, value in list(vars(module).items()):
        if not issubclass(type(value), (type, FunctionType)) or getattr(value, "__module__", name) == name:
            yield f"{name}:{variable}", value


def _late_of(kind: type, is_in_place: Callable[[CodeType], bool]) -> Iterator[Late]:
    """The functions of a class that put something off."""
    walks: dict[CodeType, Walk] = {}
    for name, value in (each for above in kind.__mro__ for each in _attributes(above).items()):
        method = value.fget if type(value) is property else value
        codes = [code for code in _codes(method) if is_in_place(code)]
        if type(method) is FunctionType:
            walks.update((code, Walk(code, whole=True)) for code in codes)
        else:
            yield from (Late(code, frozenset({name}), everywhere=True) for code in codes)
    decisive: set[str] = set()
    decisive.update(*(walk.decisive for walk in walks.values()))
    for code, walk in walks.items():
        kept = walk.own | walk.filled
        if code.co_name in UNFOUND:
            yield Late(code, frozenset(), everywhere=True)
        elif code.co_name not in MAKERS and not decisive.isdisjoint(kept):
            yield Late(code, frozenset(kept), everywhere=False)


def _codes(value: object) -> Iterator[CodeType]:
    """The code of a function, and of the one that it wraps; of what stands for an attribute, that of what it calls."""
    if type(value) is FunctionType:
        yield value.__code__
        inner = innermost(value)
        if inner is not value and type(inner) is FunctionType:
            yield inner.__code__
    elif hasattr(type(value), "__get__") and type(value) not in {_CACHE, staticmethod, classmethod}:
        yield from (each.__code__ for each in _functions(value))


def _functions(value: object) -> Iterator[FunctionType]:
    held: list[Any] = gc.get_referents(value)
    for each in held:
        inner: list[object] = [each, *each.values()] if type(each) is dict else [each]
        yield from (function for function in inner if type(function) is FunctionType)
