"""What a test function returns: taken from it, so that pytest does not object, and said in JSON."""

from __future__ import annotations

import functools
import inspect
import json
import types
import unittest
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Any, Callable

VALUE_LIMIT = 4 << 20
SUSPENDING = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def portable(value: object) -> tuple[object, str]:
    """The value as JSON has it, or None and the reason why JSON has no such thing."""
    try:
        said = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        return None, f"it returned a {type(value).__name__}, which is no JSON ({error})"
    if len(said) > VALUE_LIMIT:
        return None, f"it returned {len(said)} characters of JSON; the limit is {VALUE_LIMIT}"
    return value, ""


def keep(item: pytest.Item) -> dict[str, Any]:
    """What the item's function returns, when the item is run, goes under `value` of the mapping that is given."""
    kept: dict[str, Any] = {}
    if isinstance(item, pytest.Function):
        # At the item itself: a hook around every call costs ten times as much.
        vars(item)["runtest"] = functools.partial(_run, item, item.runtest, kept)
    return kept


def _run(item: pytest.Function, run: Callable[[], None], kept: dict[str, Any]) -> None:
    kept.clear()
    # What is set up may have changed it.
    original = item.obj
    if not _plain(item, original):
        run()
        return
    item.obj = _wrapped(original, kept)
    try:
        run()
    finally:
        item.obj = original


def _plain(item: pytest.Function, function: Callable[..., object]) -> bool:
    if item.cls is not None and issubclass(item.cls, unittest.TestCase):
        return False
    code = getattr(function, "__code__", None)
    if type(function) is types.FunctionType and code is not None and not (code.co_flags & SUSPENDING or vars(function)):
        # The plainest of all, which takes no looking into.
        return True
    # Hypothesis calls the function itself, many times, and minds what it returns.
    if getattr(function, "is_hypothesis_test", False):
        return False
    return not (inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function))


def _wrapped(function: Callable[..., Any], kept: dict[str, Any]) -> Callable[..., object]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaiting(*args: object, **kwargs: object) -> None:
            kept["value"] = await function(*args, **kwargs)

        return awaiting

    @functools.wraps(function)
    def calling(*args: object, **kwargs: object) -> object:
        result = function(*args, **kwargs)
        # What must still be awaited or iterated is for pytest to judge.
        if hasattr(result, "__await__") or inspect.isgenerator(result) or inspect.isasyncgen(result):
            return result
        kept["value"] = result
        return None

    return calling
