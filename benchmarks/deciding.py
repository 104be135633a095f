"""
How long it takes to decide what runs: rules alone, and a whole process from its start to the plan.

    python benchmarks/deciding.py [--json FILE] [--tests 10000 100000]

Each size is a checkout in git with 50 tests a file, all of which have a past and a record with 150 edges each, spread
as 1/rank. One file of source has changed: a function that few tests enter. The cold row starts `python -c`, which
imports testflow, plans, and ends; of five the best is told, by the clock and by the processor, git's part included, so
that other load on the machine matters little, and what it imports that it should not.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from hashlib import sha1
from itertools import accumulate
from pathlib import Path

from attrs import evolve
from testflow_git_selector import SelectByRules

from testflow_core.history import History
from testflow_core.model import (
    Application,
    Change,
    Choice,
    Context,
    MappingRule,
    Outcome,
    Run,
    Status,
    TestCase,
    TestResult,
    TestSelection,
)
from testflow_core.touched import MapStore
from testflow_core.touched.shards import FileState, Touched

EDGES, UNITS, PER_FILE, TESTS_A_FILE = 150, 20_000, 20, 50
HEAVY = ("networkx", "sqlite_utils", "jinja2", "faker")
COLD = """
import sys
import testflow
engine = testflow.Engine(applications={"shop": {"base": "HEAD"}}, workspace=sys.argv[1], history=sys.argv[2])
plan = engine.plan(testflow.TestWorkflow("w").add_test_selection("shop", {}))
print(sum(choice.selected for choice in plan.choices), len(plan.choices))
print(*(name for name in sys.modules if name in sys.argv[3:]))
"""


def rules(tests: int = 10_000, changed: int = 1_000, number: int = 100) -> dict[str, float]:
    """Processor seconds for `rules` alone, every tenth rule of which names tests by a glob: choices, then warnings."""
    files = tuple(f"src/part_{n % 100}/module_{n}.py" for n in range(changed))
    mapping = tuple(
        MappingRule(
            source_pattern=re.compile(rf"src/part_{n}/module_(.*)\.py"),
            test_pattern=f"tests/part_{n}/**/test_{{1}}*.py" if n % 10 == 0 else f"tests/part_{n}/test_{{1}}.py",
        )
        for n in range(number)
    )
    cases = [TestCase(application="shop", file=f"tests/part_{n % 100}/test_{n}.py") for n in range(tests)]
    selector = SelectByRules()
    with tempfile.TemporaryDirectory() as name:
        checkout = Path(name)
        for file in (*files, *(each.file for each in cases)):
            (checkout / file).parent.mkdir(parents=True, exist_ok=True)
            (checkout / file).touch()
        context = Context(
            application=Application(name="shop", path=checkout),
            change=Change(application="shop", files=files, reason="declared"),
            selection=TestSelection(application="shop", mapping_rules=mapping),
        )
        begun = time.process_time()
        choices = list(selector.select(cases, context))
        chosen = time.process_time()
        evidence = selector.gather(context)
        looked = time.process_time()
        list(selector.warnings(cases, evolve(context, evidence=evidence)))
        ended = time.process_time()
    return {
        "select": chosen - begun,
        "list files": looked - chosen,
        "check rules": ended - looked,
        "chosen": sum(choice.selected for choice in choices),
    }


def project(folder: Path, tests: int) -> int:
    """A checkout of so many tests, their past and their record; how many edges that has."""
    checkout = folder / "shop"
    (checkout / "tests").mkdir(parents=True)
    for number in range(tests // TESTS_A_FILE):
        (checkout / f"tests/test_{number}.py").write_text("import lib0\n", encoding="utf-8")
    for number in range(UNITS // PER_FILE):
        text = "".join(f"def f{unit}():\n    return 1\n" for unit in range(number * PER_FILE, (number + 1) * PER_FILE))
        (checkout / f"lib{number}.py").write_text(text, encoding="utf-8")
    identity = ("-c", "user.name=B", "-c", "user.email=b@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), (*identity, "commit", "-q", "-m", "first")):
        subprocess.run(["git", "-C", str(checkout), *words], check=True)  # noqa: S607 - of the path
    history = folder / "history.db"
    remember(History(history), tests)
    edges = record(MapStore(history.with_name("history.db.map")), checkout, tests)
    source = checkout / "lib900.py"
    source.write_text(source.read_text(encoding="utf-8").replace("return 1", "return 2", 1), encoding="utf-8")
    return edges


def name_of(number: int) -> str:
    """The place of a test."""
    return f"tests/test_{number // TESTS_A_FILE}.py::test_{number}"


def remember(history: History, tests: int) -> None:
    """One run of all tests."""
    cases = [TestCase.from_id(f"shop::{name_of(number)}") for number in range(tests)]
    history.record(
        Run(
            run_id="r1",
            workflow="w",
            started=1.0,
            choices=tuple(Choice(test=each, selected=True, reason="all") for each in cases),
            outcomes=tuple(Outcome(test=each, status=Status.PASSED, duration=0.01, batch="b") for each in cases),
            results=tuple(TestResult(test_id=each.id, status=Status.PASSED, duration=0.01) for each in cases),
        )
    )


def record(store: MapStore, checkout: Path, tests: int) -> int:
    """What each test enters."""
    draw = random.Random(tests)  # noqa: S311 - reproducible
    weights = list(accumulate(1 / rank for rank in range(1, UNITS + 1)))
    touched = Touched(python="3.13", tests={name_of(number): number for number in range(tests)})
    sets: dict[int, bytearray] = {}
    for number in range(tests):
        for unit in draw.choices(range(UNITS), cum_weights=weights, k=EDGES):
            sets.setdefault(unit, bytearray(tests // 8 + 1))[number >> 3] |= 1 << (number & 7)
    for unit, bits in sets.items():
        touched.postings["enter", f"lib{unit // PER_FILE}.py", f"f{unit}"] = int.from_bytes(bits, "little")
    for path in checkout.glob("**/*.py"):
        found = path.stat()
        digest = sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
        state = FileState(digest=digest, size=found.st_size, time=found.st_mtime_ns)
        touched.files[path.relative_to(checkout).as_posix()] = state
    store.keep("shop", touched, checkout)
    return sum(bits.bit_count() for bits in touched.postings.values())


def _children() -> float:
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def cold(tests: int, times: int = 5) -> dict[str, object]:
    """Seconds of whole processes that decide, from their start to their end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        edges = project(folder, tests)
        words = [sys.executable, "-c", COLD, str(folder), str(folder / "history.db"), *HEAVY]
        whole: list[float] = []
        processor: list[float] = []
        said: list[str] = ["", ""]
        for _ in range(times):
            begun, used = time.perf_counter(), _children()
            said = subprocess.run(words, check=True, capture_output=True, text=True, cwd=name).stdout.splitlines()
            whole.append(time.perf_counter() - begun)
            processor.append(_children() - used)
    chosen, files = said[0].split()
    return {
        "tests": tests,
        "edges": edges,
        "chosen files": int(chosen),
        "files": int(files),
        "best": min(whole),
        "processor": min(processor),
        "heavy": said[1],
    }


def main() -> None:
    """Measure, print one table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--tests", type=int, nargs="*", default=[10_000, 100_000])
    given = parser.parse_args()
    by_rules = rules()
    shown = ", ".join(f"{what} {1000 * seconds:.0f} ms" for what, seconds in by_rules.items() if what != "chosen")
    print(f"rules only, 10,000 tests, 1,000 changed files, 100 rules: {shown}")
    found = [cold(tests) for tests in given.tests]
    print(f"{'decide, a whole cold process':32} {'edges':>11} {'clock':>8} {'processor':>9}  imported too")
    for each in found:
        times = "".join(f" {1000 * float(str(each[what])):5.0f} ms" for what in ("best", "processor"))
        tests = f"{each['tests']:,} tests"
        print(f"{tests:32} {each['edges']:>11,}{times}  {each['heavy'] or 'nothing'}")
    if given.json:
        given.json.write_text(json.dumps({"rules": by_rules, "cold": found}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
