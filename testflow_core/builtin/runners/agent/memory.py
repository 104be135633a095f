"""What pytest works out again and again, answered from memory; without it pytest does the same, only slower."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Any, Iterable


def remember_hooks(session: pytest.Session) -> None:
    """
    Keep what `session.gethookproxy` answers, path by path, as long as no further conftest.py is loaded.

    Pytest asks nine times a test, and compares the path with all `conftest.py` each time.
    """
    # Private, and so named since pytest 3.
    conftests: set[object] | None = getattr(session.config.pluginmanager, "_conftest_plugins", None)
    if conftests is None:
        return
    ask = session.gethookproxy
    known: dict[object, Any] = {}
    loaded = len(conftests)

    def gethookproxy(fspath: Any) -> Any:
        nonlocal loaded
        if len(conftests) != loaded:
            loaded = len(conftests)
            known.clear()
        proxy = known.get(fspath)
        if proxy is None:
            proxy = known[fspath] = ask(fspath)
        return proxy

    vars(session)["gethookproxy"] = gethookproxy


def locate(items: Iterable[pytest.Item]) -> None:
    """
    Tell plain test functions where they stand: their `location`, which pytest looks up in the file system.

    The first test of a source file has pytest look; the others are where that one is, at their own line.
    """
    folders: dict[str, str] = {}
    for item in items:
        # Others may say themselves where they are.
        if type(item) is not pytest.Function:
            continue
        function = getattr(item.obj, "__func__", item.obj)
        if (
            type(function) is not types.FunctionType
            or hasattr(function, "__wrapped__")
            or hasattr(function, "place_as")
        ):
            continue
        code = function.__code__
        if code.co_filename not in folders:
            folders[code.co_filename] = item.location[0]
        else:
            vars(item)["location"] = (folders[code.co_filename], code.co_firstlineno - 1, item.getmodpath())
