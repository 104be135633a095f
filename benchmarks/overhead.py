"""
What the engine costs beside the tests that it runs: for the payments example, and for a suite of a minute and more.

Whole processes, from start to end. The bound is what no engine can beat: max(sum of the tests' durations / workers,
the longest of them). Overhead is (wall - bound) / wall, where wall leaves out the time that the environment takes to
come up and go down. Plain pytest and pytest-xdist run the same suite and are measured by the same formula, their
durations taken from the JUnit reports that they write. Writes JSON to the file named by the first argument (default
`.testflow/benchmarks/overhead.json`).

    uv run --group benchmarks python benchmarks/overhead.py
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from attrs import asdict, frozen
from testflow_docker_env.hosts import engine_host, no_engine

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 3
WORKERS = os.cpu_count() or 1
ROOT = Path(__file__).parents[1]
FILES, TESTS = 40, 8

# Tests of mixed length, the longest 1.6 s; most wait, as tests of services do, and some compute.
SUITE = """
import time
import pytest

@pytest.mark.parametrize("number", range({tests}))
def test_waits(number):
    time.sleep(0.05 * (1 + (number * 7 + {file} * 3) % 11) + (1.05 if number == {file} == 0 else 0))

def test_computes():
    assert sum(range(2_000_000)) > 0
"""

# What a script would do, and then what the run says of itself.
REPORT = """
import json
print(json.dumps({
    "phases": dict(run.phases), "provisioner": run.provisioner,
    "durations": [outcome.duration for outcome in run.outcomes],
    "failed": [failure.test_id for failure in run.failed_tests],
}))
"""
RUN_SUITE = f"""
import testflow
workflow = testflow.TestWorkflow("suite").add_test_selection("suite", {{"strategy": "all"}})
run = testflow.Engine(applications={{"suite": {{}}}}, workspace=".").execute(workflow)
{REPORT}"""
RUN_PAYMENTS = f"""
import runpy, sys, testflow
example = runpy.run_path({str(ROOT / "examples/payments/run.py")!r})
example["node_within_reach"]()
engine = testflow.Engine(
    workspace={str(ROOT / "examples/payments")!r}, applications=example["applications"](), provisioner=sys.argv[1]
)
run = engine.execute(example["workflow"](), example["environment"](), example["test_data"]())
{REPORT}"""


@frozen(kw_only=True)
class Row:
    """One measured case; all in seconds but `overhead`, a share of the wall time without provisioning."""

    case: str
    tests: int
    wall: float
    provisioning: float
    bound: float

    @property
    def engine(self) -> float:
        """What is neither provisioning nor bound by the tests."""
        return self.wall - self.provisioning - self.bound

    @property
    def overhead(self) -> float:
        """The share of it in the wall time without provisioning."""
        return self.engine / (self.wall - self.provisioning)


def timed(argv: Sequence[str], folder: Path) -> tuple[float, str]:
    """Seconds and output of a whole process that must end well."""
    began = time.perf_counter()
    finished = subprocess.run([sys.executable, *argv], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - began, finished.stdout


def bound(durations: Sequence[float], workers: int) -> float:
    """The least time in which so many workers can run these tests, whole."""
    return max(sum(durations) / workers, *durations)


def of_testflow(case: str, program: str, folder: Path, *arguments: str) -> Row:
    """A run of ours, by what it says of itself."""
    wall, printed = timed(["-c", program, *arguments], folder)
    told = json.loads(printed)
    phases = told["phases"]
    provisioning = phases.get("provision", 0.0) + (phases.get("clean up", 0.0) if "provision" in phases else 0.0)
    durations = told["durations"]
    return Row(case=case, tests=len(durations), wall=wall, provisioning=provisioning, bound=bound(durations, WORKERS))


def of_pytest(case: str, folder: Path, workers: int, *options: str) -> Row:
    """A run of pytest, by its report."""
    report = folder / "report.xml"
    wall, _ = timed(["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *options, "suite"], folder)
    durations = [float(case.attrib["time"]) for case in ET.parse(report).iter("testcase")]  # noqa: S314 (just written)
    return Row(case=case, tests=len(durations), wall=wall, provisioning=0.0, bound=bound(durations, workers))


def write_suite(folder: Path) -> None:
    """The suite, as an application of its own."""
    directory = folder / "suite" / "tests"
    directory.mkdir(parents=True)
    for file in range(FILES):
        (directory / f"test_{file}.py").write_text(SUITE.format(tests=TESTS, file=file))


def measured(folder: Path) -> list[Row]:
    """Every case once, in turn, so that what else the machine does falls on all alike."""
    provisioners = ["process", *(["docker"] if no_engine(engine_host()) is None else [])]
    return [
        *(of_testflow(f"payments, {name}", RUN_PAYMENTS, folder, name) for name in provisioners),
        of_testflow(f"suite, testflow, {WORKERS} workers", RUN_SUITE, folder),
        of_pytest(f"suite, pytest-xdist, {WORKERS} workers", folder, WORKERS, "-n", str(WORKERS)),
        of_pytest("suite, pytest", folder, 1),
    ]


def middle(rows: Sequence[Row]) -> Row:
    """The one of several measurements of a case whose overhead is the median."""
    return sorted(rows, key=lambda row: row.overhead)[len(rows) // 2]


def main() -> None:
    """Measure, print the table, write the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_suite(folder)
        measured(folder)
        rounds = [measured(folder) for _ in range(ROUNDS)]
    rows = [middle(found) for found in zip(*rounds, strict=True)]
    print(f"{'':34}{'tests':>6}{'wall':>8}{'provis.':>9}{'bound':>8}{'engine':>8}{'overhead':>10}")
    for row in rows:
        times = f"{row.wall:8.2f}{row.provisioning:9.2f}{row.bound:8.2f}{row.engine:8.2f}"
        print(f"{row.case:34}{row.tests:6}{times}{row.overhead:10.1%}")
    ours, xdist = (statistics.median(row.overhead for row in found) for found in list(zip(*rounds, strict=True))[-3:-1])
    print(f"overhead of the suite, testflow over pytest-xdist: {ours / xdist:.2f}")
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/overhead.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    figures = [{**asdict(row), "engine": row.engine, "overhead": row.overhead} for row in rows]
    file.write_text(json.dumps({"workers": WORKERS, "rows": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
