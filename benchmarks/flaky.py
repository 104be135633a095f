"""
How well flaky tests are told from broken ones, on histories that are simulated here.

10,000 tests run 100 times on 40 trees. Of them 10 % are flaky, with rates log-uniform from .1 % to 5 %; 5 % regress:
they fail from one tree on, always, until another, or to the end. In 2 % of the runs there is an outage: all tests fail
with a chance, or those of one of two applications, or some that need one service. Each history is recorded as runs are,
and `History.flaky` is asked; a suspect is not called flaky. Beside it what is counted without a thought: tests that
passed and failed with the same sources, outages or not.

Prints a line for each seed; writes JSON to the file named by the first argument (default
`.testflow/benchmarks/flaky.json`).
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from testflow_core.history import History
from testflow_core.model import FlakyState, Outcome, Run, Status, TestCase, TestResult

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

FLAKY, LOWEST, HIGHEST = 0.1, 0.001, 0.05
REGRESSING = 0.05
OUTAGES = 0.02
SEEDS = (1, 2, 3)

APPLICATIONS = ("shop", "api")
MESSAGES = ("assert 1 == 2", "TimeoutError: waited 3.0 s", "KeyError: 'id'", "stale element", "assert 17 in []")
KINDS = ("all", "application", "service")
HIT = {"all": 0.9, "application": 0.8, "service": 0.03}
"""The share of tests that an outage makes fail: of all, of its application's, of all at random."""

Failures = dict[int, str]


@frozen(kw_only=True)
class Simulation:
    """A history, and the truth: which tests are flaky, which of them failed both ways, which are regressing."""

    runs: Sequence[Run]
    tests: Sequence[TestCase]
    flaky: frozenset[TestCase]
    both_ways: frozenset[TestCase]
    contradicted: frozenset[TestCase]
    regressing: frozenset[TestCase]


@frozen(kw_only=True)
class Score:
    """Shares: of those called flaky the flaky ones, of those that failed both ways and of the regressing the called."""

    precision: float
    recall: float
    regressions_called: float


def simulate(seed: int, tests: int, runs: int, trees: int, outages: float = OUTAGES) -> Simulation:
    """Runs of as many tests on so many trees, in order; an outage strikes at least one run where there are any."""
    draw = random.Random(seed)  # noqa: S311 - a simulation, no secret
    cases = [_case(number) for number in range(tests)]
    order = draw.sample(range(tests), tests)
    rates = {
        test: math.exp(draw.uniform(math.log(LOWEST), math.log(HIGHEST))) for test in order[: round(FLAKY * tests)]
    }
    broken = {test: _spell(draw, trees) for test in order[round(FLAKY * tests) : round((FLAKY + REGRESSING) * tests)]}
    on = sorted([*range(trees), *(draw.randrange(trees) for _ in range(runs - trees))])
    struck = set(draw.sample(range(runs), max(1, round(outages * runs)) if outages else 0))
    own = [_failures(draw, rates, broken, tree) for tree in on]
    outer = [_outage(draw, tests) if place in struck else {} for place in range(runs)]
    nothing: list[Failures] = [{} for _ in on]
    seen = [one | other for one, other in zip(own, outer, strict=True)]
    return Simulation(
        runs=[_run(place, tree, cases, seen[place]) for place, tree in enumerate(on)],
        tests=cases,
        flaky=frozenset(cases[test] for test in rates),
        both_ways=frozenset(cases[test] for test in _both_ways(own, outer, on) if test in rates),
        contradicted=frozenset(cases[test] for test in _both_ways(seen, nothing, on)),
        regressing=frozenset(cases[test] for test in broken),
    )


def _case(number: int) -> TestCase:
    application = APPLICATIONS[number % len(APPLICATIONS)]
    return TestCase(application=application, file=f"tests/test_{number // 20}.py", name=f"test_{number}")


def _spell(draw: random.Random, trees: int) -> range:
    """The trees on which a test is broken."""
    first = draw.randrange(1, trees)
    return range(first, trees if draw.random() < 0.5 else draw.randrange(first + 1, trees + 1))  # noqa: PLR2004


