"""A changed manifest concerns whom the packages concern that it asks for otherwise; all, for whatever else it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import test_lock_files as python
import test_script_locks as scripts
from script_lock_texts import npm_3
from test_script_scenarios import importing

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = json.loads(scripts.MANIFEST)
LOCK = npm_3(scripts.LOCKED)
READER = {
    "test/own.test.js": importing("import told from '../package.json' with { type: 'json' }", "assert.ok(told.name)")
}


def manifest(**said: object) -> str:
    return json.dumps({**MANIFEST, **said})


def asking(name: str, version: str | None = "^2", key: str = "dependencies") -> str:
    table = {**MANIFEST.get(key, {}), name: version}
    return manifest(**{key: {each: asked for each, asked in table.items() if asked}})


@pytest.mark.parametrize(
    ("change", "tests"),
    [
        (asking("wire"), {scripts.CALL}),
        (asking("sums"), {scripts.SUM, scripts.TAX}),
        (asking("@shop/money"), {scripts.MONEY}),
        (asking("wire", None), {scripts.CALL}),
        (asking("wire", "^1", "devDependencies"), {scripts.CALL}),
    ],
)
def test_another_version_in_package_json_concerns_whom_the_package_concerns(
    change: str, tests: set[str], tmp_path: Path
):
    found = scripts.changed(tmp_path, {"package-lock.json": LOCK}, {"package.json": change})
    assert found.keys() == tests
    assert all(reason.startswith("package.json changed → ") for reason in found.values())


def test_who_imports_package_json_itself_is_concerned_too(tmp_path: Path):
    found = scripts.changed(tmp_path, {"package-lock.json": LOCK, **READER}, {"package.json": asking("wire")})
    assert found.keys() == {scripts.CALL, *READER}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (manifest(scripts={"test": "node --test --no-warnings"}), "scripts"),
        (manifest(type="commonjs"), "type"),
        (manifest(exports="./lib/sum.js"), "exports"),
        (manifest(overrides={"wire": "2"}), "overrides"),
        (manifest(unheard="of"), "unheard"),
        (asking("wire", "file:../wire"), "dependencies"),
        (manifest(type="commonjs", exports="./a", scripts={}, main="./b"), "exports, main, scripts"),
    ],
)
def test_whatever_else_package_json_says_concerns_all_tests_and_is_named(change: str, key: str, tmp_path: Path):
    found = scripts.changed(tmp_path, {"package-lock.json": LOCK}, {"package.json": change})
    assert found.keys() == scripts.EVERY
    assert found[scripts.PLAIN].startswith(f"package.json ({key}) changed and nothing says which tests it concerns")


@pytest.mark.parametrize(
    ("files", "change"),
    [
        ({}, asking("wire")),
        ({"package-lock.json": "{"}, asking("wire")),
        ({"package-lock.json": LOCK}, asking("runner")),
        ({"package-lock.json": LOCK}, asking("@shop/tax")),
        ({"package-lock.json": LOCK}, json.dumps(MANIFEST, indent=7)),
        ({"package-lock.json": LOCK}, "{"),
        ({"package-lock.json": LOCK}, None),
    ],
    ids=["no lock", "unreadable lock", "a tool", "a folder of the checkout", "formatting", "unreadable", "gone"],
)
def test_where_nobody_can_tell_whom_package_json_concerns_all_tests_run(
    files: dict[str, str], change: str | None, tmp_path: Path
):
    assert scripts.changed(tmp_path, files, {"package.json": change}).keys() == scripts.EVERY


def test_a_lock_that_changes_along_is_read_as_it_is_and_as_it_was(tmp_path: Path):
    change = {"package.json": asking("wire"), "package-lock.json": f"{LOCK}\n"}
    assert scripts.changed(tmp_path, {"package-lock.json": LOCK}, change).keys() == {scripts.CALL}


def test_the_manifest_of_a_folder_is_told_of_by_the_lock_above_it(tmp_path: Path):
    own = '{"name": "@shop/tax", "type": "module", "exports": "./index.js", "dependencies": {"glue": "^2"}}'
    found = scripts.changed(tmp_path, {"package-lock.json": LOCK}, {"packages/tax/package.json": own})
    assert found.keys() == {scripts.TAX}


PYPROJECT = """
[project]
name = "shop"
dependencies = ["web-client", "Sums[fast]>=1"]

[project.optional-dependencies]
more = ["wire==1"]

[dependency-groups]
dev = ["linter", {include-group = "more"}]

[tool.pytest.ini_options]
addopts = "-q"
"""
SETUP = """
[metadata]
name = shop

[options]
install_requires =
    web-client
    Sums[fast]>=1

[options.extras_require]
more =
    wire==1
"""


@pytest.mark.parametrize(("file", "text"), [("pyproject.toml", PYPROJECT), ("setup.cfg", SETUP)])
@pytest.mark.parametrize(
    ("was", "now", "tests"),
    [("wire==1", "wire==2", {python.CLIENT}), ("Sums[fast]>=1", "sums>=2", {python.PRICES})],
)
def test_another_requirement_of_a_python_project_concerns_whom_the_package_concerns(
    file: str, text: str, was: str, now: str, tests: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(python.FILES, file, text)
    found = python.selected(tmp_path, {file: text.replace(was, now)})
    assert found.keys() == tests | {python.PAGE}


@pytest.mark.parametrize(
    ("file", "text", "was", "now", "key"),
    [
        ("pyproject.toml", PYPROJECT, '"-q"', '"-v"', "tool"),
        ("pyproject.toml", PYPROJECT, 'include-group = "more"', 'include-group = "other"', "dependency-groups"),
        ("pyproject.toml", PYPROJECT, 'name = "shop"', 'name = "store"', "project"),
        ("setup.cfg", SETUP, "name = shop", "name = store", "metadata"),
        ("pyproject.toml", PYPROJECT, "linter", "unheard-of", ""),
        ("pyproject.toml", PYPROJECT, "web-client", "-", ""),
        ("pyproject.toml", PYPROJECT, "[project]", "[project", ""),
        ("pyproject.toml", PYPROJECT, '"-q"', "[" * 10_000, ""),
        ("setup.cfg", SETUP, "[metadata]", "[metadata", ""),
    ],
)
def test_whatever_else_a_python_project_says_concerns_all_tests_and_is_named(
    file: str, text: str, was: str, now: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(python.FILES, file, text)
    found = python.selected(tmp_path, {file: text.replace(was, now)})
    assert found.keys() == python.EVERY
    named = f"{file} ({key})" if key else file
    assert found[python.PLAIN].startswith(f"{named} changed and nothing says")
