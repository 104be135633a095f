"""
What share of the tests of networkx a change of one function, or of one module-level name, selects; and what it misses.

    python benchmarks/selection_share.py PYTHON FOLDER [--json FILE] [--part networkx/classes] [--changes 24]

PYTHON has pytest, networkx and pytest-testmon; FOLDER holds a copy of the package `networkx`, which is not written to.
The truth is not what was recorded: functions are made to tell which test they run in, in a run without a recorder, and
tests that are selected and do not enter them there run once more, each in a process of its own. Names are bound to
something else, all at once, and what then ends otherwise must have been selected.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, evolve, field, frozen
from measuring import adopt_orphans
from selection import run
from testflow_git_selector import SelectByRecord

from testflow_core.model import Application, Change, Context, Past, TestCase
from testflow_core.touched import MapStore

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from testflow_core.model import TouchedMap

PLUGIN = """
import builtins, json, os, pytest
here, seen, ends = [""], {}, {}
def told(key):
    seen.setdefault(key, set()).add(here[0])
builtins.testflow_told = told
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    here[0] = item.nodeid
    yield
    here[0] = ""
def pytest_runtest_logreport(report):
    if report.failed or report.when == "call":
        ends[report.nodeid] = report.outcome
def pytest_unconfigure():
    with open(os.environ["SHARE_TRUTH"], "w") as stream:
        json.dump({"seen": {key: sorted(value) for key, value in seen.items()}, "ends": ends}, stream)
"""

ALONE = """
import json, os, sys, pytest, share_truth
for name in sys.argv[1:]:
    for each in name.split(","):
        __import__(each)
for line in sys.stdin:
    if os.fork() == 0:
        os.environ["SHARE_TRUTH"] += "-" + str(os.getpid())
        os._exit(pytest.main(["-q", "-p", "share_truth", "-p", "no:cacheprovider", line.strip()]))
    os.wait()
"""
"""Runs tests one by one, each in a process of its own: what a set-up does for several, each does for itself there."""


@frozen(kw_only=True)
class Edit:
    """A change: `kind` is function or name; `line` the one it is at, of `lines` that are replaced by `text`."""

    kind: str
    file: str
    name: str
    start: int
    end: int
    text: str

    @property
    def key(self) -> str:
        """What it is called."""
        return f"{self.file}::{self.name}"


@define
class Truth:
    """The tests that enter each function, and how each test ended."""

    seen: defaultdict[str, set[str]] = field(factory=lambda: defaultdict[str, set[str]](set))
    ends: dict[str, str] = field(factory=dict[str, str])


def functions(file: str, text: str, entered: Mapping[str, int]) -> Iterable[Edit]:
    """The functions of a file that some test enters, each with a statement at its beginning that tells."""
    waiting: list[tuple[str, ast.AST]] = [("", ast.parse(text))]
    while waiting:
        prefix, node = waiting.pop()
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.ClassDef):
                waiting.append((f"{prefix}{each.name}.", each))
            elif isinstance(each, ast.FunctionDef) and entered.get(prefix + each.name):
                first = (
                    each.body[1] if ast.get_docstring(each, clean=False) is not None and each.body[1:] else each.body[0]
                )
                if first.lineno > each.lineno and not getattr(first, "decorator_list", ()):
                    yield Edit(
                        kind="function", file=file, name=prefix + each.name, start=first.lineno, end=first.lineno,
                        text=f"{' ' * first.col_offset}testflow_told({file + '::' + prefix + each.name!r})\n",
                    )  # fmt: skip


def names(file: str, text: str) -> Iterable[Edit]:
    """The module-level names of a file that are bound to a plain value, each bound to another."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name, other = node.targets[0].id, _other(node.value)
            if other and name != "__all__":
                yield Edit(
                    kind="name", file=file, name=name, start=node.lineno, end=(node.end_lineno or node.lineno) + 1,
                    text=f"{name} = {other}\n",
                )  # fmt: skip


def _other(value: ast.expr) -> str:
    """A value of the same type that is another."""
    if isinstance(value, ast.Dict) and value.keys:
        return ast.unparse(ast.Dict(keys=value.keys[:-1], values=value.values[:-1]))
    if isinstance(value, ast.List | ast.Tuple | ast.Set) and value.elts[1:]:
        return ast.unparse(type(value)(elts=value.elts[:-1]))  # type: ignore[call-arg]
    if isinstance(value, ast.Constant) and isinstance(value.value, int | float | str):
        return repr(value.value + ("x" if isinstance(value.value, str) else 1))  # type: ignore[operator]
    return ""


