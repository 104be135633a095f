"""What tools load for the tests of scripts, what they replace, and what is built before tests run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_script_imports import PACKAGE, TEST, graph_of, needed

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize(
    ("files", "loaded"),
    [
        (
            {"vite.config.ts": "export default {test: {setupFiles: './etc/first.ts'}}"},
            {"vite.config.ts": "", "etc/first.ts": ""},
        ),
        ({"src/jest.config.js": "", "src/package.json": "{}"}, {"src/jest.config.js": "src"}),
        ({".mocharc.json": '{"require": ["./etc/first.ts"]}'}, {"etc/first.ts": ""}),
        ({"package.json": '{"jest": {"setupFiles": ["<rootDir>/etc/first"]}}'}, {"etc/first.ts": ""}),
        (
            {
                "package.json": """{"scripts": {"test": "npm run it", "it": "node -r ./etc/first.ts src",
                    "build": "x src/b.ts"}}"""
            },
            {"etc/first.ts": ""},
        ),
        ({"webpack.config.js": "module.exports = {entry: './src/b.ts'}"}, {}),
        (
            {"vitest.config.ts": "export default {setupFiles: [join(__dirname, 'etc', 'first.ts')], dir: 'src/'}"},
            {"vitest.config.ts": "", "etc/first.ts": ""},
        ),
        ({".mocharc.yml": "require:\n  - ./etc/first.ts\n"}, {"etc/first.ts": ""}),
        ({".mocharc.jsonc": '{"file": "etc/first" /* early */}'}, {"etc/first.ts": ""}),
        ({".npmrc": "node-options=--import=./etc/first.ts\n"}, {"etc/first.ts": ""}),
        (
            {
                "package.json": '{"scripts": {"test": "jest -c etc/unit.json"}}',
                "etc/unit.json": '{"setupFiles": ["<rootDir>/etc/first"], "more": "etc/unit.json"}',
                "etc/first.ts": "",
            },
            {"etc/first.ts": ""},
        ),
        (
            {"package.json": '{"scripts": {"test": "sh etc/run.sh tsconfig.json"}}', "etc/run.sh": "node -r ./first.ts"}
            | {"tsconfig.json": '{"include": ["./src/b.ts"]}'},
            {"etc/first.ts": ""},
        ),
        (
            {"cypress/support/e2e.js": "", "src/__mocks__/fs.js": ""},
            {"cypress/support/e2e.js": "", "src/__mocks__/fs.js": ""},
        ),
        (
            {
                "a/jest.config.js": "'../etc/first'",
                "a/package.json": "{}",
                "b/jest.config.js": "'../etc/first'",
                "b/package.json": "{}",
            },
            {"a/jest.config.js": "a", "b/jest.config.js": "b", "etc/first.ts": ""},
        ),
    ],
)  # fmt: skip
def test_what_tools_load_for_tests_is_known(files: Mapping[str, str], loaded: Mapping[str, str]):
    assert graph_of({"etc/first.ts": "", "src/b.ts": "", "src/index.ts": "", TEST: "", **files}).loaded == loaded


def test_what_the_test_command_loads_is_known():
    assert graph_of({"etc/first.ts": "", TEST: ""}, "node", "--import", "./etc/first.ts").loaded == {"etc/first.ts": ""}


def test_what_the_script_loads_that_the_test_command_runs_is_known():
    files = {"package.json": '{"scripts": {"unit": "node -r ./etc/first.ts"}}', "etc/first.ts": "", TEST: ""}
    assert graph_of(files, "npm", "run", "unit").loaded == {"etc/first.ts": ""}
    assert graph_of(files, "npm", "run", "other").loaded == {}


def test_the_scripts_of_a_page_that_a_test_names_are_needed():
    page = "<a href=#x><script src=/lib/b.js></script><script type=module>import './c.js'</script>"
    files = {TEST: "open('./page.html')", "src/page.html": page, "lib/b.js": "", "src/c.js": ""}
    assert needed(files) == ["lib/b.js", "src/c.js", "src/page.html"]


@pytest.mark.parametrize("name", ["react", "@ours/parts"])
@pytest.mark.parametrize(
    "told",
    [
        {"package.json": '{"jest": {"moduleNameMapper": {"^NAME$": "<rootDir>/lib"}}, "dependencies": {"NAME": "1"}}'},
        {"jest.config.json": '{"moduleNameMapper": {"^react$": "x", "^@ours/(.*)$": "<rootDir>/$1"}}'},
        {"vite.config.ts": "export default {resolve: {alias: [{find: 'x'}, {find: 'NAME', replacement: lib}]}}"},
        {"vite.config.ts": "const aliases = {'NAME': '{'}"},
    ],
)
def test_what_a_package_is_that_a_tool_replaces_is_unclear(told: Mapping[str, str], name: str):
    files = {"package.json": '{"dependencies": {"NAME": "1"}}', TEST: f"import {name!r}", **told}
    graph = graph_of({file: text.replace("NAME", name) for file, text in files.items()})
    assert graph.puzzles == {TEST: f"imports {name}, which is not to be found"}


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"dist/b.js": ""}, "import '../dist/b'"),
        ({"dist/a.js": "", "dist/b.js": ""}, "import '../dist/a'; import '../dist/b'"),
        (
            {".gitignore": "# made\n/out/\n\n!lib\n", "out/esm/b.js": "", "out/esm/package.json": "{}"},
            "import '../out/esm/b'",
        ),
        ({"package.json": '{"name": "own", "main": "./dist/b.js"}', "dist/b.js": ""}, "import 'own'"),
    ],
)  # fmt: skip
def test_what_is_built_is_made_of_all_scripts_of_its_package(files: Mapping[str, str], text: str):
    sources = {"lib/b.ts": "", "lib/c.ts": "", "lib/c.test.ts": "", "other/package.json": '{"name": "other"}'}
    found = needed({"package.json": PACKAGE, **sources, **files, TEST: text})
    assert [file for file in found if file not in files] == ["lib/b.ts", "lib/c.ts"]
