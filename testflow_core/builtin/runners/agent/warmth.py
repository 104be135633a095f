"""What every child would import for itself: pytest, and the plugins installed beside it."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Iterable, Sequence

GROUP = "pytest11"


def import_pytest() -> None:
    """Import the modules that pytest is made of, and our plugin."""
    importlib.import_module("pytest")
    config = importlib.import_module("_pytest.config")
    for name in getattr(config, "default_plugins", ()):
        importlib.import_module(f"_pytest.{name}")
    importlib.import_module(".plugin", __package__)


def import_plugins(arguments: Sequence[str]) -> None:
    """
    Import the modules of the installed plugins as pytest would, with their assertions rewritten; register none.

    These are private ways of pytest: where one of them is blocked or has changed, each child imports for itself.
    """
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") or "--disable-plugin-autoload" in arguments:
        return
    finders = list(sys.meta_path)
    with contextlib.suppress(Exception):
        config = importlib.import_module("_pytest.config").get_config([])
        # What parsing would have set, and the hook asks for, in pytest 7 and 8.
        unparsed: dict[str, object] = {"inicfg": {}, "_override_ini": ()}
        for name, value in unparsed.items():
            if not hasattr(config, name):
                setattr(config, name, value)
        hook = importlib.import_module("_pytest.assertion").install_importhook(config)
        # Without this set up a child would find modules that are imported and not rewritten, and warn.
        mark = getattr(config, "_mark_plugins_for_rewrite", None)
        if mark is not None:
            with_autoload = mark.__code__.co_argcount > 2  # noqa: PLR2004 - self and hook, before pytest 8.4
            mark(hook, False) if with_autoload else mark(hook)  # noqa: FBT003 - private, by position
            for entry in _entries(_blocked(arguments)):
                with contextlib.suppress(Exception):
                    importlib.import_module(entry.value.partition(":")[0].strip())
    sys.meta_path[:] = finders


def _blocked(arguments: Sequence[str]) -> set[str]:
    pairs = zip(arguments, [*arguments[1:], ""])
    named = [after if word == "-p" else word[2:] for word, after in pairs if word.startswith("-p")]
    return {name[3:] for name in named if name.startswith("no:")}


def _entries(blocked: set[str]) -> Iterable[metadata.EntryPoint]:
    for distribution in metadata.distributions():
        for entry in distribution.entry_points:
            if entry.group == GROUP and entry.name not in blocked:
                yield entry
