"""What tests of a file have in common and may leave another way than they found it: which of them run matters then."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, cast

from .memoised import attributes

if TYPE_CHECKING:
    from typing import Any, Mapping

    from .own_files import Places

UNCHANGING = (type(None), bool, int, float, complex, str, bytes, frozenset, range, type, ModuleType)

SET_UPS = ("setup", "setUp")
"""In the names of fixtures that pytest makes of the set-up of a class or a module: what they make they put there."""


def is_shared(definition: Any, places: Places) -> bool:
    """Whether a fixture that outlives a test holds something that the tests may change, or that changes itself."""
    if any(each in str(definition.argname) for each in SET_UPS):
        return True
    code = getattr(definition.func, "__code__", None)
    if code is None or not places.place(code.co_filename):
        # What pytest and its plugins hand out keeps nothing of the application's.
        return False
    return not issubclass(type(value_of(definition)), UNCHANGING)


def value_of(definition: Any) -> object:
    """What a fixture hands out; None while it is not set up."""
    return (getattr(definition, "cached_result", None) or (None,))[0]


def holds_objects(module: ModuleType, places: Places) -> bool:
    """Whether a file of tests, or a class in it, holds an object of a class of the application's."""
    values: list[Any] = list(vars(module).values())
    classes: list[Any] = [
        each for each in values if issubclass(type(each), type) and each.__module__ == module.__name__
    ]
    for each in classes:
        values += cast("Mapping[str, Any]", vars(each)).values()
    return any(_is_object(value, places) for value in values)


def _is_object(value: object, places: Places) -> bool:
    kind = type(value)
    if issubclass(kind, UNCHANGING) or hasattr(kind, "__get__"):
        return False
    # What stands for a function bears its name.
    return is_own(kind, places) and "__name__" not in attributes(value)


def is_own(kind: type, places: Places) -> bool:
    """Whether a class is one of the application's."""
    try:
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        return isinstance(file, str) and bool(places.place(file))
    except Exception:  # noqa: BLE001 - a class may call itself anything
        return False
