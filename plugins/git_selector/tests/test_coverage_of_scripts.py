"""What of a changed script no test that runs is known to reach is told by function; who reaches it is known by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from changed_projects import commit, put
from testflow_git_selector import GitChanges, SelectByChange
from testflow_git_selector.javascript import changed_functions

from testflow_core.model import Application, Change, Choice, Context, Past, TestCase
from testflow_core.touched import MapStore
from testflow_core.touched.shards import Touched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

CART = """
import rates from './rates.js'
export const total = (nets) => nets.map(gross)
function gross(net) {
  const inner = () => net
  return inner() * 1.2
}
export class Cart {
  items = []
  add(item) { this.items.push(item) }
  count = () => this.items.length
}
const api = { charge() { return 1 }, 'refund': function () { return 2 } }
Cart.prototype.clear = function* () { yield 3 }
export default function () { return 4 }
register((event) => 5)
const slow = debounce(() => 6)
"""
FILES = {
    "package.json": '{"type": "module"}',
    "lib/cart.js": CART,
    "lib/rates.js": "export default [1]\n",
    "lib/idle.ts": "export function idle(): number { return 1 }\nexport const limit = 3\n",
    "test/cart.test.js": "import { total } from '../lib/cart.js'\n",
    "test/plain.test.js": "",
}
RUNNING = ("test/cart.test.js", "test/plain.test.js")
BY_FILE = "unknown: tests that run import its file; of scripts it is not recorded which functions they enter"
NOBODY = "no test that runs imports it"


def uncovered(
    folder: Path, change: Mapping[str, str | None], running: Iterable[str] = RUNNING, past: Past | None = None
) -> list[str]:
    put(folder, FILES)
    commit(folder)
    put(folder, change)
    application = Application(name="shop", path=folder)
    return told(application, GitChanges().changes(application), running, past or Past())


def told(application: Application, change: Change, running: Iterable[str], past: Past) -> list[str]:
    context = Context(application=application, change=change, past=past)
    context = evolve(context, evidence=SelectByChange().gather(context))
    choices = [
        Choice(test=TestCase(application="shop", file=file), selected=file in running, reason="r") for file in RUNNING
    ]
    choices += [Choice(test=TestCase(application="shop", file=file), selected=True, reason="r") for file in running
                if file not in RUNNING]  # fmt: skip
    return [str(each).removeprefix("shop: ") for each in SelectByChange().uncovered(choices, context)]


def test_changed_functions_that_a_running_test_may_enter_are_listed_as_unknown(tmp_path: Path):
    change = {"lib/cart.js": CART.replace("1.2", "1.3").replace("push", "unshift")}
    assert uncovered(tmp_path, change) == [f"lib/cart.js: gross: {BY_FILE}", f"lib/cart.js: Cart.add: {BY_FILE}"]


def test_changed_functions_that_no_running_test_comes_to_are_listed_as_such(tmp_path: Path):
    changed = CART.replace("1.2", "1.3").replace("register", "registered")
    assert uncovered(tmp_path, {"lib/cart.js": changed}, RUNNING[1:]) == [
        f"lib/cart.js: gross: {NOBODY}",
        f"lib/cart.js: <module>: {NOBODY}",
    ]
    assert uncovered(tmp_path / "all", {"lib/idle.ts": FILES["lib/idle.ts"].replace("1", "2")}) == [
        f"lib/idle.ts: idle: {NOBODY}"
    ]
    assert uncovered(tmp_path / "none", {"lib/cart.js": changed}, ()) == [
        f"lib/cart.js: gross: {NOBODY}",
        f"lib/cart.js: <module>: {NOBODY}",
    ]


@pytest.mark.parametrize(
    "test",
    [
        {"test/cart.test.js": "const name = 'x'\nimport(name)\n"},
        {"test/cart.test.js": "import '@/where'\n"},
        {"test/odd.py": "def test(): pass\n"},
    ],
)
def test_where_a_running_test_may_come_to_anything_nobody_knows(test: Mapping[str, str], tmp_path: Path):
    change = {**test, "lib/idle.ts": FILES["lib/idle.ts"].replace("1", "2")}
    perhaps = "unknown: no test that runs is known to import it, and some import what nobody can tell"
    said = uncovered(tmp_path, change, (*RUNNING, *(file for file in test if file.endswith(".py"))))
    assert said == [f"lib/idle.ts: idle: {perhaps}"]


def test_what_runs_at_import_is_reached_by_who_imports_the_file(tmp_path: Path):
    assert uncovered(tmp_path, {"lib/cart.js": CART.replace("register", "registered")}) == []


def test_a_new_script_and_one_that_does_not_parse_are_told_whole(tmp_path: Path):
    assert uncovered(tmp_path, {"lib/new.js": "export const fresh = () => 1\n"}) == [f"lib/new.js: {NOBODY}"]
    assert uncovered(tmp_path / "odd", {"lib/cart.js": f"{CART}\nfunction ("}) == [f"lib/cart.js: {BY_FILE}"]


def test_comments_tests_and_what_is_gone_need_no_test(tmp_path: Path):
    change = {"lib/cart.js": f"// a remark\n{CART}", "lib/rates.js": None, RUNNING[1]: "1\n"}
    assert uncovered(tmp_path, change) == []


def test_without_a_base_a_script_counts_as_a_whole(tmp_path: Path):
    put(tmp_path, FILES)
    change = Change(application="shop", files=("lib/cart.js", "lib/idle.ts"), reason="declared")
    known = Application(name="shop", path=tmp_path)
    assert told(known, change, RUNNING, Past()) == [f"lib/cart.js: {BY_FILE}", f"lib/idle.ts: {NOBODY}"]
    assert told(evolve(known, path=None), change, RUNNING, Past())[0] == (
        "lib/cart.js: unknown: what tests touch was never recorded"
    )


def test_scripts_are_told_by_imports_although_tests_in_python_were_recorded(tmp_path: Path):
    store = MapStore(tmp_path / "map")
    store.keep("shop", Touched(python="3.13", tests={"tests/test_it.py::test": 0}), tmp_path)
    known, _ = store.map_of("shop")
    assert known is not None
    past = Past(maps={"shop": known})
    change = {"lib/idle.ts": FILES["lib/idle.ts"].replace("1", "2")}
    assert uncovered(tmp_path / "shop", change, past=past) == [f"lib/idle.ts: idle: {NOBODY}"]


@pytest.mark.parametrize(
    ("before", "after", "functions"),
    [
        ("return inner() * 1.2", "return net * 1.2", ["gross"]),
        ("const inner = () => net", "const inner = () => -net", ["gross"]),
        ("nets.map(gross)", "nets", ["total"]),
        ("this.items.length", "0", ["Cart.count"]),
        ("return 1", "return 9", ["api.charge"]),
        ("return 2", "return 9", ["api.refund"]),
        ("yield 3", "yield 9", ["Cart.prototype.clear"]),
        ("return 4", "return 9", ["default"]),
        ("() => 6", "() => 9", ["slow"]),
        ("=> 5", "=> 9", []),
        ("items = []", "items = [1]", []),
        ("return 4 }", "return 4 }\nfunction fresh() {}", ["fresh"]),
    ],
)
def test_a_function_is_called_by_what_it_is_defined_in_or_assigned_to(before: str, after: str, functions: list[str]):
    assert CART.count(before) == 1
    found = changed_functions("cart.js", CART.encode(), CART.replace(before, after).encode())
    assert found is not None
    assert list(found.functions) == functions
    assert found.module is (not functions)
    assert found.new == ({"fresh"} if functions == ["fresh"] else frozenset())


@pytest.mark.parametrize(("before", "after"), [(None, b"1"), (b"function (", b"1"), (b"1", b"function (")])
def test_of_what_was_not_there_or_does_not_parse_no_functions_are_told(before: bytes | None, after: bytes):
    assert changed_functions("cart.ts", before, after) is None
