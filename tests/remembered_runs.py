"""Runs to be remembered by tests of the history."""

from testflow_core.model import Choice, Outcome, Run, Status, TestCase, TestResult

LETTERS = {".": Status.PASSED, "F": Status.FAILED, "E": Status.ERROR, "S": Status.SKIPPED}


def case(name="test_total"):
    return TestCase(application="shop", file="tests/test_cart.py", name=name)


def run(run_id, started=0.0, *, seconds=1.0, **verdicts):
    """A run whose tests ended as their letters say, `a="F"`; several letters are attempts."""
    tests = {case(name): [LETTERS[letter] for letter in letters] for name, letters in verdicts.items()}
    return Run(
        run_id=run_id,
        workflow="w",
        started=started,
        choices=tuple(Choice(test=test, selected=True, reason="all tests are selected") for test in tests),
        outcomes=tuple(
            Outcome(test=test, status=status, duration=seconds, attempt=number, started=started + number, batch="b1")
            for test, told in tests.items()
            for number, status in enumerate(told, start=1)
        ),
        results=tuple(
            TestResult(
                test_id=test.id,
                status=told[-1],
                duration=seconds,
                attempts=len(told),
                flaky=told[-1] is Status.PASSED and len(told) > 1,
            )
            for test, told in tests.items()
        ),
        phases={"execute": seconds},
    )
