import os
import signal

import pytest
from containers import ENGINE, alone_on_the_engine, no_engine_here

import testflow

NO_ENGINE = "unix:///nowhere/docker.sock"

# A shell without job control ignores interrupts for what it puts in the background, and programs inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """A test that runs an engine leaves nothing in the checkout, and reads nothing of the machine's settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("HISTORY", "WORKSPACE", "WORKERS", "PROVISIONER", "PLUGINS", "REUSE", "KEEP_ON_FAILURE"):
        monkeypatch.delenv(f"TESTFLOW_{name}", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(autouse=True)
def _containers_for_those_who_ask(request, monkeypatch):
    """Tests behave the same with and without a container engine; those marked `docker` have one."""
    if request.node.get_closest_marker("docker") is None:
        monkeypatch.setenv("DOCKER_HOST", NO_ENGINE)
        yield
        return
    reason = no_engine_here()
    if reason is not None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    monkeypatch.setenv("DOCKER_HOST", ENGINE)
    with alone_on_the_engine():
        yield


@pytest.fixture
def shop():
    """Two applications, one of which changed."""
    return testflow.Applications(
        {
            "api": {"changed_files": ["src/orders.py"]},
            "web": {"test_command": "npm test -- {test_path}", "changed_files": []},
        }
    )
