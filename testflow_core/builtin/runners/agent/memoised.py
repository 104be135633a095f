"""Which functions of modules keep results: whoever gets one that was kept relies on what made it."""

from __future__ import annotations

from abc import ABCMeta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType
    from typing import Iterable

    from .own_files import Places


BOUND = {staticmethod, classmethod}

ASKED_LATER = "__getattr__"
"""The function of a module that is asked for what it has not got (PEP 562)."""


def memoised(values: Iterable[object], places: Places) -> Iterable[tuple[str, str]]:
    """Files and qualified names of those among the values of a module, and of the classes among them."""
    for value in values:
        if issubclass(type(value), type):
            yield from memoised([each for each in vars(value).values() if not issubclass(type(each), type)], places)
            # An abstract class asks this once for each class, and remembers what was answered.
            asked = [vars(value).get("__subclasshook__")] if type(value) is ABCMeta else []
        else:
            asked = [value] if remembers(value) else []
        for each in asked:
            code = getattr(innermost(getattr(each, "__func__", each)), "__code__", None)
            place = code and places.place(code.co_filename)
            if code and place:
                yield place, qualified(code)


def asks_later(module: CodeType) -> bool:
    """Whether a module makes names that it has not got: as a rule it has them from then on, and nobody asks again."""
    return any(getattr(each, "co_name", "") == ASKED_LATER for each in module.co_consts)


def innermost(value: Any) -> Any:
    """What a callable wraps at last."""
    while hasattr(value, "__wrapped__"):
        value = value.__wrapped__
    return value


def remembers(value: Any) -> bool:
    """Whether a callable keeps results: `functools.lru_cache`, and libraries that do as it does."""
    try:
        value = getattr(value, "__func__", value) if type(value) in BOUND else value
        return "__wrapped__" in attributes(value) and any(
            hasattr(value, name) for name in ("cache_info", "cache_clear", "cache")
        )
    except Exception:  # noqa: BLE001 - of whatever a module may have
        return False


def attributes(value: object) -> Any:
    """What an object has itself: it may answer for more when it is asked, and do anything then."""
    return object.__getattribute__(value, "__dict__") if type(value).__dictoffset__ else ()


def qualified(code: CodeType) -> str:
    """The qualified name; before Python 3.11 the plain one, which its line tells apart."""
    return getattr(code, "co_qualname", code.co_name)
