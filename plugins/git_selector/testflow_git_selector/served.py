"""Tests that talk to a service which runs the application's own checkout: what it enters, no record of theirs has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testflow_git_selector.changed_providers import is_test, unchanged
from testflow_git_selector.coverage import PROSE
from testflow_git_selector.recorded import FOR_OTHERS

if TYPE_CHECKING:
    from pathlib import Path

    from testflow_core.model import Change, TouchedMap
    from testflow_git_selector.recorded import Concerned


def add_served(found: Concerned, touched: TouchedMap, checkout: Path, change: Change) -> None:
    """Add who connects to anything, where something changed that such a service may run or read."""
    files = {file for file in found.changed - found.alike if _may_be_served(file)}
    # Of what no test has touched only the base tells what it was.
    differing = sorted(files - unchanged(checkout, change)) if files else []
    if differing:
        reason = f"{differing[0]} changed → it talked to something, and a service runs that"
        found.add(touched, touched.connecting, reason)


def _may_be_served(file: str) -> bool:
    return not (file.endswith(PROSE) or is_test(file) or FOR_OTHERS.fullmatch(file))
