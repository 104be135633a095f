"""A changed lock file concerns the tests that import what is locked otherwise, and all where that cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from changed_projects import commit, endings, noticing, put
from testflow_git_selector import GitChanges, SelectByChange
from testflow_git_selector.lock_files import changed_packages, is_lock, locked

from testflow_core.model import Application, Context, TestCase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

UV = """
version = 1
requires-python = ">=3.11"

[[package]]
name = "shop"
version = "1"
source = { editable = "." }
dependencies = [{ name = "web-client" }, { name = "Sums" }]

[[package]]
name = "web-client"
version = "1"
dependencies = [{ name = "wire" }]

[[package]]
name = "wire"
version = "1"

[[package]]
name = "sums"
version = "1"
[package.optional-dependencies]
fast = [{ name = "faster" }]

[[package]]
name = "linter"
version = "1"
"""
FILES = {
    "uv.lock": UV,
    "requirements.txt": "wire==1 \\\n  --hash=sha256:aa  # via web-client\n# all\nsums[fast]==1\n",
    "shop/__init__.py": "",
    "shop/prices.py": "import adder\n",
    "shop/client.py": "from webclient.calls import get\n",
    "tests/test_prices.py": "import shop.prices\n",
    "tests/test_client.py": "from shop import client\n",
    "tests/test_plain.py": "def test(): pass\n",
    "tests/page.test.js": "",
    ".gitignore": ".venv\n",
}
SITE = ".venv/lib/python3.13/site-packages"
PRICES, CLIENT, PLAIN, PAGE = (
    "tests/test_prices.py",
    "tests/test_client.py",
    "tests/test_plain.py",
    "tests/page.test.js",
)
EVERY = {PRICES, CLIENT, PLAIN, PAGE}


def installed(name: str, files: Mapping[str, str], requires: str = "", **more: str) -> dict[str, str]:
    place = f"{SITE}/{name}-1.dist-info"
    record = "".join(f"{file},,\n" for file in [*files, f"{name}-1.dist-info/METADATA", "../../../bin/x"])
    needs = f"Requires-Dist: {requires}; extra == 'x'\n" if requires else ""
    told = {
        "METADATA": f"Name: {name}\n{needs}",
        "RECORD": record,
        **{key.replace("__", "."): text for key, text in more.items()},
    }
    return {f"{SITE}/{file}": text for file, text in files.items()} | {
        f"{place}/{key}": text for key, text in told.items()
    }


PACKAGES = {
    **installed("Web_Client", {"webclient/__init__.py": "", "webclient/calls.py": ""}, "wire"),
    **installed("wire", {"wire.py": ""}, direct_url__json='{"url": "x"}'),
    **installed(
        "sums", {"adder.cpython-313-x86_64-linux-gnu.so": ""}, entry_points__txt="[console_scripts]\nsum = adder:main\n"
    ),
    **installed("linter", {"linter/__init__.py": ""}),
    **installed("shop", {"shop.pth": ""}, "wire", direct_url__json='{"dir_info": {"editable":true}}'),
}


def selected(
    checkout: Path,
    change: Mapping[str, str | None],
    packages: Mapping[str, str] = PACKAGES,
    python: str | None = None,
    files: Iterable[str] = EVERY,
) -> dict[str, str]:
    put(checkout, {**FILES, **packages})
    commit(checkout)
    put(checkout, change)
    application = Application(name="shop", path=checkout, python=python)
    context = Context(application=application, change=GitChanges().changes(application))
    context = evolve(context, evidence=SelectByChange().gather(context))
    tests = [TestCase(application="shop", file=file) for file in sorted(files)]
    return {each.test.file: each.reason for each in SelectByChange().select(tests, context) if each.selected}


def bumped(name: str, text: str = UV) -> str:
    return text.replace(f'name = "{name}"\nversion = "1"', f'name = "{name}"\nversion = "2"')


def test_a_package_concerns_the_tests_that_import_it_or_what_needs_it(tmp_path: Path):
    assert selected(tmp_path, {"uv.lock": bumped("wire")}) == {
        CLIENT: "uv.lock changed → web-client → imported by shop/client.py → tests/test_client.py",
        PAGE: "uv.lock changed, and the test is not Python: it may use that",
    }


def test_where_all_tests_are_python_those_alone_run_that_import_it(tmp_path: Path):
    assert selected(tmp_path, {"uv.lock": bumped("wire")}, files=(PRICES, CLIENT, PLAIN)).keys() == {CLIENT}


@pytest.mark.parametrize(
    ("change", "files"),
    [
        ({"uv.lock": bumped("sums")}, {PRICES, PAGE}),
        ({"uv.lock": bumped("linter")}, EVERY),
        ({"uv.lock": UV.replace("3.11", "3.12")}, EVERY),
        ({"uv.lock": UV.replace(", {", ",\n{")}, {PAGE}),
        ({"uv.lock": "[[package"}, EVERY),
        ({"uv.lock": "package = 1"}, EVERY),
        ({"uv.lock": "package = " + "[" * 10_000}, EVERY),
        ({"uv.lock": f'{UV}\n[[package]]\nname = "new"\nversion = "1"\n'}, EVERY),
        ({"requirements.txt": "wire==1 --hash=sha256:aa\nsums[fast]==2\n"}, {PRICES, PAGE}),
        ({"requirements.txt": "wire==1 --hash=sha256:aa\nsums[fast]>=1\n"}, EVERY),
        ({"requirements.txt": "-r other.txt\nwire==1 --hash=sha256:aa\nsums[fast]==1\n"}, EVERY),
    ],
)
def test_what_a_lock_file_does_not_tell_of_packages_concerns_all(
    tmp_path: Path, change: Mapping[str, str], files: set[str]
):
    assert selected(tmp_path, change).keys() == files


@pytest.mark.parametrize(
    "more",
    [
        installed("sums", {"adder.py": ""}, entry_points__txt="[pytest11]\nsums = adder\n"),
        installed("sums", {"adder.py": ""}, entry_points__txt="no section"),
        installed("sums", {"adder.py": "", "sums.pth": ""}),
        installed("checker", {"checker.py": "LOADED = ['adder.main']\n"}),
        installed("checker", {"checker.py": "def late():\n    import adder\n"}),
        installed("pytest", {"pytest.py": "import adder"}),
    ],
)
def test_a_package_that_is_loaded_without_an_import_concerns_all(tmp_path: Path, more: Mapping[str, str]):
    assert selected(tmp_path, {"uv.lock": bumped("sums")}, {**PACKAGES, **more}).keys() == EVERY


def test_what_pytest_loads_by_its_configuration_concerns_all(tmp_path: Path):
    configured = {**PACKAGES, "pytest.ini": "[pytest]\naddopts = -p shop.prices\n"}
    assert selected(tmp_path, {"uv.lock": bumped("sums")}, configured).keys() == EVERY


def test_what_ends_otherwise_with_another_version_is_selected(tmp_path: Path):
    project = tmp_path / "shop"
    config = {
        "pytest.ini": f"[pytest]\npythonpath = . {SITE}\n",
        "tests/test_prices.py": "def test():\n    import adder\n",
    }
    module = {f"{SITE}/wire.py": "", f"{SITE}/webclient/calls.py": "import wire\nget = 1\n"}
    put(project, {**FILES, **PACKAGES, **config, **module, CLIENT: "def test():\n    import shop.client\n"})
    before = endings(project)
    chosen = selected(
        project, {"uv.lock": bumped("wire"), f"{SITE}/wire.py": "raise OSError\n"}, {**PACKAGES, **config}
    )
    assert noticing(before, endings(project)) == {CLIENT}
    assert CLIENT in chosen


def test_what_a_changed_package_needs_and_nothing_locks_may_be_another_one_too(tmp_path: Path):
    faster = installed("faster", {"faster.py": ""})
    optional = {"tests/test_plain.py": "try:\n    import faster\nexcept ImportError:\n    pass\n"}
    packages = {**PACKAGES, **installed("sums", {"adder.py": ""}, "faster"), **faster, **optional}
    pinned = FILES["requirements.txt"].replace("sums[fast]==1", "sums[fast]==2")
    assert selected(tmp_path / "loose", {"requirements.txt": pinned}, packages).keys() == {PRICES, PLAIN, PAGE}
    locking = {**packages, "requirements.txt": f"{FILES['requirements.txt']}faster==1\n"}
    both = {"requirements.txt": f"{pinned}faster==1\n"}
    assert selected(tmp_path / "locked", both, locking).keys() == {PRICES, PAGE}


def test_an_extra_that_is_asked_for_otherwise_concerns_all(tmp_path: Path):
    without = FILES["requirements.txt"].replace("[fast]", "")
    assert selected(tmp_path, {"requirements.txt": without}).keys() == EVERY


def test_the_zones_of_time_concern_all(tmp_path: Path):
    zones = installed("tzdata", {"tzdata/__init__.py": ""})
    frames = installed("sums", {"adder.py": "import tzdata\n"}, "tzdata")
    locked = {"requirements.txt": "tzdata==1\n"}
    change = {"requirements.txt": "tzdata==2\n"}
    assert selected(tmp_path, change, {**PACKAGES, **zones, **frames, **locked}).keys() == EVERY


@pytest.mark.parametrize(
    "text", ["def test(): open('requirements.txt')", "from pathlib import Path\nFILES = Path('.').glob('*.txt')\n"]
)
def test_who_reads_a_lock_file_is_concerned_by_its_text(tmp_path: Path, text: str):
    change = {"requirements.txt": FILES["requirements.txt"].replace("sums[fast]==1", "sums[fast]==2")}
    assert selected(tmp_path, change, {**PACKAGES, PLAIN: text}).keys() == {PRICES, PLAIN, PAGE}


def test_a_test_that_names_what_installs_does_not_import_it(tmp_path: Path):
    naming = {"setup.py": "X = 1\n", PLAIN: "def test(): open('setup.py')\n"}
    assert selected(tmp_path, {"setup.py": "X = 2\n"}, {**PACKAGES, **naming}).keys() == EVERY


def test_a_lock_file_that_is_gone_concerns_all(tmp_path: Path):
    put(tmp_path, {**FILES, **PACKAGES})
    assert selected(tmp_path, {"uv.lock": None}).keys() == EVERY


def test_without_what_is_installed_all_run(tmp_path: Path):
    assert selected(tmp_path, {"uv.lock": bumped("sums")}, {}).keys() == EVERY


def test_the_python_of_the_application_tells_what_is_installed(tmp_path: Path):
    elsewhere = {name.removeprefix(".venv/"): text for name, text in PACKAGES.items()}
    put(tmp_path / "env", elsewhere)
    python = str(tmp_path / "env/bin/python")
    assert selected(tmp_path / "shop", {"uv.lock": bumped("sums")}, {}, python).keys() == {PRICES, PAGE}


def test_where_there_is_too_much_text_all_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_git_selector.installed._FILES", 0)
    assert selected(tmp_path, {"uv.lock": bumped("sums")}).keys() == EVERY


POETRY = """
[[package]]
name = "a"
version = "1"
dependencies = {b = "*"}

[[package]]
name = "b"
version = "VERSION"

[metadata]
python-versions = "PYTHON"
content-hash = "x"
"""


@pytest.mark.parametrize(
    ("after", "changed"),
    [(("2", "^3"), {"b"}), (("1", "^3"), set()), (("1", "^4"), None)],
)
def test_what_poetry_locks_is_told_by_package(after: tuple[str, str], changed: set[str] | None):
    states = [
        locked("poetry.lock", POETRY.replace("VERSION", version).replace("PYTHON", python).encode())
        for version, python in (("1", "^3"), after)
    ]
    assert states[0] is not None
    assert states[1] is not None
    assert states[0].needs["a"] == {"b"}
    assert changed_packages(states[0], states[1]) == changed


@pytest.mark.parametrize(
    ("path", "told"),
    [("uv.lock", True), ("a/requirements-dev.txt", True), ("requirements.in", False), ("Cargo.lock", False)],
)
def test_which_files_lock_packages(path: str, told: bool):
    assert is_lock(path) is told
