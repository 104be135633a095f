"""
A run of 1,000 tests whose engine is killed (-9) again and again at random instants, and resumed each time.

Every test notes that it begins and that it is about to end. At the end every test must have one outcome, the run must
be one, no process may be left, and no test may have ended twice but for those that were about to be noted when their
worker was killed: at most one for each worker and kill. Tells also how long the last `resume` took to decide what is
left. Writes JSON to the file named by the first argument (default `.testflow/benchmarks/chaos.json`); a number after it
is how often to kill (100).

    uv run --group benchmarks python benchmarks/chaos.py [FILE [KILLS]]
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

FILES, TESTS, WORKERS = 20, 50, 2
LONGEST = 1.5
"""Seconds after which an engine is killed at the latest: what is left of the run takes longer at the beginning."""

SUITE = """
import os, pytest, time

def note(text):
    descriptor = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (text + "\\n").encode())
    os.close(descriptor)

@pytest.mark.parametrize("number", range({tests}))
def test(number):
    note(f"begin {file} {{number}}")
    time.sleep(0.01)
    note(f"end {file} {{number}}")
"""

ENGINE = """
import json, sys, testflow
engine = testflow.Engine(applications={"shop": {}}, reporters=(), workers=2)
workflow = testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all"})
print("started", flush=True)
try:
    run = engine.execute(workflow) if sys.argv[1] == "execute" else engine.resume()
except testflow.HistoryError:
    # Killed when all was recorded, there is nothing left of it: the history tells.
    (last,) = testflow.History().runs()
    run = testflow.History().run(last.run_id)
with open("told.json", "w") as stream:
    told = {"outcomes": [[each.test_id, each.status] for each in run.results], "plan": run.phases["plan"]}
    json.dump(told, stream)
"""


def runs(folder: Path) -> int:
    """How many runs the history knows; one that was killed before it was planned is not among them."""
    file = folder / ".testflow/history.db"
    if not file.exists():
        return 0
    with closing(sqlite3.connect(file)) as history:
        there = history.execute("select 1 from sqlite_master where name = 'runs'").fetchone()
        return int(history.execute("select count(*) from runs").fetchone()[0]) if there else 0


def killed(folder: Path, verb: str, after: float | None) -> bool:
    """Whether an engine was killed so many seconds after its start, before it came to its end."""
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, verb],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "temporary"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as engine:
        next(engine.stdout or iter(()))
        try:
            engine.wait(after)
        except subprocess.TimeoutExpired:
            engine.kill()
            return True
    return False


def write_suite(folder: Path) -> None:
    """The application `shop`."""
    (folder / "shop").mkdir()
    (folder / "temporary").mkdir()
    for file in range(FILES):
        text = SUITE.format(log=str(folder / "log"), tests=TESTS, file=file)
        (folder / "shop" / f"test_{file}.py").write_text(text)


def left_processes(folder: Path) -> list[int]:
    """Processes that were given the temporary directory and live, once they have had a second to end."""
    deadline = time.monotonic() + 1
    while True:
        found = [
            int(process.name)
            for process in Path("/proc").glob("[0-9]*")
            if str(folder / "temporary").encode() in _environment(process)
        ]
        if not found or time.monotonic() > deadline:
            return found


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def story(folder: Path, instants: random.Random, kills: int) -> tuple[int, dict[str, Any]]:
    """One run, killed until it comes to its end or has been killed so often: kills, and what it told."""
    write_suite(folder)
    done, verb = 0, "execute"
    while killed(folder, verb, instants.uniform(0.0, LONGEST) if done < kills else None):
        done += 1
        verb = "resume" if runs(folder) else "execute"
    return done, json.loads((folder / "told.json").read_text())


def mistakes(folder: Path, told: dict[str, Any], kills: int) -> list[str]:
    """What is wrong with a run that has come to its end."""
    expected = sorted(
        [f"shop::test_{file}.py::test[{number}]", "passed"] for file in range(FILES) for number in range(TESTS)
    )
    found: list[str] = []
    if sorted(told["outcomes"]) != expected:
        found.append("outcomes were lost, or are there twice")
    again = sum(line.startswith("end ") for line in (folder / "log").read_text().splitlines()) - FILES * TESTS
    if not 0 <= again <= WORKERS * kills:
        found.append(f"{again} tests ended that had ended before")
    if runs(folder) != 1:
        found.append(f"the history knows {runs(folder)} runs")
    with closing(sqlite3.connect(folder / ".testflow/history.db")) as history:
        ((attempts,),) = history.execute("select count(*) from attempts")
        counted = history.execute("select distinct runs from tracks").fetchall()
    if attempts != FILES * TESTS or counted != [(1,)]:
        found.append(f"the history has {attempts} attempts, and tests that ran {counted} times")
    if (folder / ".testflow/history.db.runs").exists():
        found.append("the run's folder is left")
    if left := left_processes(folder):
        found.append(f"processes are left: {left}")
    return found


def main() -> None:
    """Kill, resume, and tell what came of it."""
    report = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/chaos.json")
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 100  # noqa: PLR2004
    instants = random.Random()  # noqa: S311 - no secret
    done = rounds = 0
    wrong: list[str] = []
    decisions: list[float] = []
    while done < wanted:
        with tempfile.TemporaryDirectory() as name:
            kills, told = story(Path(name), instants, wanted - done)
            done += kills
            rounds += 1
            decisions.append(float(told["plan"]))
            wrong += mistakes(Path(name), told, kills)
    print(f"{done} kills in {rounds} runs of {FILES * TESTS} tests: {len(wrong)} mistakes")
    print(f"deciding what is left took {statistics.median(decisions):.3f} s")
    for each in wrong:
        print(f"  {each}")
    figures = {"kills": done, "runs": rounds, "mistakes": wrong, "decision": decisions}
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(figures, indent=2) + "\n")
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
