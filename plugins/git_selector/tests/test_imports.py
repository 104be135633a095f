"""What the selector `change-based` reads of a checkout, and what it says where that tells nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from testflow_git_selector import SelectByChange

from testflow_core.model import Application, Change, Context, TestCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from testflow_core.model import Choice

FILES = {
    "shop/prices.py": "TAX = 20\n",
    "shop/cart.py": "import shop.prices\n",
    "shop/till.py": "from .cart import *\n",
    "tests/test_till.py": "from shop import till\n",
    "tests/test_other.py": "def test(): pass\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    write(tmp_path, FILES)
    return tmp_path


def write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")


def decided(
    checkout: Path | None, *changed: str, command: tuple[str, ...] = ("pytest",), more: Sequence[str] = ()
) -> Mapping[str, Choice]:
    context = Context(
        application=Application(name="shop", path=checkout, test_command=command),
        change=Change(application="shop", files=changed, reason="declared"),
    )
    selector = SelectByChange()
    context = Context(application=context.application, change=context.change, evidence=selector.gather(context))
    tests = [
        TestCase(application="shop", file=file) for file in (*FILES, *more) if file in more or file.startswith("tests/")
    ]
    return {choice.test.file: choice for choice in selector.select(tests, context)}


def selected(checkout: Path, *changed: str, command: tuple[str, ...] = ("pytest",)) -> set[str]:
    return {file for file, choice in decided(checkout, *changed, command=command).items() if choice.selected}


TILL, OTHER = "tests/test_till.py", "tests/test_other.py"


def test_of_a_long_way_the_first_and_the_last_are_named(checkout: Path):
    write(checkout, {"shop/rates.py": "", "shop/prices.py": "import shop.rates\n"})
    found = decided(checkout, "shop/rates.py")
    assert found[TILL].reason == "shop/rates.py changed → imported by shop/prices.py → 2 more → tests/test_till.py"
    assert not found[OTHER].selected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = ["-p", "shop.cart"]\n'),
        ("pyproject.toml", "[tool.pytest.ini_options\naddopts = '-p shop.cart'\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = -p shop.cart\n"),
        ("tox.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = shop.cart\n"),
        ("pytest.ini", "addopts = -p shop.cart\n"),
    ],
)
def test_what_pytest_is_told_to_load_concerns_every_test(checkout: Path, name: str, text: str):
    write(checkout, {name: text})
    found = decided(checkout, "shop/prices.py")
    assert found[OTHER].selected
    assert "shop/prices.py changed → imported by shop/cart.py → the configuration of pytest" in found[OTHER].reason
    assert selected(checkout, "shop/till.py") == {TILL}


def test_what_the_test_command_loads_concerns_every_test(checkout: Path):
    command = ("pytest", "-p", "shop.cart", "{test_path}")
    assert selected(checkout, "shop/prices.py", command=command) == {TILL, OTHER}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project.scripts]\nshop = "shop.cart:main"\n'),
        ("pyproject.toml", 'tool = "none"\n'),
        ("setup.py", 'setup(name="shop", packages=["shop.cart"])\n'),
        ("setup.cfg", "[options]\npackages = shop.cart\n"),
    ],
)
def test_what_other_tools_are_told_concerns_no_test(checkout: Path, name: str, text: str):
    write(checkout, {name: text})
    assert selected(checkout, "shop/prices.py") == {TILL}


def test_a_loaded_module_that_computes_what_it_imports_may_use_anything(checkout: Path):
    write(checkout, {"pytest.ini": "[pytest]\naddopts = -p shop.loader\n", "shop/loader.py": "__import__(name)\n"})
    found = decided(checkout, "shop/prices.py")
    assert found[OTHER].reason == (
        "shop/prices.py changed, and shop/loader.py imports by names that are computed: it may use that"
    )


def test_a_plugin_of_pytest_concerns_every_test(checkout: Path):
    write(checkout, {"pyproject.toml": '[project.entry-points.pytest11]\nshop = "shop.plugin"\n'})
    assert selected(checkout, "shop/prices.py") == {TILL, OTHER}


def test_where_folders_have_two_names_every_test_runs(checkout: Path):
    (checkout / "again").symlink_to("shop", target_is_directory=True)
    assert selected(checkout, "shop/prices.py") == {TILL, OTHER}


def test_what_others_installed_is_not_read(checkout: Path):
    write(checkout, {"venv/pyvenv.cfg": "", "venv/lib/shop/prices.py": "__import__(name)\n"})
    write(checkout, {"node_modules/tests/test_other.py": "import shop.prices\n"})
    assert selected(checkout, "shop/prices.py") == {TILL}


def test_where_there_are_too_many_files_every_test_runs(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_git_selector.checkout_files._FILES", 4)
    assert selected(checkout, "shop/prices.py") == {TILL, OTHER}


@pytest.mark.parametrize("unreadable", ["large", "nowhere.py", "/proc/self/mem"])
def test_a_file_that_cannot_be_read_may_import_anything(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, unreadable: str
):
    if unreadable == "large":
        monkeypatch.setattr("testflow_git_selector.checkout_files._BYTES", 30)
        write(checkout, {OTHER: "#" * 31})
    else:
        (checkout / OTHER).unlink()
        # Linux has files that are there, and whose beginning nobody can read.
        (checkout / OTHER).symlink_to(unreadable)
    found = decided(checkout, "shop/prices.py")
    assert found[OTHER].reason.startswith(f"shop/prices.py changed, and {OTHER} imports by names that are computed")


def test_without_a_checkout_or_a_change_there_is_nothing_to_read(checkout: Path):
    assert all(choice.selected for choice in decided(None, "shop/prices.py").values())
    evidence = SelectByChange().gather(Context(application=Application(name="shop", path=checkout)))
    assert not evidence.graph.sources


def test_a_change_of_very_many_files_compares_none(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_git_selector.compared._COMPARED", 0)
    assert selected(checkout, "shop/prices.py") == {TILL}


def test_an_import_from_the_package_above_is_followed(checkout: Path):
    write(checkout, {"shop/sub/deep.py": "from ..prices import TAX\n", OTHER: "import shop.sub.deep\n"})
    assert selected(checkout, "shop/prices.py") == {TILL, OTHER}


def test_a_test_that_is_not_python_may_use_any_of_it(checkout: Path):
    found = decided(checkout, "shop/prices.py", more=["web/till.test.js"])
    assert found["web/till.test.js"].reason == "shop/prices.py changed, and the test is not Python: it may use that"
    assert not found[OTHER].selected


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes in its file system")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(checkout: Path):
    (checkout / OTHER).unlink()
    os.mkfifo(checkout / OTHER)
    assert selected(checkout, "shop/prices.py") == {TILL, OTHER}
