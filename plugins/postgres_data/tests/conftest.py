"""A real PostgreSQL server, for all tests of a session."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from testflow_process_env import ProcessProvisioner

from testflow_core.model import Bench, Environment, Service, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

# What tests share stands beside them.
sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a database of its superuser."""
    # As short as that of a run: a socket does not fit into any path.
    directory = Path(tempfile.mkdtemp(prefix="testflow-test-"))
    (directory / "site").mkdir()
    site = Site(lease="test", directory=directory / "site", workspace=directory)
    environment = Environment(name="e", services={"db": Service(name="db", type="postgres")})
    with ProcessProvisioner().provision(environment, site) as up:
        yield up.endpoints["db"].url or ""
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """The URL of an empty database of its own, that goes with all that a test has left."""
    listed = "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1', 'db')"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
        yield server.replace("/db", "/empty")
        for (name,) in connection.execute(listed).fetchall():
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(autouse=True)
def own_leases(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Ledgers of tests are no matter of the user's next run; sockets need a shorter path than pytest's directories."""
    # Where pytest's own are is settled when it is first asked.
    tmp_path_factory.getbasetemp()
    with tempfile.TemporaryDirectory(prefix="tf-") as directory:
        monkeypatch.setenv("TMPDIR", directory)
        monkeypatch.setattr("tempfile.tempdir", directory)
        yield
        monkeypatch.undo()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(directory=tmp_path / "bench", checkout=tmp_path)
