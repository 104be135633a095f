"""Which files are an application's own, so that a test may depend on them."""

import pytest

from testflow_core.builtin.runners.agent.own_files import Places


@pytest.mark.parametrize("name", ["lib.py", "data/rates.json", "tests/test_lib.py", "pytest-cache-files.txt"])
def test_what_is_below_the_checkout_is_its_own(tmp_path, name):
    assert Places(str(tmp_path)).place(str(tmp_path / name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "../other/lib.py",
        ".git/HEAD",
        "__pycache__/lib.cpython-311.pyc",
        "lib.pyc",
        ".pytest_cache/v/cache/lastfailed",
        "pytest-cache-files-gjcrjcwe/README.md",
        "node_modules/left-pad/index.js",
        "venv/lib/shop.py",
    ],
)
def test_what_tools_keep_or_others_installed_is_not(tmp_path, name):
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    assert Places(str(tmp_path)).place(str(tmp_path / name)) == ""
