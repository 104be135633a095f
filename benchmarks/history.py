"""
What the history costs: putting tests in order, recording a run, merging shards, and the size of the file.

Prints the time or the size beside the limit; writes JSON to the file named by the first argument (default
`.testflow/benchmarks/history.json`). Tests fail once in a hundred runs; files have ten tests, reasons are few.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from testflow_core.builtin.selectors.history import OrderByHistory
from testflow_core.history import History
from testflow_core.model import Choice, Context, Outcome, Past, Run, Status, TestCase, TestResult, Track

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
MILLION = 1_000_000


def case(number: int) -> TestCase:
    """One of ten tests in a file."""
    return TestCase(application="shop", file=f"tests/unit/test_module_{number // 10}.py", name=f"test_case_{number}")


def run(name: str, started: float, numbers: range, failing: float = 0.0) -> Run:
    """A run with choices, outcomes and results, as the engine records it."""
    draw = random.Random(name)  # noqa: S311 - a history, no secret
    tests = [case(number) for number in numbers]
    statuses = [Status.FAILED if draw.random() < failing else Status.PASSED for _ in tests]
    seconds = [draw.uniform(0.001, 0.2) for _ in tests]
    ended = list(zip(tests, statuses, seconds, strict=True))
    return Run(
        run_id=name,
        workflow="all",
        started=started,
        choices=tuple(
            Choice(test=test, selected=True, reason="all tests are selected", priority=draw.random()) for test in tests
        ),
        outcomes=tuple(
            Outcome(
                test=test,
                status=status,
                duration=taken,
                started=started + place,
                batch=f"shop::{test.file}",
                message="" if status is Status.PASSED else "assert 1 == 2",
            )
            for place, (test, status, taken) in enumerate(ended)
        ),
        results=tuple(TestResult(test_id=test.id, status=status, duration=taken) for test, status, taken in ended),
    )


def past(number: int) -> Past:
    """Tests with a thousand runs each, one of which in a hundred failed."""
    draw = random.Random(number)  # noqa: S311 - a history, no secret
    tracks: dict[tuple[str, str], list[Track]] = {}
    for each in range(number):
        test = case(each)
        verdicts = "".join("F" if draw.random() < 0.01 else "." for _ in range(64))  # noqa: PLR2004
        track = Track(
            test=test,
            runs=1000,
            failures=10,
            last_status=Status.PASSED,
            mean_duration=0.1,
            verdicts=verdicts,
            failed_in=tuple(draw.sample(range(1000), 10)),
        )
        tracks.setdefault(("shop", test.file), []).append(track)
    return Past(tracks={key: tuple(found) for key, found in tracks.items()})


def seconds(call: Callable[[], object]) -> float:
    """What a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def ordering(number: int) -> float:
    """Milliseconds to give each test its priority and sort them, the median of some rounds."""
    tests, context = [case(each) for each in range(number)], Context(past=past(number))

    def order() -> None:
        sorted(OrderByHistory().select(tests, context), key=lambda choice: -choice.priority)

    return 1000 * statistics.median(seconds(order) for _ in range(ROUNDS))


def recording(folder: Path) -> float:
    """Seconds to record a run of 10,000 tests into a history that has one."""
    history = History(folder / "record.db")
    history.record(run("first", 0.0, range(10_000), 0.01))
    runs = [run(f"run {number}", 10.0 + number, range(10_000), 0.01) for number in range(ROUNDS)]
    return statistics.median(seconds(lambda each=each: history.record(each)) for each in runs)


def merging(folder: Path) -> float:
    """Seconds to merge the histories of 50 shards, with 2,000 results each, of one run."""
    shards = [History(folder / f"shard {number}.db") for number in range(50)]
    for number, shard in enumerate(shards):
        shard.record(run("the run", 1.0, range(2000 * number, 2000 * (number + 1)), 0.01))
    whole = History(folder / "merged.db")
    return seconds(lambda: [whole.merge(shard) for shard in shards])


def size(folder: Path) -> float:
    """Bytes an attempt of a file with 100 runs of 10,000 passed tests, after compaction."""
    history = History(folder / "size.db")
    for number in range(100):
        history.record(run(f"run {number}", float(number), range(10_000)))
    return history.compact().after / MILLION


def main() -> None:
    """Measure, print the table, write the figures."""
    with tempfile.TemporaryDirectory(prefix="testflow-history-") as name:
        folder = Path(name)
        rows = {
            "order 10,000 tests": (ordering(10_000), 50, "ms"),
            "order 100,000 tests": (ordering(100_000), 400, "ms"),
            "record a run of 10,000": (recording(folder), 0.5, "s"),
            "merge 50 shards of 2,000": (merging(folder), 3, "s"),
            "file, 100 runs of 10,000": (size(folder), 60, "bytes an attempt"),
        }
    print(f"{'':28}{'measured':>10}{'limit':>8}")
    for what, (measured, limit, unit) in rows.items():
        print(f"{what:28}{measured:10.3g}{limit:8.3g} {unit}")
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/history.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({what: row[0] for what, row in rows.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
