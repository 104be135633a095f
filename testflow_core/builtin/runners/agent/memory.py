"""What pytest does again and again, done once; without it pytest does the same, only slower."""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Any, Iterable


def remember_hooks(session: pytest.Session) -> None:
    """
    Keep what `session.gethookproxy` answers, path by path, as long as no further folder has told of its conftest.py.

    Pytest asks nine times a test, and compares the path with all `conftest.py` each time.
    """
    manager = session.config.pluginmanager
    # Private, and so named since pytest 7, the oldest that is served.
    plugins: set[object] | None = getattr(manager, "_conftest_plugins", None)
    folders: dict[object, object] | None = getattr(manager, "_dirpath2confmods", None)
    if plugins is None or folders is None:
        return
    ask = session.gethookproxy
    known: dict[object, Any] = {}
    loaded = (-1, -1)
    latest: tuple[object, Any] = (None, None)

    def gethookproxy(fspath: Any) -> Any:
        nonlocal loaded, latest
        now = (len(plugins), len(folders))
        if now == loaded:
            # The nodes of a file share its path, which takes longer to compare than to recognise.
            if fspath is latest[0]:
                return latest[1]
            proxy = known.get(fspath)
        else:
            proxy = None
        if proxy is None:
            proxy = ask(fspath)
            # The oldest look for the files of a folder when they are asked.
            now = (len(plugins), len(folders))
            if now != loaded:
                known.clear()
                loaded = now
            known[fspath] = proxy
        latest = (fspath, proxy)
        return proxy

    vars(session)["gethookproxy"] = gethookproxy


def collect_twice(config: pytest.Config) -> None:
    """
    Have pytest, since 8.4, collect garbage twice at the end of its session, and not five times.

    CPython finds at once what is unreachable, and the second time what finalizers have let go.
    """
    with contextlib.suppress(ImportError, AttributeError):
        key = importlib.import_module("_pytest.unraisableexception").gc_collect_iterations_key
        # Somebody else may have said it: pytest's own tests do.
        if sys.implementation.name == "cpython" and key not in config.stash:
            config.stash[key] = 2


def forget_names(config: pytest.Config) -> None:
    """
    Have pytest's cache not note the names of all tests, which only `--nf` reads: it reads and writes all it ever saw.

    Each worker would write over what the others have written. Where `--nf` is given, it stays.
    """
    plugin: Any = config.pluginmanager.getplugin("nfplugin")
    if type(plugin).__module__ == "_pytest.cacheprovider" and not getattr(plugin, "active", True):
        config.pluginmanager.unregister(plugin)


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
            within = item.name if type(item.parent) is pytest.Module else item.getmodpath()
            vars(item)["location"] = (folders[code.co_filename], code.co_firstlineno - 1, within)
