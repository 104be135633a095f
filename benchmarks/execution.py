"""
How fast tests are run: by testflow, by pytest itself, and by pytest-xdist, all in one go on this machine.

The peers are installed in an environment of their own, in which the tests of all of them run; so testflow pays for
crossing into another interpreter, as it does for its users. Every case runs `ROUNDS` times in turn, so that what else
the machine does falls on all alike; the median counts. Writes JSON to the file named by the first argument (default
`.testflow/benchmarks/execution.json`); words after it name the cases to run.

    uv run --group benchmarks python benchmarks/execution.py [FILE [CASE ...]]
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from attrs import asdict, frozen
from measuring import Taken, adopt_orphans, measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROUNDS = 3
WORKERS = os.cpu_count() or 1
PEERS = ("pytest==9.2.0", "pytest-xdist==3.8.0", "networkx==3.6", "numpy")
XDIST: Mapping[str, tuple[str, ...]] = {
    "load": ("--dist=load",),
    "load, chunks of 50": ("--dist=load", "--maxschedchunk=50"),
    "worksteal": ("--dist=worksteal",),
    "loadfile": ("--dist=loadfile",),
}

RUN = """
import json, resource, sys, testflow
python, folder, path, times, asked = sys.argv[1:6]
workflow = testflow.TestWorkflow("w").add_test_selection("suite", {"strategy": "all", "test_paths": [path]})
engine = testflow.Engine(applications={"suite": {"path": folder, "python": python}}, reporters=())
for _ in range(int(times)):
    run = engine.execute(workflow)
