"""
Changed lock files of npm, pnpm and Yarn, in real projects: whatever test ends otherwise is selected, and none besides.

The truth is told by Node, which runs all tests before and after another version of a package is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from changed_projects import commit, noticing, put
from hypothesis import given
from hypothesis import strategies as st
from script_lock_texts import FORMATS, LOCKED, NAMES, npm_3, pnpm_9, yarn_1
from test_script_scenarios import NODE, endings, importing, scripts_of
from testflow_git_selector import GitChanges, SelectByChange
from testflow_git_selector.javascript.lock_files import script_locked
from testflow_git_selector.lock_files import changed_packages

from testflow_core.model import Application, Context, TestCase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CALL, SUM, TAX, PLAIN, MONEY = (f"test/{name}.test.js" for name in ("call", "sum", "tax", "plain", "money"))
EVERY = {CALL, SUM, TAX, PLAIN, MONEY}
MANIFEST = (
    '{"name": "shop", "type": "module", "scripts": {"test": "node --test"}, "dependencies": {'
    + ", ".join(f'"{name}": "^1"' for name in [*NAMES, "@shop/tax"])
    + "}}"
)
PROJECT = {
    "package.json": MANIFEST,
    ".gitignore": "node_modules\n",
    "lib/call.js": "export * from 'client'\nexport const late = () => import('frame')\n",
    "lib/sum.js": "import { sum } from 'sums/fast.js'\nexport const total = sum\n",
    "packages/tax/package.json": '{"name": "@shop/tax", "type": "module", "exports": "./index.js"}',
    "packages/tax/index.js": "export { twice } from 'glue'\n",
    CALL: importing("import { wired } from '../lib/call.js'", "assert.equal(wired, 1)"),
    SUM: importing("import { total } from '../lib/sum.js'", "assert.equal(total(1), 1)"),
    TAX: importing("import { twice } from '../packages/tax/index.js'", "assert.equal(twice, 2)"),
    MONEY: importing("import { currency } from '@shop/money'", "assert.equal(currency, 1)"),
    PLAIN: importing("", ""),
}


def installed(name: str, text: str, more: str = "", file: str = "index.js") -> dict[str, str]:
    folder = f"node_modules/{name}"
    manifest = f'{{"name": "{name}", "version": "1.0.0", "type": "module", "main": "{file}"{more}}}'
    return {f"{folder}/package.json": manifest, f"{folder}/{file}": text}


PACKAGES = {
    **installed("wire", "export const wired = 1\n"),
    **installed("client", "export { wired } from 'wire'\n"),
    **installed("frame", "export { wired } from 'wire'\n"),
    **installed("sums", "export const sum = (n) => n\n", file="fast.js"),
    **installed(
        "glue", "import { sum } from 'sums'\nexport const twice = sum(2)\n", ', "peerDependencies": {"sums": "*"}'
    ),
    **installed("runner", ""),
    **installed("@shop/money", "export const currency = 1\n"),
}
# The package, what is installed instead, and the tests that run.
BUMPS: Mapping[str, tuple[Mapping[str, str], set[str]]] = {
    "wire": ({"node_modules/wire/index.js": "export const wired = 2\n"}, {CALL}),
    "sums": ({"node_modules/sums/fast.js": "export const sum = (n) => -n\n"}, {SUM, TAX}),
    "glue": ({"node_modules/glue/index.js": "export const twice = 3\n"}, {TAX}),
    "@shop/money": ({"node_modules/@shop/money/index.js": "export const currency = 2\n"}, {MONEY}),
    "runner": ({}, EVERY),
}


def selected(project: Path) -> dict[str, str]:
    application = Application(name="shop", path=project)
    context = Context(application=application, change=GitChanges().changes(application))
    context = evolve(context, evidence=SelectByChange().gather(context))
    tests = [TestCase(application="shop", file=file) for file in scripts_of(project)]
    return {each.test.file: each.reason for each in SelectByChange().select(tests, context) if each.selected}


def changed(project: Path, files: Mapping[str, str], change: Mapping[str, str | None]) -> dict[str, str]:
    put(project, {**PROJECT, **PACKAGES, **files})
    commit(project)
    put(project, change)
    return selected(project)


@pytest.fixture(scope="module")
def noticed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """By package, the tests that end otherwise with another version of it."""
    found: dict[str, set[str]] = {}
    project = tmp_path_factory.mktemp("truth") / "shop"
    put(project, {**PROJECT, **PACKAGES})
    before = endings(project)
    for name, (files, _) in BUMPS.items():
        put(project, files)
        found[name] = noticing(before, endings(project))
        put(project, PACKAGES)
    return found


@pytest.mark.skipif(NODE is None, reason="there is no Node here")
@pytest.mark.parametrize("name", BUMPS)
@pytest.mark.parametrize("written", FORMATS)
def test_what_ends_otherwise_with_another_version_is_selected_and_nothing_besides(
    written: str, name: str, noticed: Mapping[str, set[str]], tmp_path: Path
):
    lock, text = FORMATS[written]
    _, concerned = BUMPS[name]
    chosen = changed(tmp_path, {lock: text(LOCKED)}, {lock: text({**LOCKED, name: "1.0.1"})})
    assert noticed[name] == (concerned if name != "runner" else set())
    assert chosen.keys() == concerned


def test_the_reason_names_the_package_and_who_imports_it(tmp_path: Path):
    chosen = changed(tmp_path, {"yarn.lock": yarn_1(LOCKED)}, {"yarn.lock": bumped("wire", yarn_1)})
    assert chosen == {CALL: "yarn.lock changed → client → imported by lib/call.js → test/call.test.js"}


def bumped(name: str, text: Callable[[Mapping[str, str]], str] = npm_3) -> str:
    return text({**LOCKED, name: "1.0.1"})


NPM, PNPM, YARN = npm_3(LOCKED), pnpm_9(LOCKED), yarn_1(LOCKED)


@pytest.mark.parametrize(
    ("lock", "before", "after"),
    [
        ("package-lock.json", NPM, NPM[:-9]),
        ("package-lock.json", NPM, None),
        ("package-lock.json", NPM, NPM.replace('"lockfileVersion": 3', '"lockfileVersion": 4')),
        ("package-lock.json", NPM, NPM.replace('"link": true', '"link": false')),
        ("package-lock.json", NPM, '{"lockfileVersion": 3}'),
        ("package-lock.json", NPM, "[" * 100_000),
        ("package-lock.json", NPM, NPM + " " * (1 << 23)),
        ("package-lock.json", f"{NPM}}}", NPM),
        ("package-lock.json", NPM, NPM.replace('"peerDependencies": {', '"peerDependencies": 1, "x": {')),
        ("pnpm-lock.yaml", PNPM, f"<<<<<<< ours\n{PNPM}"),
        ("pnpm-lock.yaml", PNPM, PNPM.replace("'9.0'", "'10.0'")),
        ("pnpm-lock.yaml", PNPM, PNPM.replace("lockfileVersion", "version")),
        ("pnpm-lock.yaml", PNPM, PNPM.replace("'sums@1.0.0'", "sums")),
        ("pnpm-lock.yaml", PNPM, PNPM.replace("'sums@1.0.0':", "'sums@1.0.0':\n    name: 1")),
        ("pnpm-lock.yaml", PNPM, PNPM.replace("'sums@1.0.0':", "'sums@1.0.0':\n    transitivePeerDependencies: 1")),
        ("pnpm-lock.yaml", PNPM, f"a: &a [1]\nb: *a\n{PNPM}"),
        ("yarn.lock", YARN, YARN.replace("client@^1", "client")),
        ("yarn.lock", YARN, YARN.replace('  version "1.0.0"', '   version "1.0.0"', 1)),
        ("yarn.lock", YARN, YARN.replace("client@^1:", "client@^1 frame@^1:")),
        ("yarn.lock", YARN, YARN.replace("client@^1:", ":client@^1:")),
        ("yarn.lock", YARN, f'{YARN}\nsums@^1:\n  version "2"\n'),
        ("yarn.lock", YARN, f"{YARN}\nodd value\n"),
        ("yarn.lock", YARN, "lodash@npm:1:\n  version: 1\n"),
    ],
    ids=lambda each: (each or "gone")[:20] if isinstance(each, str) else None,
)
def test_a_lock_file_that_cannot_be_read_or_changes_besides_packages_concerns_all_and_is_named(
    lock: str, before: str, after: str | None, tmp_path: Path
):
    chosen = changed(tmp_path, {lock: before}, {lock: after})
    assert chosen.keys() == EVERY
    assert set(chosen.values()) == {f"{lock} changed and nothing says which tests it concerns: all tests run"}


@pytest.mark.parametrize(
    ("files", "name", "concerned"),
    [
        ({"vitest.config.js": "export default {plugins: ['sums']}\n"}, "sums", EVERY),
        ({".mocharc.yml": "require: sums/register\n"}, "sums", EVERY),
        ({"tsconfig.json": '{"compilerOptions": {"types": ["sums"]}}'}, "sums", EVERY),
        ({".mocharc.yml": "require: sumsy\n"}, "sums", {SUM, TAX}),
        ({"vitest.config.js": "export default {plugins: ['sumsy']}\n"}, "sums", {SUM, TAX}),
        ({"package.json": MANIFEST.replace('"type"', '"imports": {"#add": "sums"}, "type"')}, "sums", EVERY),
        ({"package.json": MANIFEST.replace("node --test", "node --import sums --test")}, "sums", EVERY),
        ({"lib/idle.js": "import 'runner'\n"}, "runner", EVERY),
        ({PLAIN: "import 'runner'\n"}, "runner", {PLAIN}),
        ({PLAIN: "import 'runner' // or 'sums'\n"}, "sums", {SUM, TAX}),
        ({PLAIN: "const it = { use: 'sums' }\n"}, "sums", {SUM, TAX, PLAIN}),
        ({PLAIN: "/** @jest-environment sums */\n"}, "sums", {SUM, TAX, PLAIN}),
        ({PLAIN: "import './plain.css'\n", "test/plain.css": "@import '~sums/it.css';\n"}, "sums", {SUM, TAX, PLAIN}),
        ({PLAIN: "const name = 's'\nawait import(name + 'ums')\n"}, "sums", {SUM, TAX, PLAIN}),
        ({PLAIN: "import 'node:child_process'\n"}, "sums", {SUM, TAX, PLAIN}),
        ({PLAIN: "import {\n"}, "sums", {SUM, TAX, PLAIN}),
    ],
)  # fmt: skip
def test_a_package_concerns_whoever_may_use_it_without_an_import(
    files: Mapping[str, str], name: str, concerned: set[str], tmp_path: Path
):
    lock = {"package-lock.json": NPM}
    assert changed(tmp_path, {**lock, **files}, {"package-lock.json": bumped(name)}).keys() == concerned


@pytest.mark.parametrize("name", ["@types/sums", "@types/shop__money", "jest-circus", "typescript", "react"])
def test_types_are_of_their_package_runners_of_every_test_and_elements_of_who_writes_them(name: str, tmp_path: Path):
    concerned = {"@types/sums": {SUM}, "@types/shop__money": {MONEY}, "react": {PLAIN, MONEY}}.get(name, EVERY)
    files = {
        PLAIN: "export const it = <b>1</b>\n",
        MONEY: f"import 'react'\n{PROJECT[MONEY]}",
        "package.json": MANIFEST.replace('"sums"', '"react": "^1", "sums"'),
    }
    texts = [npm_3({**LOCKED, name: version}) for version in ("1.0.0", "1.0.1")]
    assert changed(tmp_path, {**files, "package-lock.json": texts[0]}, {"package-lock.json": texts[1]}).keys() == (
        concerned
    )


@pytest.mark.parametrize("manifest", [None, "{", '{"peerDependencies": 1}', "[]"])
def test_where_the_lock_file_is_silent_about_peers_and_they_are_not_installed_all_run(
    manifest: str | None, tmp_path: Path
):
    put(tmp_path, PACKAGES)
    put(tmp_path, {"node_modules/client/package.json": manifest})
    put(tmp_path, {**PROJECT, "yarn.lock": YARN})
    commit(tmp_path)
    put(tmp_path, {"yarn.lock": bumped("sums", yarn_1)})
    assert selected(tmp_path).keys() == EVERY


def test_two_tools_that_need_each_other_concern_all(tmp_path: Path):
    tools = '"packages": {"node_modules/a": {"version": "1", "dependencies": {"b": "*"}}, "node_modules/b": '
    tools += '{"version": "1", "dependencies": {"a": "*"}}, '
    before = NPM.replace('"packages": {', tools)
    after = before.replace('"version": "1"', '"version": "2"', 1)
    assert changed(tmp_path, {"package-lock.json": before}, {"package-lock.json": after}).keys() == EVERY


def test_a_lock_file_that_is_only_written_otherwise_concerns_nobody(tmp_path: Path):
    lock = "package-lock.json"
    assert changed(tmp_path, {lock: NPM}, {lock: NPM.replace(", ", ",\n")}) == {}


def test_the_lock_file_of_a_folder_concerns_what_is_below_it(tmp_path: Path):
    lock = "packages/tax/package-lock.json"
    assert changed(tmp_path, {lock: NPM}, {lock: bumped("glue")}).keys() == {TAX}
    put(tmp_path, {lock: bumped("@shop/money")})
    assert selected(tmp_path).keys() == EVERY


def test_what_tools_load_for_every_test_concerns_those_below_its_package(tmp_path: Path):
    files = {"test/setup-tests.js": "import 'sums'\n", "package-lock.json": NPM}
    chosen = changed(tmp_path, files, {"package-lock.json": bumped("sums")})
    assert chosen.keys() == EVERY
    assert chosen[PLAIN] == (
        "package-lock.json changed → sums → imported by test/setup-tests.js → the configuration of the tests"
    )


def test_lock_files_of_both_languages_each_concern_their_own(tmp_path: Path):
    files = {"package-lock.json": NPM, "tests/test_it.py": "def test(): pass\n"}
    assert changed(tmp_path, files, {"package-lock.json": bumped("sums")}).keys() == {SUM, TAX}


@pytest.mark.parametrize(
    ("version", "entry"),
    [
        ("other@1.0.0", "'other@1.0.0': {resolution: {integrity: VERSION}}"),
        ("/other/1.0.0", "/other/1.0.0: {resolution: {integrity: VERSION}}"),
        ("https://x.org/a", "https://x.org/a: {name: sums, version: VERSION}"),
        ("1.0.0_react@18.0.0", "/sums/1.0.0_react@18.0.0: {resolution: {integrity: VERSION}}"),
        ("1.0.0(react@18.0.0)", "/sums@1.0.0(react@18.0.0): {resolution: {integrity: VERSION}}"),
    ],
)
def test_pnpm_calls_a_package_by_other_names(version: str, entry: str, tmp_path: Path):
    text = f"lockfileVersion: 9\ndependencies:\n  sums: {version}\npackages:\n  {entry}\n  glue@1:"
    text += " {dependencies: {sums: " + version + "}, transitivePeerDependencies: [peer]}\n"
    lock = "pnpm-lock.yaml"
    assert changed(tmp_path, {lock: text}, {lock: text.replace("VERSION", "2")}).keys() == {SUM, TAX}


def test_what_pnpm_copies_from_a_folder_is_the_checkouts_own():
    text = b"lockfileVersion: 6\npackages:\n  file:packages/tax: {name: tax, resolution: {directory: packages/tax}}\n"
    told = script_locked("pnpm-lock.yaml", text)
    assert told is not None
    assert told.own == {"tax"}


@given(st.sampled_from(sorted(FORMATS)), st.data())
def test_a_damaged_lock_file_is_no_exception(written: str, data: st.DataObject):
    lock, text = FORMATS[written]
    whole = text(LOCKED).encode()
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 40))
    damaged = whole[:start] + data.draw(st.binary(max_size=20)) + whole[start + length :]
    told = script_locked(lock, damaged)
    if told is not None:
        assert changed_packages(told, told) == frozenset()


@given(st.sampled_from(["package-lock.json", "pnpm-lock.yaml", "yarn.lock"]), st.text())
def test_any_text_in_the_place_of_a_lock_file_is_no_exception(lock: str, text: str):
    script_locked(lock, text.encode("utf-8", "surrogatepass"))
    script_locked(lock, f"# yarn lockfile v1\n{text}".encode("utf-8", "surrogatepass"))


def test_a_lock_file_that_is_too_large_is_not_read():
    assert script_locked("package-lock.json", b" " * (1 << 23) + NPM.encode()) is None


@pytest.mark.parametrize("opening", ["a: ", "[", "- ", "{a: "])
def test_what_is_nested_without_end_is_no_exception(opening: str):
    assert script_locked("pnpm-lock.yaml", (opening * 100_000).encode()) is None