def _failures(draw: random.Random, rates: Mapping[int, float], broken: Mapping[int, range], tree: int) -> Failures:
    """The tests that fail in a run for themselves, with what they say."""
    flaky = {test: MESSAGES[test % len(MESSAGES)] for test, rate in rates.items() if draw.random() < rate}
    return flaky | {test: f"assert {test} == {tree}" for test, spell in broken.items() if tree in spell}


def _outage(draw: random.Random, tests: int) -> Failures:
    kind, application = draw.choice(KINDS), draw.randrange(len(APPLICATIONS))
    message = f"ConnectionRefusedError: 127.0.0.1:{draw.randrange(1024, 65536)}"
    concerned = (test for test in range(tests) if kind != "application" or test % len(APPLICATIONS) == application)
    return {test: message for test in concerned if draw.random() < HIT[kind]}


def _both_ways(own: Sequence[Failures], outer: Sequence[Failures], on: Sequence[int]) -> Iterator[int]:
    """Tests that failed in a run, not for an outage, and passed in another run on its tree."""
    for place, tree in enumerate(on):
        others = [each for each, other in enumerate(on) if other == tree and each != place]
        for test in own[place]:
            if test not in outer[place] and any(test not in own[each] and test not in outer[each] for each in others):
                yield test


def _run(place: int, tree: int, cases: Sequence[TestCase], failures: Failures) -> Run:
    statuses = [Status.FAILED if number in failures else Status.PASSED for number in range(len(cases))]
    started = 1000.0 * place
    return Run(
        run_id=f"run {place}",
        workflow="all",
        started=started,
        trees=dict.fromkeys(APPLICATIONS, f"tree {tree}"),
        outcomes=tuple(
            Outcome(test=case, status=status, duration=0.1, started=started, message=failures.get(number, ""))
            for number, (case, status) in enumerate(zip(cases, statuses, strict=True))
        ),
        results=tuple(
            TestResult(test_id=case.id, status=status, duration=0.1)
            for case, status in zip(cases, statuses, strict=True)
        ),
    )


def called(history: History) -> frozenset[TestCase]:
    """The tests that a history calls flaky."""
    return frozenset(each.test for each in history.flaky() if each.state is not FlakyState.SUSPECT)


def score(simulation: Simulation, found: Collection[TestCase]) -> Score:
    """How well these are the flaky ones."""
    return Score(
        precision=len(simulation.flaky.intersection(found)) / len(found) if found else 1.0,
        recall=len(simulation.both_ways.intersection(found)) / len(simulation.both_ways),
        regressions_called=len(simulation.regressing.intersection(found)) / len(simulation.regressing),
    )


def main() -> None:
    """Simulate, ask, print the table, write the figures."""
    rows: dict[str, dict[str, float]] = {}
    print(f"{'':24}{'precision':>10}{'recall':>8}{'regressions called':>20}{'seconds':>9}")
    print(f"{'must reach':24}{'>= .99':>10}{'>= .90':>8}{'<= .01':>20}")
    for seed in SEEDS:
        simulation = simulate(seed, 10_000, 100, 40)
        with tempfile.TemporaryDirectory(prefix="testflow-flaky-") as folder:
            history = History(Path(folder) / "history.db")
            for run in simulation.runs:
                history.record(run)
            began = time.process_time()
            found = called(history)
            taken = time.process_time() - began
        for name, told in ((f"seed {seed}", found), (f"seed {seed}, naively", simulation.contradicted)):
            got = score(simulation, told)
            rows[name] = {"precision": got.precision, "recall": got.recall, "regressions": got.regressions_called}
            seconds = f"{taken:9.2f}" if told is found else ""
            print(f"{name:24}{got.precision:10.4f}{got.recall:8.4f}{got.regressions_called:20.4f}{seconds}")
    file = Path(sys.argv[1] if len(sys.argv) > 1 else ".testflow/benchmarks/flaky.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
