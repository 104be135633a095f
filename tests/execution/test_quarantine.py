"""Flaky tests while they are waited for: in quarantine, and run again and again."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

import testflow
from testflow_core.history import History
from testflow_core.model import FlakyState, Quarantine

FLAKY, SOUND = "shop::test_1.py::test_flaky", "shop::test_1.py::test_sound"

# Fails in every third of its runs.
THIRD = """
from pathlib import Path
def test_flaky():
    count = Path("count")
    count.write_text(str(int(count.read_text()) + 1 if count.exists() else 1))
    assert int(count.read_text()) % 3
def test_sound(): pass
"""


def workflow(**selection):
    return testflow.TestWorkflow("w").add_test_selection("shop", {"strategy": "all", **selection})


FAILING = {
    "test_1.py": "def test_flaky(): assert 1 == 2\ndef test_sound(): pass\n",
    "test_2.py": "def test_b(): pass\n",
}
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.mark.parametrize("how", ["declared", "by its file", "by history"])
def test_a_failure_in_quarantine_is_told_and_does_not_fail_the_run(real_shop, tmp_path, how, capsys):
    engine, asked = real_shop(FAILING, reporters=("junit", "markdown", "terminal")), workflow()
    if how == "by history":
        testflow.History().quarantine(FLAKY, reason="the queue is slow")
    else:
        test = FLAKY if how == "declared" else "shop::test_1.py"
        asked.add_quarantine(test, until=TOMORROW, reason="the queue is slow")
    run = engine.execute(asked, fail_fast=True)
    assert run.ok
    assert run.failed_tests == run.interrupted_tests == ()
    (held,) = run.quarantined_tests
    assert held.test_id == FLAKY
    assert held.quarantined.startswith("until 20")
    assert held.quarantined.endswith(": the queue is slow")
    assert testflow.History().run(run.run_id).quarantined_tests[0].quarantined == held.quarantined
    assert "1 of the failures in quarantine" in capsys.readouterr().out
    assert "## Failed in quarantine" in (run.reports / "summary.md").read_text()
    suites = ET.parse(run.reports / "junit.xml").getroot()  # noqa: S314 - a report of ours
    assert (suites.get("failures"), suites.get("skipped")) == ("0", "1")
    assert "failed in quarantine until" in suites.find(".//skipped").get("message")


def test_a_quarantine_that_expired_holds_no_more_and_says_so(real_shop):
    run = real_shop(FAILING).execute(workflow().add_quarantine(FLAKY, until="2020-02-29"))
    assert [each.test_id for each in run.failed_tests] == [FLAKY]
    expired = f"the quarantine of {FLAKY} expired on 2020-02-29: its failures fail the run again"
    assert expired in run.warnings


def test_a_quarantine_of_the_history_that_expired_says_so_and_one_that_was_ended_does_not(real_shop):
    engine, store = real_shop(FAILING), testflow.History().store
    store.quarantine(Quarantine(test=FLAKY, until=86_400.0, since=0.0))
    expired = f"the quarantine of {FLAKY} expired on 1970-01-02: its failures fail the run again"
    assert engine.execute(workflow()).warnings == (expired,)
    testflow.History().quarantine(FLAKY)
    testflow.History().release(FLAKY)
    again = engine.execute(workflow())
    assert again.warnings == ()
    assert again.failed_tests


@pytest.mark.parametrize("until", ["tomorrow", "2026-13-01", None, 5, "2026-12-24T10:00:00"])
def test_a_quarantine_without_an_end_is_a_mistake(until):
    with pytest.raises(testflow.SpecError) as refused:
        testflow.TestWorkflow("w").add_quarantine("shop", until=until, reason=3)
    told = str(refused.value)
    assert all(path in told for path in ("$.quarantines[0].test", "$.quarantines[0].reason", "$.quarantines[0].until"))


def test_a_run_that_is_resumed_keeps_its_quarantines(real_shop):
    failing = "def test_a(): assert 1 == 2\n"
    engine = real_shop({**FAILING, "test_0.py": failing, "test_3.py": failing})
    asked = workflow().add_quarantine(FLAKY, until=TOMORROW)
    stopped = engine.execute(asked, fail_fast=True)
    assert stopped.interrupted_tests
    resumed = engine.resume()
    assert [each.test_id for each in resumed.quarantined_tests] == [FLAKY]
    assert len(resumed.failed_tests) == 2


def test_a_new_failure_of_a_test_that_always_passed_is_likely_a_regression(real_shop, tmp_path, capsys):
    engine = real_shop({"test_1.py": "def test_a(): pass\ndef test_b(): pass\n"}, reporters=("terminal", "markdown"))
    asked = workflow()
    for _ in range(5):
        assert engine.execute(asked).ok
    (tmp_path / "shop/test_1.py").write_text("def test_a(): assert 1 == 2\ndef test_b(): pass\n")
    capsys.readouterr()
    run = engine.execute(asked)
    (failed,) = run.failed_tests
    assert failed.regression == "it passed in all 5 runs of the last 21 days"
    assert f"likely a regression: {failed.regression}" in capsys.readouterr().out
    assert "likely a regression" in (run.reports / "summary.md").read_text()
    assert engine.execute(asked).failed_tests[0].regression == ""
    assert testflow.History().run(run.run_id).failed_tests[0].regression == failed.regression


def test_a_test_is_attempted_until_it_fails_and_what_came_of_it_is_proof(real_shop):
    engine = real_shop({"test_1.py": THIRD})
    found = engine.attempt_to_fix(workflow(attempts=3), FLAKY, 10)
    assert (found.passed, found.failed, found.likely) == (2, 1, False)
    assert found.low < 1 / 3 < found.high
    assert "assert" in found.message
    (flaky,) = testflow.History().flaky()
    assert (flaky.test.id, flaky.state, flaky.failures, flaky.trials) == (FLAKY, FlakyState.FLAKY, 1, 3)
    run = testflow.History().run(found.run_id)
    assert {outcome.test.id for outcome in run.outcomes} == {FLAKY}


def test_a_test_that_always_passes_is_likely_fixed_with_the_chance_that_is_left(real_shop):
    found = real_shop({"test_1.py": THIRD}).attempt_to_fix(workflow(), SOUND)
    assert (found.passed, found.failed, found.likely, found.low) == (20, 0, True, 0.0)
    assert found.high == pytest.approx(0.161, abs=0.001)


def test_what_never_ran_is_not_fixed(real_shop):
    found = real_shop({"test_1.py": THIRD}).attempt_to_fix(workflow(), "shop::test_1.py::test_gone", 2)
    assert not found.likely
    assert found.passed == 0


@pytest.mark.parametrize(
    ("test", "times"), [("shop", 1), ("api::test_1.py", 1), (SOUND, 0), (SOUND, 1.5), (SOUND, True)]
)
def test_what_cannot_be_attempted_is_a_mistake(real_shop, test, times):
    with pytest.raises(testflow.SpecError, match=r"\$\.(test|times): "):
        real_shop({"test_1.py": THIRD}).attempt_to_fix(workflow(), test, times)
    assert History(testflow.History().path).runs() == ()
