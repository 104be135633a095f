"""What is read of JavaScript and TypeScript: which files a script imports, and where nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from testflow_git_selector import SelectByChange
from testflow_git_selector.javascript import is_the_same, survey

from testflow_core.model import Application, Change, Context, TestCase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from testflow_core.model import Choice

TEST = "src/a.test.ts"
PACKAGE = '{"dependencies": {"react": "1", "@types/node-it": "1"}}'


def graph_of(files: Mapping[str, str], *words: str):
    contents = {"package.json": PACKAGE, **files}
    return survey(contents, [], lambda file: contents[file].encode() if file in contents else None, words)


def needed(files: Mapping[str, str]) -> list[str]:
    """What the test needs besides itself; nothing may be left unclear."""
    graph = graph_of(files)
    assert not graph.puzzles
    return sorted(set(graph.needed_by([TEST])) - {TEST})


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("import b from './b'", "src/b.ts"),
        ("import './b.css'", "src/b.css"),
        ("import type { B } from './b'", "src/b.ts"),
        ("import { type B } from './b'", "src/b.tsx"),
        ("import b = require('./b')", "src/b.ts"),
        ("import './b.js'", "src/b.ts"),
        ("import './b.jsx'", "src/b.tsx"),
        ("import './b.mjs'", "src/b.mts"),
        ("import './b.cjs'", "src/b.cts"),
        ("import b from '.'", "src/index.js"),
        ("import b from '..'", "index.ts"),
        ("import b from '../lib/'", "lib/index.jsx"),
        ("import b from './b?raw'", "src/b.ts"),
        ("import b from 'raw-loader!./b'", "src/b.ts"),
        ("import b from '/src/b'", "src/b.ts"),
        ("export * from './b'", "src/b.ts"),
        ("export { default as c } from './b'", "src/b.ts"),
        ("const b = require('./b')", "src/b.ts"),
        ("const b = module.require(`./b`)", "src/b.ts"),
        ("require.resolve('./b')", "src/b.ts"),
        ("const b = await import(/* webpackChunkName: 'b' */ './b')", "src/b.ts"),
        ("jest.mock('./b')", "src/b.ts"),
        ("vi.importActual('./b')", "src/b.ts"),
        ("proxyquire('./b', {})", "src/b.ts"),
        ("new URL('./b.ts', import.meta.url)", "src/b.ts"),
        ("type B = import('./b').B", "src/b.ts"),
        ("let b: typeof import('./b')", "src/b.ts"),
        ('/// <reference path="b.d.ts" />', "src/b.d.ts"),
        ("run('lib/tool.js')", "lib/tool.js"),
        ("run(join(__dirname, '..', 'lib', 'b.js'))", "lib/b.js"),
        ("run(require('path').resolve(here, 'b.js'))", "src/b.js"),
        ("run(__dirname + '/b.js')", "src/b.js"),
        ("run(`${here}/../lib/b.js`)", "lib/b.js"),
        ("load(path.join(__dirname, 'parts', name, 'x.js'))", "src/parts/b.ts"),
        ("load(process.cwd() + '/lib')", "lib/deep/b.js"),
        ("load(`./parts/it-${name}.js`)", "src/parts/b.ts"),
        ("load('lib/**/*.{js,ts}')", "lib/deep/b.ts"),
        ("import './b'", "src/b.web.tsx"),
        ("import './parts'", "src/parts/index.ios.js"),
    ],
)
def test_an_import_is_followed(text: str, file: str):
    assert needed({TEST: text, file: ""}) == [file]


@pytest.mark.parametrize(
    "text",
    [
        "import fs from 'node:fs'",
        "import { join } from 'path/posix'",
        "import react from 'react/jsx-runtime'",
        "import it from 'node-it'",
        "import 'https://example.org/x.js'",
        "require()",
        "const a = 'no/such/file.js', b = `${a}.js`, c = 'a\\x41.js'",
        "if (typeof require === 'function' && require.main === module) ((require) => 1)()",
        "declare const require: any; let a = ''.join(), b = Promise.resolve('src')",
    ],
)
def test_what_others_made_is_not_looked_for(text: str):
    assert needed({TEST: text}) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import './gone'", "imports ./gone, which is not to be found"),
        ("import '../../outside'", "imports ../../outside, which is not to be found"),
        ("import '/gone'", "imports /gone, which is not to be found"),
        ("import '@/b'", "imports @/b, which is not to be found"),
        ("import 'unknown'", "imports unknown, which is not to be found"),
        ("import '#gone'", "imports #gone, which is not to be found"),
        ("import 'constants/prices'", "imports constants/prices, which is not to be found"),
        ("import '", "does not parse"),
    ],
)
def test_what_nobody_can_follow_is_said(text: str, said: str):
    assert graph_of({TEST: text}).puzzles == {TEST: said}


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("import(name)", "imports"),
        ("import(`./x/${name}.js`)", "imports"),
        ("require(name)", "imports"),
        ("import.meta.glob('./x/*.js')", "imports"),
        ("const load = createRequire(import.meta.url)", "imports"),
        ("names.map(require)", "imports"),
        ("const load = require", "imports"),
        ("use({ require })", "imports"),
        ("(0, require)(name)", "imports"),
        ("process.mainModule.require(name)", "imports"),
        ("module['require'](name)", "imports"),
        ("import { spawn } from 'node:child_process'", "processes"),
        ("import fs from 'fs/promises'", "source"),
        ("const { get } = require('http')", "services"),
        ("await page.goto(address)", "services"),
        ("import { test } from '@playwright/test'", "browsers"),
        ("const at = require('callsites')", "source"),
    ],
)
def test_what_a_script_does_that_its_text_does_not_tell_the_goal_of(text: str, way: str):
    assert way in graph_of({TEST: text}).reaches[TEST]


ALIASES = """{
// of the compiler
"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*", "other/*"], "b": ["./src/b"]},},
}"""


@pytest.mark.parametrize(
    ("files", "text", "found"),
    [
        ({"tsconfig.json": ALIASES}, "import '@/b'", ["src/b.ts"]),
        ({"jsconfig.json": ALIASES}, "import 'b'", ["src/b.ts"]),
        ({"tsconfig.json": ALIASES, "other/b.js": ""}, "import '@/b'", ["other/b.js", "src/b.ts"]),
        ({"tsconfig.json": ALIASES}, "import 'src/b'", ["src/b.ts"]),
        (
            {"src/tsconfig.json": '{"extends": "../tsconfig.base"}', "tsconfig.base.json": ALIASES},
            "import '@/b'",
            ["src/b.ts"],
        ),
        (
            {
                "src/tsconfig.json": '{"extends": ["../etc/one.json", "@ours/etc/gone.json", "theirs"]}',
                "etc/one.json": "",
                "etc/tsconfig.json": '{"extends": "@ours/config"}',
                "src/tsconfig.test.json": '{"extends": "@ours/config/tsconfig.x.json"}',
                "config/package.json": '{"name": "@ours/config"}',
                "config/tsconfig.json": "{}",
                "config/tsconfig.x.json": '{"compilerOptions": {"paths": {"~*": ["../src/*"]}}}',
            },
            "import '~b'",
            ["src/b.ts"],
        ),
        (
            {"package.json": '{"imports": {"#b": {"node": "./src/b.ts", "default": "react"}}}'},
            "import '#b'",
            ["src/b.ts"],
        ),
        (
            {
                "package.json": '{"imports": {"#x": "ours/b", "#y": "#x"}}',
                "ours/package.json": '{"name": "ours"}',
                "ours/b.js": "",
            },
            "import '#x'",
            ["ours/b.js"],
        ),
        (
            {
                "ours/package.json": """{"name": "@o/urs", "exports": {".": "./lib/a.js",
                    "./x/*": {"import": "./lib/*.js"}}}""",
                "ours/lib/b.js": "",
            },
            "import '@o/urs/x/b'",
            ["ours/lib/b.js"],
        ),
        (
            {"ours/package.json": '{"name": "ours", "main": "lib/main"}', "ours/lib/main.js": "", "ours/index.js": ""},
            "import 'ours'",
            ["ours/index.js", "ours/lib/main.js"],
        ),
        (
            {
                "ours/package.json": '{"name": "ours", "main": "dist/main.js"}',
                "ours/source/main.js": "",
                "ours/x.md": "",
            },
            "import 'ours'",
            ["ours/source/main.js"],
        ),
        (
            {
                "package.json": '{"dependencies": {"ours": "file:./local"}}',
                "local/package.json": "{}",
                "local/index.js": "",
            },
            "import 'ours'",
            ["local/index.js"],
        ),
        ({"lib/package.json": '{"main": "./in.js"}', "lib/in.js": ""}, "import '../lib'", ["lib/in.js"]),
        ({"src/__mocks__/b.ts": ""}, "import './b'", ["src/__mocks__/b.ts", "src/b.ts"]),
    ],
)  # fmt: skip
def test_what_manifests_say_of_names_counts(files: Mapping[str, str], text: str, found: list[str]):
    assert needed({"src/b.ts": "", **files, TEST: text}) == found


def test_a_dependency_that_is_linked_and_not_there_is_unclear():
    graph = graph_of({"package.json": '{"dependencies": {"ours": "link:../ours"}}', TEST: "import 'ours'"})
    assert graph.puzzles == {TEST: "imports ours, which is not to be found"}


def test_a_name_that_stands_for_another_name_of_its_kind_is_unclear():
    graph = graph_of(
        {"package.json": '{"imports": {"#x": "#y", "#y": "./src/b.ts"}}', TEST: "import '#x'", "src/b.ts": ""}
    )
    assert graph.puzzles == {TEST: "imports #x, which is not to be found"}


def test_configurations_may_extend_each_other_in_a_circle():
    circle = {"src/tsconfig.json": '{"extends": "../tsconfig.json"}', "tsconfig.json": '{"extends": "./src/tsconfig"}'}
    assert graph_of({TEST: "import '@/b'", **circle}).puzzles == {TEST: "imports @/b, which is not to be found"}


def test_what_several_tests_need_is_needed_by_each_once():
    files = {TEST: "import './b'; import './c'", "src/b.js": "import './d'", "src/c.js": "import './d'", "src/d.js": ""}
    chains = graph_of(files).needing(["src/d.js"])
    assert sorted(map(len, chains.values())) == [1, 2, 2, 3]


def test_a_manifest_that_cannot_be_read_says_nothing():
    graph = graph_of(
        {"package.json": "{", "tsconfig.json": "[1]", TEST: "import 'react'; import './b.vue'", "src/b.vue": ""}
    )
    assert graph.puzzles == {TEST: "imports react, which is not to be found", "src/b.vue": "is of another language"}


def test_what_flow_says_of_types_is_javascript():
    assert needed(
        {"src/a.test.ts": "import './b.js'", "src/b.js": "const a: number = 1; import './c'", "src/c.js": ""}
    ) == [
        "src/b.js",
        "src/c.js",
    ]


def test_reading_ends_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_git_selector.javascript.reading.SECONDS", -1)
    assert graph_of({TEST: ""}).puzzles == {TEST: "is one of too many to read them all"}


def test_a_script_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("testflow_git_selector.javascript.reading._BYTES", 3)
    assert graph_of({TEST: "long", "jest.config.js": "long"}).puzzles.keys() == {TEST, "jest.config.js"}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("a  = 1", "a = 1 // one", True),
        ("a = [1,\n2]", "a = [1, 2]", True),
        ("return_\n(1)", "return_(1)", True),
        ("a = 1", "a = 2", False),
        ("a = 'b'", 'a = "b"', False),
        ("a++\nb", "a\n++b", False),
        ("a = `1  2`", "a = `1 2`", False),
        ("", "/** @jest-environment jsdom */", False),
        ("a = (", "a = ( ", False),
        ("a = (", "a = (", True),
        ("(a, b)", "(a), b", False),
    ],
)
def test_whether_two_texts_are_the_same_program(before: str, after: str, same: bool):
    assert is_the_same("a.js", before.encode(), after.encode()) is same


def test_who_drives_a_browser_is_told_apart_from_its_configuration():
    browsers = "import { devices } from '@playwright/test'"
    graph = graph_of({TEST: "import './page'", "src/page.ts": browsers, "playwright.config.ts": browsers})
    assert graph.reaches["src/page.ts"] == {"browsers"}
    assert not graph.reaches["playwright.config.ts"]


FILES = {
    "package.json": PACKAGE.replace("{", '{"devDependencies": {"@playwright/test": "1"}, ', 1),
    "src/b.ts": "export const b = 1\n",
    "src/c.ts": "export const c = 1\n",
    "src/a.test.ts": "import './b'\n",
    "src/puzzle.test.ts": "import '@/c'\nimport './c'\n",
    "src/reader.test.tsx": "import fs from 'fs'\n",
    "src/page.ts": "import { test } from '@playwright/test'\n",
    "src/user.test.ts": "import './page'\n",
    "checks/own.ts": "import '../src/b'\n",
    "tests/test_pure.py": "def test(): pass\n",
    "tests/test_page.py": "def test(): open('page')\n",
}
TESTS = (
    "src/a.test.ts",
    "src/puzzle.test.ts",
    "src/reader.test.tsx",
    "src/user.test.ts",
    "checks/own.ts",
    "tests/test_pure.py",
    "tests/test_page.py",
)


def decided(checkout: Path, *changed: str, more: Mapping[str, str] | None = None) -> Mapping[str, Choice]:
    for name, text in (FILES | dict(more or {})).items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text, encoding="utf-8")
    application = Application(name="shop", path=checkout)
    change = Change(application="shop", files=changed, reason="declared")
    selector = SelectByChange()
    evidence = selector.gather(Context(application=application, change=change))
    tests = [TestCase(application="shop", file=file) for file in TESTS]
    context = Context(application=application, change=change, evidence=evidence)
    return {choice.test.file: choice for choice in selector.select(tests, context)}


def test_each_test_has_its_reason(tmp_path: Path):
    assert {file: choice.reason for file, choice in decided(tmp_path, "src/b.ts").items()} == {
        "src/a.test.ts": "src/b.ts changed → imported by src/a.test.ts",
        "src/puzzle.test.ts": "src/b.ts changed, and src/puzzle.test.ts imports @/c, which is not to be found:"
        " it may use that",
        "src/reader.test.tsx": "src/b.ts changed, and src/reader.test.tsx reads files of source: it may use that",
        "src/user.test.ts": "src/b.ts changed, and src/page.ts drives a browser: it may use that",
        "checks/own.ts": "src/b.ts changed, and nobody knows what the test imports: it may use that",
        "tests/test_pure.py": "no change concerns it (changed: src/b.ts)",
        "tests/test_page.py": "src/b.ts changed, and tests/test_page.py reads files: it may use that",
    }


def test_what_is_loaded_concerns_all_tests_of_its_folder_but_python(tmp_path: Path):
    config = {"src/jest.config.js": "require('./c')\n", "src/package.json": "{}"}
    found = decided(tmp_path, "src/c.ts", more=config)
    assert found["src/a.test.ts"].reason == (
        "src/c.ts changed → imported by src/jest.config.js → the configuration of the tests"
    )
    assert not found["tests/test_pure.py"].selected
    again = decided(tmp_path, "src/b.ts", more={"src/jest.config.js": "require(name)\n"})
    assert again["src/a.test.ts"].reason.endswith(
        "and src/jest.config.js imports by names that are computed: it may use that"
    )


def test_links_to_files_have_everything_run(tmp_path: Path):
    (tmp_path / "d.ts").symlink_to("src/b.ts")
    found = decided(tmp_path, "src/b.ts")
    assert all(choice.selected for choice in found.values())
