"""
Verdicts on real changes and provoked causes are the right ones.

A few of the cases of `benchmarks/verdicts.py`, which has all of them.
"""

import runpy
from pathlib import Path

import pytest

BENCHMARK = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks/verdicts.py"))
CASES = {case.name: case for case in BENCHMARK["CASES"]}


@pytest.mark.parametrize(
    "name",
    [
        "a function gives another value",
        "a data file is gone",
        "it crashes",
        "known: failed and passed on main",
        "the database refuses, the code that asks it has a comment more",
        "the database refuses, and a change breaks another test",
        "red on main, and a change breaks another test",
        "fails for the first time, and a document changed",
    ],
)
def test_what_is_to_blame_for_each_failing_test_is_what_was_done(name, tmp_path):
    judged = BENCHMARK["judge"](CASES[name], tmp_path)
    assert judged
    assert [str(each) for each in judged if not each.right] == []


def test_each_verdict_is_labelled_and_each_case_has_a_name_of_its_own():
    truths = [truth for case in CASES.values() for truth in case.truth.values()]
    assert len(CASES) == len(BENCHMARK["CASES"]) >= 30
    assert set(truths) == set(BENCHMARK["Blame"])
