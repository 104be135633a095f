"""
Whether tests end under testflow as they do under plain pytest: real suites, run both ways, test by test.

Compares which tests there are, how each ended (xfailed and xpassed apart), why it was skipped, the first line of why it
failed, and what it printed. Plain pytest runs each suite twice: what it does not say twice is counted as unstable and
held against nobody. Where else something differs, plain pytest is asked for the file alone, some times, so that tests
which draw lots, or depend on what other files have left behind, are told from mistakes of testflow. Ends with 1 where
testflow differs.

The packages are installed in an environment of their own, unless an interpreter is given that has them. Where a folder
is given, what is named are paths of tests in it. Writes JSON to FILE (default `.testflow/benchmarks/outcomes.json`).

    uv run python benchmarks/outcomes.py [--report FILE] [--python PYTHON] [SUITE ...]
    uv run python benchmarks/outcomes.py [--report FILE] --python PYTHON --folder FOLDER PATH ...
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import asdict, evolve, field, frozen
from comparing import Difference, by_pytest, by_testflow, differing

if TYPE_CHECKING:
    from comparing import Ending, Place

WORKERS = 2
LISTED = 20
REPEATS = 5
"""How often plain pytest is asked for a file in which something differs: some tests draw lots."""

PLUGIN = Path(__file__).parent / "plain"
PACKAGES = (
    "pytest==9.2.0", "hypothesis==6.170.17", "pytest-asyncio==1.5.0", "networkx==3.6", "numpy==2.4.6",
    "pandas==3.1.1", "xarray==2026.9.0", "trio==0.35.0", "trustme", "sympy==1.14.0", "tornado==6.6.1",
    "zope.interface==8.7", "shapely==2.2.0",
)  # fmt: skip

RUN = """
import json, sys, testflow
python, folder, report, workers, command, *paths = sys.argv[1:]
workflow = testflow.TestWorkflow("w").add_test_selection("suite", {"strategy": "all", "test_paths": paths})
application = {"path": folder, "python": python, "test_command": command}
engine = testflow.Engine(applications={"suite": application}, reporters=(), workers=int(workers))
run = engine.execute(workflow)
with open(report, "w", encoding="utf-8") as stream:
    json.dump([{
        "file": each.test.file, "name": each.test.name, "status": each.status, "reason": each.reason,
        "message": each.message, "stdout": each.stdout,
    } for each in run.outcomes], stream)
