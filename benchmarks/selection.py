"""
What recording costs, and how long deciding takes, on the tests of networkx; beside pytest-testmon.

    python benchmarks/selection.py PYTHON FOLDER [--json FILE] [--part networkx/classes]

PYTHON has pytest, networkx and pytest-testmon; FOLDER holds a copy of the package `networkx` that may
be written to. Processor time is that of all processes, so that other load on the machine matters little. Deciding is
measured in this process: 10,000 and 100,000 tests are put into a map with 150 edges each, spread as 1/rank.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import adopt_orphans

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.model import Batch, Bench, TestCase
from testflow_core.touched import MapStore
from testflow_core.touched.shards import FileState, Touched

if TYPE_CHECKING:
    from collections.abc import Callable

EDGES = 150
UNITS = 20_000
PER_FILE = 20


def cpu(work: Callable[[], object]) -> float:
    """Seconds of processor time of the children that end meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(python: str, checkout: Path, files: list[str], directory: Path, noted: Path | None) -> None:
    """Run files by our runner, recorded or not."""
    command = (python, "-m", "pytest", "-q")
    bench = Bench(directory=directory, checkout=checkout, python=python, command=command, record=noted)
    tests = tuple(TestCase(application="networkx", file=file, name=None) for file in files)
    with PytestRunner().session(bench) as session:
        list(session.run(Batch(id="all/1", runner="pytest", bench=bench, tests=tests)))


def quiet(words: list[str], checkout: Path, variables: dict[str, str]) -> None:
    """Run a program whose end does not matter."""
    subprocess.run(words, cwd=checkout, check=False, stdout=subprocess.DEVNULL, env=variables)


def recording(python: str, checkout: Path, part: str) -> dict[str, float]:
    """Processor seconds of a part of the tests: bare, recorded by us, recorded by testmon."""
    files = sorted(path.relative_to(checkout).as_posix() for path in (checkout / part).rglob("test_*.py"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = cpu(lambda: run(python, checkout, files, folder / "bare", None))
        ours = cpu(lambda: run(python, checkout, files, folder / "ours", folder / "noted"))
        begun = time.process_time()
        MapStore(folder / "map").record("networkx", checkout, folder / "noted")
        kept = time.process_time() - begun
        variables = {**os.environ, "TESTMON_DATAFILE": str(folder / "testmon")}
        words = [python, "-m", "pytest", "-q", *files]
        plain = cpu(lambda: quiet(words, checkout, variables))
        del variables["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        testmon = cpu(lambda: quiet([*words, "--testmon"], checkout, variables))
    return {"bare": bare, "ours": ours, "map": kept, "plain": plain, "testmon": testmon}


def deciding(tests: int) -> dict[str, float]:
    """Seconds to find out what changed and whom it concerns, the most used unit being one of three that changed."""
    draw = random.Random(tests)  # noqa: S311 - reproducible
    weights = list(accumulate(1 / rank for rank in range(1, UNITS + 1)))
    touched = Touched(python="3.13", tests={f"tests/test_{n // 50}.py::test_{n}": n for n in range(tests)})
    sets: dict[int, bytearray] = {}
    for number in range(tests):
        for unit in draw.choices(range(UNITS), cum_weights=weights, k=EDGES):
            sets.setdefault(unit, bytearray(tests // 8 + 1))[number >> 3] |= 1 << (number & 7)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for unit, bits in sets.items():
            touched.postings["enter", f"lib{unit // PER_FILE}.py", f"f{unit}"] = int.from_bytes(bits, "little")
        for number in range(UNITS // PER_FILE):
            path = folder / f"lib{number}.py"
            path.write_text(f"def f{number * PER_FILE}(): pass\n", encoding="utf-8")
            found = path.stat()
            touched.files[path.name] = FileState(digest="x" * 40, size=found.st_size, time=found.st_mtime_ns)
        store = MapStore(folder / "map")
        store.keep("a", touched, folder)
        edges = sum(bits.bit_count() for bits in touched.postings.values())
        begun = time.perf_counter()
        known, _ = store.map_of("a")
        assert known is not None  # noqa: S101 - just written
        list(known.outdated(folder))
        concerned = (
            known.entering("lib0.py", "f0") | known.entering("lib0.py", "f9") | known.entering("lib500.py", "f9999")
        )
        chosen = known.places(concerned)
        taken = time.perf_counter() - begun
        size = (folder / "map").stat().st_size
    return {"tests": tests, "edges": edges, "chosen": len(chosen), "seconds": taken, "megabytes": size / 1e6}


def main() -> None:
    """Measure, print one table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", default="networkx/classes")
    given = parser.parse_args()
    adopt_orphans()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    cost = recording(given.python, given.checkout, given.part)
    print(f"{'recording, processor seconds':32} {'bare':>8} {'recorded':>9} {'ratio':>6}")
    print(f"{'testflow':32} {cost['bare']:8.2f} {cost['ours']:9.2f} {cost['ours'] / cost['bare']:6.2f}")
    print(f"{'pytest-testmon':32} {cost['plain']:8.2f} {cost['testmon']:9.2f} {cost['testmon'] / cost['plain']:6.2f}")
    print(f"{'keeping the map':32} {'':8} {cost['map']:9.2f}")
    decisions = [deciding(tests) for tests in (10_000, 100_000)]
    for each in decisions:
        print(f"decide, {each['tests']:,} tests, {each['edges']:,} edges: {each['seconds'] * 1000:.1f} ms")
    if given.json:
        given.json.write_text(json.dumps({"recording": cost, "deciding": decisions}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