def edited(text: str, edit: Edit) -> str:
    """The text of a file after a change."""
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: edit.start - 1], edit.text, *lines[edit.end - (edit.kind == "function") :]])


def chosen(touched: TouchedMap, checkout: Path, edit: Edit) -> frozenset[str]:
    """The tests that the record selects for a change."""
    path = checkout / edit.file
    before = path.read_text(encoding="utf-8")
    path.write_text(edited(before, edit), encoding="utf-8")
    try:
        application = Application(name="networkx", path=checkout)
        change = Change(application="networkx", files=(edit.file,), reason="declared")
        context = Context(application=application, change=change, past=Past(maps={"networkx": touched}))
        context = evolve(context, evidence=SelectByRecord().gather(context))
        tests = [TestCase(application="networkx", file=place.partition("::")[0], name=place.partition("::")[2])
                 for place in touched.places(touched.recorded)]  # fmt: skip
        return frozenset(
            f"{each.test.file}::{each.test.name}" for each in SelectByRecord().select(tests, context) if each.selected
        )
    finally:
        path.write_text(before, encoding="utf-8")
        os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))


@contextmanager
def all_made(checkout: Path, edits: Iterable[Edit]) -> Generator[None, None, None]:
    """All changes at once."""
    by_file: dict[str, list[Edit]] = defaultdict(list)
    for edit in edits:
        by_file[edit.file].append(edit)
    before = {file: (checkout / file).read_text(encoding="utf-8") for file in by_file}
    try:
        for file, those in by_file.items():
            text = before[file]
            for edit in sorted(those, key=lambda each: -each.start):
                text = edited(text, edit)
            (checkout / file).write_text(text, encoding="utf-8")
        yield
    finally:
        for file, text in before.items():
            (checkout / file).write_text(text, encoding="utf-8")


def told(python: str, checkout: Path, tests: Iterable[str], folder: Path, *, alone: bool = False) -> Truth:
    """What plain pytest says: which tests enter which functions, and how each test ends."""
    (folder / "share_truth.py").write_text(PLUGIN, encoding="utf-8")
    for old in folder.glob("truth.json*"):
        old.unlink()
    variables = {**os.environ, "PYTHONPATH": str(folder), "SHARE_TRUTH": str(folder / "truth.json")}
    if alone:
        words, given = [python, "-B", "-c", ALONE, "networkx"], "\n".join(tests)
    else:
        words, given = [python, "-B", "-m", "pytest", "-q", "-p", "share_truth", "-p", "no:cacheprovider", *tests], ""
    subprocess.run(
        words, cwd=checkout, env=variables, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        input=given, text=True,
    )  # fmt: skip
    truth = Truth()
    for part in folder.glob("truth.json*"):
        said = json.loads(part.read_text(encoding="utf-8"))
        truth.ends.update(said["ends"])
        for key, seen in said["seen"].items():
            truth.seen[key].update(seen)
    return truth


def by_testmon(python: str, checkout: Path, files: list[str], edits: Iterable[Edit], folder: Path) -> dict[str, int]:
    """How many tests pytest-testmon selects for each change."""
    variables = {**os.environ, "TESTMON_DATAFILE": str(folder / "testmon")}
    variables.pop("PYTEST_DISABLE_PLUGIN_AUTOLOAD", None)
    words = [python, "-B", "-m", "pytest", "-q", *files, "--testmon"]
    subprocess.run(words, cwd=checkout, env=variables, check=False, stdout=subprocess.DEVNULL)
    found: dict[str, int] = {}
    for edit in edits:
        path = checkout / edit.file
        before = path.read_text(encoding="utf-8")
        path.write_text(edited(before, edit), encoding="utf-8")
        said = subprocess.run(
            [*words, "--collect-only"], cwd=checkout, env=variables, check=False, capture_output=True, text=True
        )
        path.write_text(before, encoding="utf-8")
        found[edit.key] = len(re.findall(r"^\S+\.py::", said.stdout, re.MULTILINE))
    return found