"""


@frozen(kw_only=True)
class Suite:
    """Tests that a package brings along: what makes it worth a look, where they are, and more words for pytest."""

    style: str
    paths: tuple[str, ...]
    words: tuple[str, ...] = ()
    prints: Mapping[str, str] = field(factory=dict[str, str])
    """Tests that print what no two processes have in common, and what that is."""


SUITES = {
    "networkx": Suite(style="functions and classes, a conftest.py that skips by options", paths=("networkx",)),
    "numpy": Suite(style="hypothesis, a conftest.py with fixtures for all", paths=("numpy/lib", "numpy/ma")),
    "pandas": Suite(
        style="parametrization, a conftest.py at each level, configuration of its own",
        paths=("pandas/tests/indexes",),
        words=("-p", "no:asyncio"),
    ),
    "xarray": Suite(
        style="pytest-asyncio, markers, many skips, xfails",
        paths=(
            "xarray/tests/test_backends.py", "xarray/tests/test_dataarray.py", "xarray/tests/test_dataset.py",
            "xarray/tests/test_formatting.py", "xarray/tests/test_units.py", "xarray/tests/test_variable.py",
        ),
    ),
    "trio": Suite(
        style="a plugin of its own for async tests, a test that empties sys.modules",
        paths=("trio",),
        words=("-p", "trio._tests.pytest_plugin"),
        prints={
            "trio/_core/_tests/test_io.py::test_can_survive_unnotified_close": "it prints the numbers of descriptors"
        },
    ),
    "sympy": Suite(
        style="doctests of modules", paths=("sympy/logic", "sympy/sets"), words=("--doctest-modules",)
    ),
    "zope": Suite(
        style="unittest, tests made when a file is imported", paths=("zope/interface",)
    ),
    "tornado": Suite(
        style="unittest, subtests, sockets and processes",
        paths=("tornado",),
        words=("-o", "python_files=*_test.py", "-p", "no:logging"),
    ),
    "shapely": Suite(style="fixtures, parametrization over classes, legacy unittest", paths=("shapely",)),
}  # fmt: skip


@frozen(kw_only=True)
class Compared:
    """What came of a suite: how many tests, seconds each way, and what differs for which cause."""

    suite: str
    tests: int
    statuses: Mapping[str, int]
    pytest: float
    testflow: float
    differences: Sequence[Difference]
    explained: Sequence[Difference]
    unstable: Sequence[str]


@frozen(kw_only=True)
class Bench:
    """The folder for all that is written, and the interpreter and the folder of the suites."""

    folder: Path
    python: Path
    suites: Path
    environment: Mapping[str, str] = field(
        factory=lambda: {name: said for name, said in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    )

    def plain(self, suite: Suite, paths: Sequence[str]) -> dict[Place, Ending]:
        """How the tests end under plain pytest."""
        report = self.folder / "pytest.json"
        report.unlink(missing_ok=True)
        options = ("-p", "outcome_report", "--continue-on-collection-errors", *suite.words)
        variables = {"PYTHONPATH": str(PLUGIN), "OUTCOME_REPORT": str(report)}
        self._run([str(self.python), "-m", "pytest", *options, *paths], self.suites, variables, report)
        return by_pytest(json.loads(report.read_text(encoding="utf-8")))

    def ours(self, suite: Suite, paths: Sequence[str]) -> dict[Place, Ending]:
        """How they end under testflow, which knows nothing of them yet."""
        report, history = self.folder / "testflow.json", self.folder / "history.db"
        for file in (report, history):
            file.unlink(missing_ok=True)
        command = shlex.join(["python", "-m", "pytest", *suite.words, "{test_path}"])
        words = [str(self.python), str(self.suites), str(report), str(WORKERS), command, *paths]
        variables = {"TESTFLOW_HISTORY": str(history)}
        self._run([sys.executable, "-c", RUN, *words], self.folder, variables, report)
        return by_testflow(json.loads(report.read_text(encoding="utf-8")))

    def _run(self, argv: Sequence[str], folder: Path, variables: Mapping[str, str], report: Path) -> None:
        environment = {**self.environment, **variables}
        with (self.folder / "output").open("w+", encoding="utf-8") as output:
            subprocess.run(argv, cwd=folder, env=environment, stdout=output, stderr=output, check=False)
            if not report.exists():
                output.seek(0)
                sys.exit(f"{shlex.join(argv)} wrote no report:\n{output.read()[-5000:]}")


def compare(bench: Bench, name: str, suite: Suite) -> Compared:
    """Run a suite both ways, and find out what differs and why."""
    before = time.perf_counter()
    theirs = bench.plain(suite, suite.paths)
    between = time.perf_counter()
    ours = bench.ours(suite, suite.paths)
    after = time.perf_counter()
    unstable = set(differing(theirs, bench.plain(suite, suite.paths)))
    found = {place: both for place, both in differing(theirs, ours).items() if place not in unstable}
    files = sorted({file for file, _ in found if (bench.suites / file).exists()})
    theirs_alone = {file: [bench.plain(suite, [file]) for _ in range(REPEATS)] for file in files}
    ours_alone = {file: bench.ours(suite, [file]) for file in files}
    kinds: dict[bool, list[Difference]] = {False: [], True: []}
    for place, (plain, mine) in found.items():
        test = "::".join(filter(None, place))
        alone = [each.get(place) for each in theirs_alone.get(place[0], ())]
        explained, cause = explanation(suite.prints.get(test, ""), plain, mine, alone)
        if not explained and ours_alone.get(place[0], {}).get(place) in alone:
            cause = "alike both ways where the file runs alone"
        kinds[explained].append(Difference(test=test, pytest=plain, testflow=mine, cause=cause))
    statuses = [ending.status for ending in theirs.values()]
    return Compared(
        suite=name,
        tests=len(theirs),
        statuses={status: statuses.count(status) for status in sorted(set(statuses))},
        pytest=between - before,
        testflow=after - between,
        differences=kinds[False],
        explained=kinds[True],
        unstable=["::".join(filter(None, place)) for place in sorted(unstable)],
    )


def explanation(
    prints: str, plain: Ending | None, mine: Ending | None, alone: Sequence[Ending | None]
) -> tuple[bool, str]:
    """Whether a difference is none of testflow's making, and why; `alone` is how it ends where the file runs alone."""
    if mine is not None and mine in alone:
        return True, "under plain pytest too where the file runs alone"
    if prints and plain is not None and mine is not None and evolve(plain, printed=mine.printed) == mine:
        return True, prints
    return False, ""


def show(found: Compared) -> None:
    """The row of a suite, and what differs in it."""
    counts = ", ".join(f"{count} {status}" for status, count in found.statuses.items())
    differences = f"{len(found.differences):8}{len(found.explained):13}{len(found.unstable):10}"
    print(
        f"{found.suite:<12}{found.tests:8}{differences}{found.pytest:10.1f}{found.testflow:11.1f}  {counts}", flush=True
    )
    for title, listed in (("differs", found.differences), ("explained", found.explained)):
        for each in listed[:LISTED]:
            print(f"  {title}: {each.test} ({each.cause})\n    pytest:   {each.pytest}\n    testflow: {each.testflow}")
        if len(listed) > LISTED:
            print(f"  ... and {len(listed) - LISTED} more")


def installed(folder: Path) -> Path:
    """The interpreter of an environment with all the packages."""
    venv.create(folder / "peers", with_pip=True)
    python = folder / "peers" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def packages(python: Path) -> Path:
    """Where an interpreter has its packages."""
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]
    return Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())


def main() -> None:
    """Compare the suites, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", type=Path, default=Path(".testflow/benchmarks/outcomes.json"))
    parser.add_argument("--python", type=Path)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("names", nargs="*")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = words.python or installed(folder)
        bench = Bench(folder=folder, python=python, suites=words.folder or packages(python))
        given = {"given": Suite(style="of whoever asks", paths=tuple(words.names))}
        suites = given if words.folder else {each: SUITES[each] for each in words.names or SUITES}
        print(f"{'':<12}{'tests':>8}{'differ':>8}{'explained':>13}{'unstable':>10}{'pytest s':>10}{'testflow s':>11}")
        found: list[Compared] = []
        for each, suite in suites.items():
            found.append(compare(bench, each, suite))
            show(found[-1])
    words.report.parent.mkdir(parents=True, exist_ok=True)
    words.report.write_text(json.dumps([asdict(each) for each in found], indent=2) + "\n")
    if any(each.differences for each in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
