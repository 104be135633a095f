import pytest

import testflow


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """A test that runs an engine leaves nothing in the checkout, and reads nothing of the machine's settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("HISTORY", "WORKSPACE", "WORKERS", "PROVISIONER", "PLUGINS"):
        monkeypatch.delenv(f"TESTFLOW_{name}", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def shop():
    """Two applications, one of which changed."""
    return testflow.Applications(
        {
            "api": {"changed_files": ["src/orders.py"]},
            "web": {"test_command": "npm test -- {test_path}", "changed_files": []},
        }
    )
