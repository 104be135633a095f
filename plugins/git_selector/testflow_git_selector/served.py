"""Tests that talk to a service which runs the application's own checkout: what it enters, no record of theirs has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_git_selector.changed_providers import is_test, unchanged
from testflow_git_selector.coverage import PROSE
from testflow_git_selector.recorded import FOR_OTHERS
from testflow_git_selector.unit_changes import changed_units

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testflow_core.model import Change, TouchedMap
    from testflow_git_selector.recorded import Concerned


def add_served(found: Concerned, touched: TouchedMap, checkout: Path, change: Change) -> None:
    """Add who connects to anything, where something changed that such a service may run or read."""
    files = sorted(found.changed - {*_alike(touched, checkout), *unchanged(checkout, change)})
    served = next((file for file in files if _may_be_served(file)), None)
    if served is not None:
        found.add(touched, touched.connecting, f"{served} changed → it talked to something, and a service runs that")


def _may_be_served(file: str) -> bool:
    return not (file.endswith(PROSE) or is_test(file) or FOR_OTHERS.fullmatch(file))


def _alike(touched: TouchedMap, checkout: Path) -> Iterator[str]:
    """The files that are the same program as when they were recorded."""
    for each in touched.outdated(checkout):
        texts = each.before, each.now
        if each.path.endswith(".py") and None not in texts and not changed_units(*texts):
            yield each.path
