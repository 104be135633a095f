"""Which functions of modules keep results: whoever gets one that was kept relies on what made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import CodeType
    from typing import Iterable

    from .own_files import Places


BOUND = {staticmethod, classmethod}


def memoised(values: Iterable[object], places: Places) -> Iterable[tuple[str, str]]:
    """Files and qualified names of those among the values of a module, and of the classes among them."""
    for value in values:
        if isinstance(value, type):
            yield from memoised([each for each in vars(value).values() if not isinstance(each, type)], places)
        elif remembers(value):
            code = getattr(innermost(value), "__code__", None)
            place = code and places.place(code.co_filename)
            if code and place:
                yield place, qualified(code)


def innermost(value: Any) -> Any:
    """What a callable wraps at last."""
    while hasattr(value, "__wrapped__"):
        value = value.__wrapped__
    return value


def remembers(value: Any) -> bool:
    """Whether a callable keeps results: `functools.lru_cache`, and libraries that do as it does."""
    try:
        value = getattr(value, "__func__", value) if type(value) in BOUND else value
        # What an object answers itself when it is asked for what it has not got, is left unasked.
        own: Any = object.__getattribute__(value, "__dict__") if type(value).__dictoffset__ else ()
        return "__wrapped__" in own and any(hasattr(value, name) for name in ("cache_info", "cache_clear", "cache"))
    except Exception:  # noqa: BLE001 - of whatever a module may have
        return False


def qualified(code: CodeType) -> str:
    """The qualified name; before Python 3.11 the plain one, which its line tells apart."""
    return getattr(code, "co_qualname", code.co_name)
