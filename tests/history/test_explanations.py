"""What was found out of a failure is kept as it was: its diagnosis with the advice, and what is to blame."""

import sqlite3
from contextlib import closing

import pytest
from attrs import evolve
from caused_results import VERDICT, failed

import testflow
from testflow_core.history import History
from testflow_core.model import Outcome, Run

FULL = failed(
    confidence=0.0,
    runner_up="data/shape",
    title="no <thing>",
    masked="no <thing>\tcart",
    advice="Order more \udcff.",
    owner="cart-team",
    tracker="CART",
    verification=False,
    frames=("src/cart.py", "tests/test_cart.py"),
    lines=(3, 0),
    file="src/cart.py",
)


def run_of(*results, run_id="r1"):
    outcomes = [Outcome(test=each.diagnosis.test, status=each.status) for each in results]
    return Run(run_id=run_id, workflow="w", started=1.0, outcomes=tuple(outcomes), results=results)


@pytest.mark.parametrize("how", ["recorded", "merged"])
@pytest.mark.parametrize("variant", ["", "postgres-17"])
def test_a_remembered_failure_has_its_whole_diagnosis_and_its_verdict(tmp_path, how, variant):
    result = evolve(FULL, variant=variant, verdict=VERDICT, diagnosis=evolve(FULL.diagnosis, advice="Order more."))
    result = evolve(result, diagnosis=evolve(result.diagnosis, test=evolve(result.diagnosis.test, variant=variant)))
    history = History(tmp_path / "history.db")
    history.record(run_of(result))
    if how == "merged":
        other, history = history, History(tmp_path / "merged.db")
        history.merge(other)
    (again,) = history.run("r1").results
    assert again.diagnosis == result.diagnosis
    assert again.verdict == VERDICT


def test_a_diagnosis_that_says_little_stays_one_that_says_little(tmp_path):
    history = History(tmp_path / "history.db")
    history.record(run_of(evolve(failed(fingerprint=""), verdict=None)))
    (again,) = history.run("r1").results
    assert again.diagnosis == failed(fingerprint="").diagnosis
    assert again.verdict is None
    with closing(sqlite3.connect(tmp_path / "history.db")) as connection:
        assert connection.execute("select details, verdict from diagnoses").fetchall() == [("", "")]


def test_what_sqlite_does_not_take_is_written_as_escapes(tmp_path):
    history = History(tmp_path / "history.db")
    history.record(run_of(FULL))
    (again,) = history.run("r1").results
    assert again.diagnosis.advice == "Order more \\udcff."


def test_a_run_is_told_later_as_it_was_told_at_its_end(tmp_path):
    tests = tmp_path / "shop" / "tests"
    tests.mkdir(parents=True)
    tests.joinpath("test_connect.py").write_text(
        "def test_connect():\n    raise ConnectionRefusedError(111, 'refused')\n"
    )
    testflow.register_application("shop", {})
    result = testflow.Engine().execute(testflow.TestWorkflow("w").add_test_selection("shop", {}))
    (told,) = result.failed_tests
    assert told.diagnosis.advice
    (again,) = testflow.History().run(result.run_id).failed_tests
    assert again.verdict == told.verdict
    assert again.diagnosis == told.diagnosis
