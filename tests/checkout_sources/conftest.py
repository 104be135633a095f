from pathlib import Path

import pytest
from git_servers import GitHttpServer, serving

from testflow_core.builtin.checkout_sources.git import GitCheckouts


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    directory = tmp_path / "workspace"
    directory.mkdir()
    return directory


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def clones(workspace: Path, cache: Path) -> GitCheckouts:
    return GitCheckouts(workspace=workspace, cache=cache)


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """The folder that the servers serve."""
    directory = tmp_path / "served"
    directory.mkdir()
    return directory


@pytest.fixture
def web(served: Path):
    server = GitHttpServer(served)
    with serving(server):
        yield server
