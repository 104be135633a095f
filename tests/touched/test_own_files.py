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
        ".hypothesis/examples/a/b",
    ],
)
def test_what_tools_keep_or_others_installed_is_not(tmp_path, name):
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    assert Places(str(tmp_path)).place(str(tmp_path / name)) == ""


def test_a_link_is_what_it_leads_to(tmp_path):
    checkout, outside = tmp_path / "checkout", tmp_path / "outside"
    for folder in (checkout / "src", outside):
        folder.mkdir(parents=True)
        (folder / "lib.py").touch()
    (checkout / "src/linked.py").symlink_to(outside / "lib.py")
    (outside / "linked.py").symlink_to(checkout / "src/lib.py")
    (outside / "folder").symlink_to(checkout / "src")
    places = Places(str(checkout))
    for path, place in {
        checkout / "src/lib.py": "src/lib.py",
        checkout / "src/linked.py": "",
        outside / "lib.py": "",
        outside / "linked.py": "src/lib.py",
        outside / "folder/lib.py": "src/lib.py",
    }.items():
        assert places.place(str(path)) == place
