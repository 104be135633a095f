"""Sites to provision on, and what the plugin needs of the machine."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from testflow_core.model import Site

if TYPE_CHECKING:
    from pathlib import Path

# A shell without job control ignores interrupts for what it puts in the background, and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    directory = tmp_path / "site"
    directory.mkdir(mode=0o700)
    return Site(lease="test", directory=directory, workspace=workspace)