def drawn(touched: TouchedMap, checkout: Path, number: int) -> list[Edit]:
    """Changes: two functions for each name, of different files as far as there are."""
    draw = random.Random(6)  # noqa: S311 - reproducible
    sources = [
        file for file in touched.files if file.endswith(".py") and "/tests/" not in file and "conftest" not in file
    ]
    texts = {file: (checkout / file).read_text(encoding="utf-8") for file in sorted(sources)}
    bodies = [edit for file, text in texts.items() for edit in functions(file, text, touched.units(file))]
    bound = [edit for file, text in texts.items() for edit in names(file, text)]
    third = min(number // 3, len(bound))
    return [*draw.sample(bodies, number - third), *draw.sample(bound, third)]


def main() -> None:
    """Measure, print one table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", default="networkx/classes")
    parser.add_argument("--changes", type=int, default=24)
    parser.add_argument("--alone", type=int, default=1000, help="so many doubtful tests are run by themselves")
    parser.add_argument("--without-testmon", action="store_true")
    given = parser.parse_args()
    adopt_orphans()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkout = Path(shutil.copytree(given.checkout, folder / "checkout"))
        files = sorted(path.relative_to(checkout).as_posix() for path in (checkout / given.part).rglob("test_*.py"))
        run(given.python, checkout, files, folder / "run", folder / "noted")
        store = MapStore(folder / "map")
        store.record("networkx", checkout, folder / "noted")
        touched, problem = store.map_of("networkx")
        assert touched is not None, problem  # noqa: S101 - just written
        edits = drawn(touched, checkout, given.changes)
        rows = measured(given, touched, checkout, files, edits, folder)
    print(f"{len(touched.places(touched.recorded))} tests recorded of {given.part}")
    print(f"{'change':70} {'entered':>8} {'selected':>8} {'missed':>6} {'testmon':>8}")
    for row in rows:
        print(
            f"{row['change']!s:70} {row['entered']!s:>8} {row['selected']!s:>8} {row['missed']!s:>6}"
            f" {row['testmon']!s:>8}"
        )
    # Who relies on what an import enters is another question: here, that is whoever imports networkx.
    bodies = [row for row in rows if row["kind"] == "function" and not row["by imports"]]
    noticed = [row for row in rows if row["kind"] == "name" and row["testmon"]]
    for said, those, beside in (("functions", bodies, "entered"), ("names that testmon notices", noticed, "testmon")):
        ours, theirs = (sum(int(str(row[key])) for row in those) for key in ("selected", beside))
        print(f"{len(those)} {said}: {ours} selected, {theirs} {beside}: {ours / max(theirs, 1):.3f}")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def measured(
    given: argparse.Namespace, touched: TouchedMap, checkout: Path, files: list[str], edits: list[Edit], folder: Path
) -> list[dict[str, object]]:
    """A row for each change."""
    bodies = [edit for edit in edits if edit.kind == "function"]
    bound = [edit for edit in edits if edit.kind == "name"]
    selected = {edit.key: chosen(touched, checkout, edit) for edit in edits}
    with all_made(checkout, bodies):
        before = told(given.python, checkout, files, folder)
        doubtful = {test for edit in bodies for test in selected[edit.key] - before.seen[edit.key]}
        alone = told(given.python, checkout, sorted(doubtful)[: given.alone], folder, alone=True)
    with all_made(checkout, bound):
        after = told(given.python, checkout, files, folder)
    theirs = {} if given.without_testmon else by_testmon(given.python, checkout, files, edits, folder)
    known = {*touched.places(touched.recorded)}
    noticing = {test for test, end in before.ends.items() if after.ends.get(test) != end and test in known}
    missed = noticing.difference(*[selected[edit.key] for edit in bound])
    rows: list[dict[str, object]] = []
    for edit in edits:
        entered = before.seen[edit.key] - {""} | (alone.seen[edit.key] & selected[edit.key])
        left_out = before.seen[edit.key] - {""} - selected[edit.key] if edit.kind == "function" else missed
        rows.append(
            {
                "change": edit.key,
                "kind": edit.kind,
                "entered": len(entered) if edit.kind == "function" else "",
                "by imports": "" in before.seen[edit.key],
                "selected": len(selected[edit.key]),
                "missed": len(left_out),
                "first missed": sorted(left_out)[:3],
                "testmon": theirs.get(edit.key, ""),
            }
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
