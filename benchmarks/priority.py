"""
How early the selector `history` shows failures, on histories of continuous integration: `priority.py CSV...`.

Each file has the columns Id;Name;Duration;CalcPrio;LastRun;LastResults;Verdict;Cycle (1 is a failure), as those of
RETECS; only name, duration, verdict and cycle are read, and a name is a name, whether or not it is a number. A cycle is
put in order by what the history of the cycles before it says, and then recorded; where it has a test several times,
the first executions are one run, the second ones the next. The order of `adaptive` is that of a single worker who runs
one execution after the other and hears of each outcome before the next.

Prints for each file APFD, APFDc and NAPFD at half of the time, over failing cycles; writes JSON to
`.testflow/benchmarks/priority.json`, or the file that `--json` names.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from collections import Counter
from heapq import heapify, heappop, heappush
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from prioritisation import Verdict, apfd, apfdc, napfd

from testflow_core.builtin.selectors.history import Mode, OrderByHistory
from testflow_core.history import History
from testflow_core.model import Choice, Context, Outcome, Past, Run, Status, TestCase, TestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

METRICS: Mapping[str, Callable[[Sequence[Verdict]], float]] = {
    "APFD": apfd,
    "APFDc": apfdc,
    "NAPFD 50 %": lambda order: napfd(order, 0.5),
}
LEAST = 6
DRAWS = 30
HALVES = ("all", "second half")


def cycles(file: Path) -> list[list[Verdict]]:
    """The executions of each cycle, in the order of the file."""
    found: dict[int, list[Verdict]] = {}
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            verdict = Verdict(row["Name"], float(row["Duration"]), row["Verdict"].strip() == "1")
            found.setdefault(int(row["Cycle"]), []).append(verdict)
    return [found[number] for number in sorted(found)]


def case(name: str) -> TestCase:
    """The test of a name: nothing is known of the file it is in, so each has its own."""
    return TestCase(application="project", file=name)


def record(history: History, number: int, cycle: Sequence[Verdict]) -> None:
    """Remember a cycle."""
    times: Counter[str] = Counter()
    runs: list[list[TestResult]] = []
    for each in cycle:
        status = Status.FAILED if each.failed else Status.PASSED
        if times[each.name] == len(runs):
            runs.append([])
        runs[times[each.name]].append(TestResult(test_id=case(each.name).id, status=status, duration=each.seconds))
        times[each.name] += 1
    for turn, results in enumerate(runs):
        name = f"cycle {number} ({turn + 1})"
        history.record(Run(run_id=name, workflow="w", started=number + turn / 1000, results=tuple(results)))


def by_priority(cycle: Sequence[Verdict], choices: Mapping[TestCase, Choice]) -> list[Verdict]:
    """The order in which a single worker runs what was chosen: the most urgent first."""
    return sorted(cycle, key=lambda each: -choices[case(each.name)].priority)


def adapted(
    cycle: Sequence[Verdict], choices: Mapping[TestCase, Choice], selector: OrderByHistory, context: Context
) -> list[Verdict]:
    """The order where the selector is asked after each outcome what else comes first now."""
    ask = selector.adaptation(tuple(choices.values()), context)
    priorities = {test: choice.priority for test, choice in choices.items()}
    places: dict[TestCase, list[int]] = {}
    for place, each in enumerate(cycle):
        places.setdefault(case(each.name), []).append(place)
    waiting = [(-priorities[case(each.name)], place) for place, each in enumerate(cycle)]
    heapify(waiting)
    done: set[int] = set()
    order: list[Verdict] = []
    while waiting:
        priority, place = heappop(waiting)
        test = case(cycle[place].name)
        if place in done or priority != -priorities[test]:
            continue
        done.add(place)
        order.append(cycle[place])
        status = Status.FAILED if cycle[place].failed else Status.PASSED
        for choice in ask([Outcome(test=test, status=status)]):
            priorities[choice.test] = choice.priority
            for other in places[choice.test]:
                if other not in done:
                    heappush(waiting, (-choice.priority, other))
    return order


def orders(cycle: Sequence[Verdict], past: Past, seed: int) -> Iterator[tuple[str, list[list[Verdict]]]]:
    """The orders of a cycle by the name of who made them."""
    tracks = {each.name: past.of(case(each.name)) for each in cycle}
    last = {name: any(track.last_status.failing for track in found) for name, found in tracks.items()}
    rate = {name: max((track.failures / track.runs for track in found), default=0.0) for name, found in tracks.items()}
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    context = Context(past=past)
    selector = OrderByHistory()
    choices = {choice.test: choice for choice in selector.select([case(name) for name in tracks], context)}
    thrifty = {
        choice.test: choice
        for choice in OrderByHistory(mode=Mode.COST_AWARE).select([case(name) for name in tracks], context)
    }
    yield "original", [list(cycle)]
    yield "random", [draw.sample(cycle, len(cycle)) for _ in range(DRAWS)]
    yield "last failed", [sorted(cycle, key=lambda each: not last[each.name])]
    yield "failure rate", [sorted(cycle, key=lambda each: -rate[each.name])]
    yield "ours, static", [by_priority(cycle, choices)]
    yield "ours, adaptive", [adapted(cycle, choices, selector, context)]
    yield "ours, cost-aware", [by_priority(cycle, thrifty)]
    yield "optimal", [sorted(cycle, key=lambda each: (not each.failed, each.seconds))]


def measured(file: Path) -> list[tuple[int, dict[str, dict[str, float]]]]:
    """Of each failing cycle its number of executions, and every metric of every order."""
    found: list[tuple[int, dict[str, dict[str, float]]]] = []
    with tempfile.TemporaryDirectory(prefix="testflow-priority-") as folder:
        history = History(Path(folder) / "history.db")
        for number, cycle in enumerate(cycles(file)):
            if any(each.failed for each in cycle):
                past = history.past(["project"])
                figures = {
                    name: {metric: fmean(map(of, made)) for metric, of in METRICS.items()}
                    for name, made in orders(cycle, past, number)
                }
                found.append((len(cycle), figures))
            record(history, number, cycle)
    return found


def table(file: Path, found: Sequence[tuple[int, dict[str, dict[str, float]]]]) -> dict[str, object]:
    """Print the means over the failing cycles of a file, and answer them."""
    means: dict[str, object] = {}
    for least in (1, LEAST):
        enough = [figures for size, figures in found if size >= least]
        for half in HALVES:
            these = enough if half == "all" else enough[len(enough) // 2 :]
            if not these:
                continue
            what = f"{half} of {len(enough)} failing cycles" if half != "all" else f"all {len(enough)} failing cycles"
            title = f"{what}{f' with {least} tests or more' if least > 1 else ''}"
            print(f"\n{file.name}: {title} ({len(these)})\n{'':20}" + "".join(f"{name:>12}" for name in METRICS))
            rows = {name: {key: fmean(each[name][key] for each in these) for key in METRICS} for name in these[0]}
            for name, row in rows.items():
                print(f"{name:20}" + "".join(f"{row[key]:12.4f}" for key in METRICS))
            means[title] = rows
    return means


def main() -> None:
    """Measure every file, print its tables, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", metavar="CSV", nargs="+", type=Path)
    parser.add_argument("--json", type=Path, default=Path(".testflow/benchmarks/priority.json"))
    given = parser.parse_args()
    figures = {str(file): table(file, measured(file)) for file in given.files}
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
