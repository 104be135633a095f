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
    from typing import Any, Callable, Iterable

VALUE_LIMIT = 4 << 20
SUSPENDING = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
AWAITED = SUSPENDING | inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE
CALLER = ("_pytest.python", "pytest_pyfunc_call")
"""Module and name of what calls a test function in pytest itself."""


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
    if _called_by_pytest(item, original, run):
        _call(item, original, run, kept)
    elif not _plain(item, original):
        run()
    else:
        _instead(item, original, _wrapped(original, kept), run)


def _instead(
    item: pytest.Function, original: Callable[..., object], other: Callable[..., object], run: Callable[[], None]
) -> None:
    item.obj = other
    try:
        run()
    finally:
        item.obj = original


def _called_by_pytest(item: pytest.Function, function: Callable[..., object], run: Callable[[], None]) -> bool:
    """Whether nobody but pytest's own implementation of `pytest_pyfunc_call` will see the call of a plain function."""
    inner = getattr(function, "__func__", function)
    if type(item) is not pytest.Function or type(inner) is not types.FunctionType:
        return False
    if getattr(run, "__func__", None) is not pytest.Function.runtest:
        return False
    if inner.__code__.co_flags & AWAITED or not vars(inner).keys() <= {"pytestmark"}:
        return False
    # All there are, also those of a conftest.py that does not concern this item.
    callers = item.config.hook.pytest_pyfunc_call.get_hookimpls()
    return len(callers) == 1 and (callers[0].function.__module__, callers[0].function.__name__) == CALLER


def _call(
    item: pytest.Function, function: Callable[..., object], run: Callable[[], None], kept: dict[str, Any]
) -> None:
    """What pytest does with a plain function, without asking a hook that only it answers."""
    # Private, and so named since pytest 3; a fixture that is not wanted as an argument is in `funcargs`, too.
    wanted: Iterable[str] = getattr(item, "_fixtureinfo").argnames  # noqa: B009
    funcargs = item.funcargs
    result = function(**{name: funcargs[name] for name in wanted})
    if result is None or not _is_unfinished(result):
        kept["value"] = result
    else:

        def done(**_: object) -> object:
            return result

        # For pytest to judge, which calls a function itself.
        _instead(item, function, done, run)


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


def _is_unfinished(result: object) -> bool:
    """Whether a result must still be awaited or iterated: that is for pytest to judge."""
    return hasattr(result, "__await__") or inspect.isgenerator(result) or inspect.isasyncgen(result)


def _wrapped(function: Callable[..., Any], kept: dict[str, Any]) -> Callable[..., object]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaiting(*args: object, **kwargs: object) -> None:
            kept["value"] = await function(*args, **kwargs)

        return awaiting

    @functools.wraps(function)
    def calling(*args: object, **kwargs: object) -> object:
        result = function(*args, **kwargs)
        if _is_unfinished(result):
            return result
        kept["value"] = result
        return None

    return calling
