"""Selection from changes: git as a source of changes, mapping rules, components."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testflow_git_selector.changes import GitChanges
    from testflow_git_selector.recorded_selector import SelectByRecord
    from testflow_git_selector.selectors import SelectByChange, SelectByComponent, SelectByRules

__all__ = ["GitChanges", "SelectByChange", "SelectByComponent", "SelectByRecord", "SelectByRules"]

_HOME = {
    "GitChanges": "changes",
    "SelectByChange": "selectors",
    "SelectByComponent": "selectors",
    "SelectByRecord": "recorded_selector",
    "SelectByRules": "selectors",
}


def __getattr__(name: str) -> object:
    """
    A name, from its home, imported when it is asked for.

    Every plan asks what changed; who selects by nothing of it does not wait for what reads sources.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
