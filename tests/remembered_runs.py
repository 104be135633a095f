"""Runs to be remembered by tests of the history."""

from testflow_core.model import Attempt, Choice, FailureContext, Outcome, Run, Status, TestCase, TestResult

LETTERS = {".": Status.PASSED, "F": Status.FAILED, "E": Status.ERROR, "S": Status.SKIPPED}


def case(name="test_total"):
    return TestCase(application="shop", file="tests/test_cart.py", name=name)


def run(run_id, started=0.0, *, seconds=1.0, **verdicts):
    """A run whose tests ended as their letters say, `a="F"`; several letters are attempts."""
    tests = {case(name): [LETTERS[letter] for letter in letters] for name, letters in verdicts.items()}
    told = {
        test: [
            Outcome(test=test, status=status, duration=seconds, attempt=number, started=started + number, batch="b1")
            for number, status in enumerate(statuses, start=1)
        ]
        for test, statuses in tests.items()
    }
    return Run(
        run_id=run_id,
        workflow="w",
        started=started,
        choices=tuple(Choice(test=test, selected=True, reason="all tests are selected") for test in tests),
        outcomes=tuple(outcome for outcomes in told.values() for outcome in outcomes),
        results=tuple(_result(test, outcomes, seconds) for test, outcomes in told.items()),
        phases={"execute": seconds},
    )


def _result(test, outcomes, seconds):
    failing, last = any(each.status.failing for each in outcomes), outcomes[-1].status
    return TestResult(
        test_id=test.id,
        status=last,
        duration=seconds,
        attempts=len(outcomes),
        flaky=last is Status.PASSED and len(outcomes) > 1,
        context=FailureContext() if failing else None,
        tried=tuple(map(Attempt.of, outcomes)) if failing else (),
    )
