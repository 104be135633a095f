"""Results of tests that failed, for tests of what is said of their causes."""

from testflow_core.causes import clusters
from testflow_core.history import History
from testflow_core.model import (
    Blame,
    ChangedLines,
    Diagnosis,
    Evidence,
    Run,
    Status,
    Suspect,
    TestCase,
    TestResult,
    Verdict,
)

_OF_THE_RESULT = {"assigned_to", "message", "quarantined", "flaky", "regression"}

VERDICT = Verdict(
    blame=Blame.CHANGE,
    reasons=("src/pay.py changed",),
    suspects=(
        Suspect(
            application="shop",
            file="src/pay.py",
            score=3.0,
            reasons=("a frame",),
            lines=(ChangedLines(file="src/pay.py", first=3, last=3),),
        ),
    ),
    suggestions=("look at it",),
)


def failed(name="test_total", fingerprint="1:aa", *, application="shop", status=Status.FAILED, **more):
    """A result; what concerns its diagnosis is named as there."""
    told = {key: more.pop(key) for key in tuple(more) if key not in _OF_THE_RESULT}
    test = TestCase(application=application, file="tests/test_cart.py", name=name)
    evidence = told.pop("evidence", "boom")
    diagnosis = Diagnosis(
        test=test,
        reason="it said so",
        fingerprint=fingerprint,
        evidence=Evidence(kind="message", text=evidence, rank=0),
        **{"category": "data", **told},
    )
    return TestResult(
        test_id=test.id, status=status, category=diagnosis.category, diagnosis=diagnosis, **{"message": "boom", **more}
    )


def told(results, history=None, run_id="now", started=100.0):
    """The clusters of a run with these results."""
    return clusters(results, history or History(None), run_id, started)


def caused(run_id, started, results, history=None, **more):
    """A run with the clusters of its results, remembered where there is a history."""
    found = told(results, history, run_id, started)
    run = Run(run_id=run_id, workflow="w", started=started, results=tuple(results), clusters=found, **more)
    if history is not None:
        history.record(run)
    return run