print(json.dumps({
    "execute": run.phases["execute"],
    "first": min(outcome.started for outcome in run.outcomes) - run.started,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    "outcomes": [[each.test.name, each.status, each.started, each.duration]
                 for each in run.outcomes if each.test.file == asked],
    "failed": sorted(each.test.id for each in run.outcomes if each.status != "passed"),
    "ended": len(run.outcomes),
}))
"""


class Way(Protocol):
    """One way to run a suite; looks at memory where it is told to."""

    def __call__(self, *, look: bool = False) -> Taken:
        """What it takes."""
        ...


@frozen(kw_only=True)
class Row:
    """One way to run one suite: medians, in seconds and megabytes."""

    case: str
    runner: str
    wall: float
    cpu: float
    memory: float = 0.0


class Bench:
    """The folder where everything is, and the interpreter of the peers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: list[Row] = []
        venv.create(folder / "peers", with_pip=True)
        self.python = folder / "peers" / "bin" / "python"
        subprocess.run([self.python, "-m", "pip", "install", "-q", *PEERS], check=True)

    def testflow(
        self, suite: Path, path: str = ".", times: int = 1, asked: str = "", *, warm: bool, memory: bool = False
    ) -> Taken:
        """A run of ours, with the history of the runs before or without any; tells of the outcomes of a file."""
        history = self.folder / "history.db"
        if not warm:
            history.unlink(missing_ok=True)
        argv = [sys.executable, "-c", RUN, str(self.python), str(suite), path, str(times), asked]
        return measured(argv, self.folder, memory=memory, env={"TESTFLOW_HISTORY": str(history)})

    def pytest(self, suite: Path, path: str = ".", *options: str, memory: bool = False) -> Taken:
        """A run of a peer."""
        argv = [str(self.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, path]
        return measured(argv, suite, memory=memory, fails=True)

    def compare(self, case: str, ways: Mapping[str, Way], rounds: int = ROUNDS) -> None:
        """Measure every way in turn, print the table with the ratios to plain pytest, and keep it."""
        taken: dict[str, list[Taken]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                taken[name].append(way())
        rows = [
            Row(
                case=case,
                runner=name,
                wall=statistics.median(each.wall for each in found),
                cpu=statistics.median(each.cpu for each in found),
                memory=ways[name](look=True).memory,
            )
            for name, found in taken.items()
        ]
        show(rows)
        self.rows += rows


def show(rows: Sequence[Row]) -> None:
    """The table of a case."""
    plain = next((row for row in rows if row.runner == "pytest"), rows[0])
    print(f"\n{rows[0].case}\n{'':<24}{'wall s':>9}{'ratio':>7}{'CPU s':>9}{'ratio':>7}{'MB':>8}", flush=True)
    for row in rows:
        walls, cpus = f"{row.wall:9.2f}{row.wall / plain.wall:7.2f}", f"{row.cpu:9.2f}{row.cpu / plain.cpu:7.2f}"
        print(f"{row.runner:<24}{walls}{cpus}{row.memory:8.0f}", flush=True)


def ways(bench: Bench, suite: Path, path: str = ".") -> dict[str, Way]:
    """All runners of a suite; the cold run of ours comes first and leaves its history to the warm one."""
    workers = ("-n", str(WORKERS))
    return {
        "testflow, cold": lambda look=False: bench.testflow(suite, path, warm=False, memory=look),
        "testflow, warm": lambda look=False: bench.testflow(suite, path, warm=True, memory=look),
        "pytest": lambda look=False: bench.pytest(suite, path, memory=look),
        **{
            f"xdist, {name}": lambda look=False, options=options: bench.pytest(
                suite, path, *workers, *options, memory=look
            )
            for name, options in XDIST.items()
        },
    }


def trivial(folder: Path, files: int, tests: int = 50) -> Path:
    """A suite of tests that do nothing."""
    folder.mkdir()
    text = "".join(f"def test_{number}():\n    assert {number} + 1\n\n" for number in range(tests))
    for number in range(files):
        (folder / f"test_{number:04}.py").write_text(text)
    return folder


def pareto(folder: Path, seconds: float, files: int = 20, tests: int = 10) -> tuple[Path, list[float]]:
    """A suite of tests of Pareto-distributed length (shape 1.5), so many seconds in all, the heaviest last."""
    folder.mkdir()
    chance = random.Random(1)  # noqa: S311 - no secret
    drawn = sorted(chance.paretovariate(1.5) for _ in range(files * tests))
    lengths = [each * seconds / sum(drawn) for each in drawn]
    for number in range(files):
        mine = lengths[number * tests : (number + 1) * tests]
        text = "import time\n" + "".join(f"def test_{at}(): time.sleep({each})\n" for at, each in enumerate(mine))
        (folder / f"test_{number:02}.py").write_text(text)
    return folder, lengths


def case_trivial(bench: Bench) -> None:
    """10,000 trivial tests in 200 files."""
    bench.compare("10,000 trivial tests in 200 files", ways(bench, trivial(bench.folder / "trivial", 200)))


def case_pareto(bench: Bench) -> None:
    """200 tests of very different length."""
    for seconds in (20, 120):
        suite, lengths = pareto(bench.folder / f"pareto-{seconds}", seconds)
        bound = max(sum(lengths) / WORKERS, lengths[-1])
        bench.testflow(suite, warm=False)
        taken = json.loads(bench.testflow(suite, warm=True).output)["execute"]
        peers = {name: bench.pytest(suite, ".", "-n", str(WORKERS), *options).wall for name, options in XDIST.items()}
        print(f"\n200 tests, {seconds} s in all, no run can take less than {bound:.2f} s", flush=True)
        for name, wall in {"testflow, its phase `execute`": taken, **peers}.items():
            print(f"{name:<32}{wall:9.2f} s{wall / bound - 1:8.1%} over", flush=True)
            bench.rows.append(Row(case=f"Pareto, {seconds} s, bound {bound:.2f} s", runner=name, wall=wall, cpu=0.0))


def case_networkx(bench: Bench) -> None:
    """A real suite, that of networkx: every test ends as under plain pytest."""
    found = subprocess.run(
        [bench.python, "-c", "import networkx, pathlib; print(pathlib.Path(networkx.__file__).parents[1])"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    packages = Path(found.stdout.strip())
    bench.compare("the suite of networkx", ways(bench, packages, "networkx"), rounds=1)


def case_many(bench: Bench) -> None:
    """100,000 trivial tests in 2,000 files, and 10,000 in 200."""
    walls: list[float] = []
    for files in (200, 2000):
        suite = trivial(bench.folder / f"many-{files}", files)
        kinds = {name: way for name, way in ways(bench, suite).items() if name.startswith("testflow")}
        bench.compare(f"{files * 50:,} trivial tests in {files:,} files", kinds, rounds=3 if files == 200 else 1)  # noqa: PLR2004 - quick
        walls.append(bench.rows[-1].wall)
    engine = json.loads(bench.testflow(suite, warm=True).output)["megabytes"]
    print(f"\nten times as many tests take {walls[1] / walls[0]:.1f} x as long; the engine's process: {engine:.0f} MB")
    bench.rows.append(Row(case="100,000 trivial tests", runner="the engine's process", wall=0, cpu=0, memory=engine))


def case_exit(bench: Bench) -> None:
    """One test among 1,000 calls os._exit: it alone is an error, and its worker is replaced."""
    suite = trivial(bench.folder / "exit", 20)
    broken = suite / "test_0010.py"
    broken.write_text("import os\n" + broken.read_text().replace("assert 25 + 1", "os._exit(3)"))
    gaps: list[float] = []
    for _ in range(5):
        told = json.loads(bench.testflow(suite, asked=broken.name, warm=True).output)
        if told["failed"] != ["suite::test_0010.py::test_25"] or told["ended"] != 1000:  # noqa: PLR2004 - all
            raise SystemExit(f"of {told['ended']} outcomes these are failures: {told['failed']}")
        times = {name: (started, started + duration) for name, _, started, duration in told["outcomes"]}
        gaps.append(times["test_26"][0] - times["test_25"][1])
    middle = statistics.median(gaps)
    print(f"\none os._exit among 1,000: 1 error, 999 passed; the next test began {middle * 1000:.0f} ms after it")
    bench.rows.append(Row(case="one os._exit among 1,000", runner="testflow, until the next test", wall=middle, cpu=0))


def case_first(bench: Bench) -> None:
    """From `execute` to the first test."""
    suite = trivial(bench.folder / "first", 2, 5)
    bench.testflow(suite, warm=False)
    for name, times in {"a whole cold process": 1, "the second `execute` of a process": 2}.items():
        seconds: list[float] = []
        for _ in range(5):
            taken = bench.testflow(suite, times=times, warm=True)
            told = json.loads(taken.output)
            seconds.append(taken.wall if times == 1 else told["first"])
        middle = statistics.median(seconds)
        print(f"\nto the first test, {name}: {middle:.2f} s", flush=True)
        bench.rows.append(Row(case="to the first test", runner=name, wall=middle, cpu=0.0))


CASES = {
    "trivial": case_trivial,
    "pareto": case_pareto,
    "networkx": case_networkx,
    "many": case_many,
    "first": case_first,
    "exit": case_exit,
}


def main() -> None:
    """Run the cases and write what they took."""
    report = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/execution.json")
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for name in sys.argv[2:] or CASES:
            CASES[name](bench)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps([asdict(row) for row in bench.rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
