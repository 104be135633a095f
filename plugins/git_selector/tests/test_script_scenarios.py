"""
Changes of JavaScript and TypeScript, in real repositories: whatever test ends otherwise afterwards is selected.

The truth is told by Node, which runs all tests before and after the change.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from changed_projects import Scenario, commit, noticing, put, scenario
from testflow_git_selector import GitChanges, SelectByChange

from testflow_core.model import Application, Context, TestCase

if TYPE_CHECKING:
    from pathlib import Path

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node here")

ALL = "all"
FORMAT, CART, STOCK = "test/format.test.js", "test/cart.test.js", "test/stock.test.cjs"

BASE = {
    "package.json": '{"name": "shop", "type": "module", "scripts": {"test": "node --test"}, '
    '"imports": {"#lib/*": "./lib/*.js"}}',
    ".gitignore": "node_modules\n",
    "lib/format.js": "export const gross = (net) => net * 1.2\n",
    "lib/index.js": "export * from './format.js'\nexport { left as rest } from './stock.cjs'\n",
    "lib/cart.js": "import { gross } from './index.js'\nexport function total(nets) { return nets.map(gross) }\n",
    "lib/stock.cjs": "exports.left = (have, sold) => have - sold\n",
    FORMAT: "import test from 'node:test'\nimport assert from 'node:assert'\nimport { gross } from '#lib/format'\n"
    "test('gross', () => assert.equal(gross(10), 12))\n",
    CART: "import test from 'node:test'\nimport assert from 'node:assert'\nimport * as cart from '../lib/cart.js'\n"
    "test('total', () => assert.deepEqual(cart.total([10]), [12]))\n",
    STOCK: "const test = require('node:test')\nconst assert = require('node:assert')\n"
    "const { left } = require('../lib/stock.cjs')\ntest('left', () => assert.equal(left(3, 1), 2))\n",
}


def importing(statement: str, check: str) -> str:
    head = "import test from 'node:test'\nimport assert from 'node:assert'\n"
    return f"{head}{statement}\ntest('it', async () => {{ {check} }})\n"


MORE = "test/more.test.js"
SCENARIOS = {
    "a module that is imported, and handed on": scenario(
        {"lib/format.js": "export const gross = (net) => net\n"}, {FORMAT, CART}
    ),
    "a module that is required, and handed on": scenario({"lib/stock.cjs": "exports.left = () => 0\n"}, {STOCK, CART}),
    "an index that no longer hands on": scenario({"lib/index.js": "export const gross = (net) => net\n"}, {CART}),
    "an index in the place of a file": scenario(
        {"lib/tax/index.cjs": "module.exports = 7\n", "lib/tax.cjs": None},
        ALL,
        {
            "lib/tax.cjs": "module.exports = 20\n",
            "test/tax.test.cjs": "require('node:assert').equal(require('../lib/tax.cjs'), 20)\n",
        },
    ),
    "the index of a folder": scenario(
        {"lib/tax/index.js": "module.exports = 7\n"},
        {"test/tax.test.cjs"},
        {
            "lib/package.json": "{}",
            "lib/format.js": "",
            "lib/tax/index.js": "module.exports = 20\n",
            "test/tax.test.cjs": "require('node:assert').equal(require('../lib/tax'), 20)\n",
        },
    ),
    "a module that is imported when it is needed": scenario(
        {"lib/late.js": "export default 7\n"},
        {MORE},
        {
            "lib/late.js": "export default 20\n",
            MORE: importing("", "assert.equal((await import('../lib/late.js')).default, 20)"),
        },
    ),
    "a module that is imported by a computed name": scenario(
        {"lib/format.js": "export const gross = () => 0\n"},
        {FORMAT, CART, MORE},
        {
            MORE: importing("const name = 'format'", "const { gross } = await import(`../lib/${name}.js`)\n"
            "assert.equal(gross(10), 12)")
        },
    ),
    "a module that is imported for its effects": scenario(
        {"lib/global.js": "globalThis.rate = 7\n"},
        {MORE},
        {
            "lib/global.js": "globalThis.rate = 20\n",
            MORE: importing("import '../lib/global.js'", "assert.equal(rate, 20)"),
        },
    ),
    "a package of the workspace": scenario(
        {"packages/tax/src/rate.js": "export const rate = 7\n"},
        {MORE},
        {
            "packages/tax/package.json": '{"name": "@shop/tax", "type": "module", "exports": "./src/index.js"}',
            "packages/tax/src/index.js": "export { rate } from './rate.js'\n",
            "packages/tax/src/rate.js": "export const rate = 20\n",
            MORE: importing("import { rate } from '@shop/tax'", "assert.equal(rate, 20)"),
        },
    ),
    "a package of the workspace that is installed under another name": scenario(
        {"packages/tax/rate.js": "export const rate = 7\n"},
        {MORE, "test/own.test.js"},
        {
            "package.json": BASE["package.json"].replace("{", '{"dependencies": {"dep": "1"}, ', 1),
            "packages/tax/package.json": '{"name": "@shop/tax", "type": "module", "exports": "./rate.js"}',
            "packages/tax/rate.js": "export const rate = 20\n",
            MORE: importing("import { rate } from 'dep'", "assert.equal(rate, 20)"),
            "test/own.test.js": importing("import { rate } from '../packages/tax/rate.js'", "assert.equal(rate, 20)"),
        },
    ),
    "a comment in a function that a test shows": scenario(
        {"lib/format.js": "export const gross = (net) => /* tax */ net * 1.2\n"},
        {MORE},
        {
            MORE: importing("import { gross } from '../lib/format.js'", "assert.ok(!gross.toString().includes('tax'))")
        },
    ),
    "a module in TypeScript": scenario(
        {"lib/rate.ts": "export const rate: number = 7\n"},
        {MORE},
        {
            "lib/rate.ts": "export const rate: number = 20\n",
            "lib/types.ts": "export interface Rate { rate: number }\n",
            MORE: importing("import { rate } from '../lib/rate.ts'", "assert.equal(rate, 20)"),
        },
    ),
    "what a test reads as text": scenario(
        {"lib/format.js": f"// {'x' * 80}\n{BASE['lib/format.js']}"},
        {MORE},
        {
            MORE: importing("import { readFileSync } from 'node:fs'",
            "assert(!readFileSync('lib/' + 'format.js', 'utf8').includes('xxx'))")
        },
    ),
    "a program that a test starts": scenario(
        {"lib/stock.cjs": "process.exit(3)\n"},
        {STOCK, CART, MORE},
        {
            MORE: importing("import { spawnSync } from 'node:child_process'",
            "assert.equal(spawnSync(process.execPath, ['lib/' + 'stock.cjs']).status, 0)")
        },
    ),
    "what the script of tests loads": scenario(
        {"setup/first.mjs": "globalThis.ready = 1; throw new Error('no')\n"},
        ALL,
        {
            "package.json": BASE["package.json"].replace("node --test", "node --import ./setup/first.mjs --test"),
            "setup/first.mjs": "globalThis.ready = 1\n",
        },
    ),
    "data that a module imports": scenario(
        {"lib/rates.json": "[7]"},
        ALL,
        {
            "lib/rates.json": "[20]",
            "test/rates.test.cjs": "require('node:assert').equal(require('../lib/rates.json')[0], 20)\n",
        },
    ),
    "data that is called as tests are": scenario(
        {"lib/openapi.spec.json": "[7]"},
        ALL,
        {
            "lib/openapi.spec.json": "[20]",
            "test/rates.test.cjs": "require('node:assert').equal(require('../lib/openapi.spec.json')[0], 20)\n",
        },
    ),
    "a module that no test imports": scenario({"lib/idle.js": "1\n"}, ALL, {"lib/idle.js": "2\n"}),
    "a module that is deleted": scenario({"lib/format.js": None}, {FORMAT, CART}),
    "a module that is renamed": scenario(
        {"lib/format.js": None, "lib/formats.js": BASE["lib/format.js"]}, ALL
    ),
    "a module that no longer parses": scenario({"lib/format.js": "export const = (\n"}, {FORMAT, CART}),
    "a new module in the place of another": scenario(
        {"lib/node_format.js": "export const gross = 0\n"}, {MORE},
        {
            MORE: importing("let gross = 1\ntry { ({ gross } = await import('../lib/node_format.js')) } catch {}",
            "assert.equal(gross, 1)")
        },
    ),
    "a module that is loaded by who was handed require": scenario(
        {"lib/stock.cjs": "exports.left = () => 0\n"},
        {STOCK, CART, "test/handed.test.cjs"},
        {
            "test/handed.test.cjs": "const [{ left }] = ['stock'].map((name) => `../lib/${name}.cjs`).map(require)\n"
            "require('node:assert').equal(left(3, 1), 2)\n"
        },
    ),
    "a folder that a package loads": scenario(
        {"lib/stock.cjs": "exports.left = () => 0\n"},
        {STOCK, CART, "test/loaded.test.cjs"},
        {
            "node_modules/loader/index.js": "module.exports = (folder) => require('fs').readdirSync(folder)"
            ".filter((file) => file.endsWith('.cjs')).map((file) => require(`${folder}/${file}`))\n",
            "package.json": BASE["package.json"].replace("{", '{"dependencies": {"loader": "1"}, ', 1),
            "test/loaded.test.cjs": "const folder = require('node:path').join(__dirname, '..', 'lib')\n"
            "const [{ left }] = require('loader')(folder)\nrequire('node:assert').equal(left(3, 1), 2)\n",
        },
    ),
    "the source of what is built": scenario(
        {"src/rate.mjs": "export const rate = 7\n", "dist/rate.mjs": "export const rate = 7\n"},
        {"test/rate.test.js", MORE},
        {
            ".gitignore": "dist\nnode_modules\n",
            "src/rate.mjs": "export const rate = 20\n",
            "dist/rate.mjs": "export const rate = 20\n",
            "test/rate.test.js": importing("import { rate } from '../src/rate.mjs'", "assert.ok(rate)"),
            MORE: importing("import { rate } from '../dist/rate.mjs'", "assert.equal(rate, 20)"),
        },
    ),
    "a test": scenario({STOCK: "throw new Error('no')\n"}, {STOCK}),
    "a test that is deleted": scenario({STOCK: None}, set()),
    "a comment, and formatting": scenario(
        {"lib/format.js": "/* The tax. */\nexport const gross =\n  (net) => net * 1.2 // 20 %\n"}, set()
    ),
}  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_what_ends_otherwise_is_selected_and_little_besides(scenario: Scenario, tmp_path: Path):
    project = tmp_path / "shop"
    put(project, {**BASE, **scenario.files})
    if (project / "packages").exists():
        (project / "node_modules/@shop").mkdir(parents=True)
        (project / "node_modules/@shop/tax").symlink_to("../../packages/tax", target_is_directory=True)
        (project / "node_modules/dep").symlink_to("../packages/tax", target_is_directory=True)
        (project / "node_modules/elsewhere").symlink_to(tmp_path, target_is_directory=True)
    commit(project)
    before = endings(project)
    put(project, scenario.change)
    application = Application(name="shop", path=project)
    context = Context(application=application, change=GitChanges().changes(application))
    context = evolve(context, evidence=SelectByChange().gather(context))
    found = [*scripts_of(project), *(each.relative_to(project).as_posix() for each in project.glob("lib/*.spec.*"))]
    tests = [TestCase(application="shop", file=file) for file in found]
    chosen = {choice.test.file for choice in SelectByChange().select(tests, context) if choice.selected}
    assert noticing(before, endings(project)) <= chosen
    assert chosen == ({*found} if scenario.selected == ALL else scenario.selected)


def scripts_of(project: Path) -> list[str]:
    return sorted(file.relative_to(project).as_posix() for file in project.glob("test/*.test.*"))


def endings(project: Path) -> dict[str, str]:
    """Whether each test passes, by the options that the script of tests gives."""
    script = (project / "package.json").read_text()
    options = ["--import", "./setup/first.mjs"] if "--import" in script else []
    started = {
        file: subprocess.Popen(
            [NODE or "node", *options, file], cwd=project, env={**os.environ, "NODE_OPTIONS": ""},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for file in scripts_of(project)
    }  # fmt: skip
    return {file: "passed" if process.wait(60) == 0 else "failed" for file, process in started.items()}
