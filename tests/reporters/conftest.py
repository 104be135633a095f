"""A run with something of everything."""

from pathlib import Path

import pytest
from attrs import evolve
from caused_results import VERDICT as OF_SHOP

from testflow_core.model import (
    Certificate,
    Cluster,
    Delivery,
    Diagnosis,
    Evidence,
    Message,
    Outcome,
    PluginFailure,
    Route,
    Run,
    Status,
    TestCase,
    TestResult,
)

ROUNDING = TestCase(application="payment-service", file="tests/test_processor.py", name="test_rounding")
MESSAGE = "ValidationError: amount 10.005 has more than two decimals\nassert 422 == 201"


def failure(test: TestCase, status: Status = Status.FAILED, message: str = MESSAGE) -> TestResult:
    evidence = Evidence(kind="message", text=message, rank=0)
    return TestResult(
        test_id=test.id,
        status=status,
        duration=0.05,
        category="validation",
        assigned_to="api-team",
        message=message,
        logs=f"{message}\n\n--- stderr ---\nretrying",
        diagnosis=Diagnosis(test=test, category="validation", reason="a pattern matches", evidence=evidence),
        route=Route(test=test, team="api-team", reason="the category validation is routed to api-team"),
    )


VERDICT = evolve(
    OF_SHOP,
    suspects=(evolve(OF_SHOP.suspects[0], application="payment-service"),),
    suggestions=("look at src/pay.py:3 (not committed)",),
)


@pytest.fixture
def caused(run: Run) -> Run:
    """The run, and the cause of its failure, which earlier runs had."""
    (failed,) = run.failed_tests
    assert failed.diagnosis is not None
    cluster = Cluster(
        id="1:aa",
        category="validation",
        title="amount <number> has | more than two decimals",
        tests=(failed.label,),
        diagnosis=failed.diagnosis,
        owner="api-team",
        first_seen=1_795_000_000.0,
        last_seen=1_795_300_000.0,
        times=4,
        also_red_on_main=True,
        verdict=VERDICT,
    )
    results = tuple(evolve(each, verdict=VERDICT if each is failed else None) for each in run.results)
    return evolve(run, results=results, clusters=(cluster,))


@pytest.fixture
def delivering(run: Run) -> Run:
    """The run, of which one tracker was told, one would be, and one was down."""
    opened = Message(action="open", subject="a/b#7", title="no | space", url="https://a.test/7", sent=True)
    updated = Message(action="update", subject="a/b#3", title="down", url="https://a.test/3", sent=True)
    new = tuple(Message(action="open", subject=f"cause {number}", title=f"cause {number}") for number in range(7))
    deliveries = (
        Delivery(reporter="github_issues", place="a/b", messages=(opened, updated), remarks=("1 more cause",)),
        Delivery(reporter="jira_issues", place="PAY", messages=new, trouble="Jira answered 503", again="send(1)"),
        Delivery(reporter="webhook", dry=True, messages=new[:1]),
    )
    return evolve(run, deliveries=deliveries)


@pytest.fixture
def leaking(run: Run) -> Run:
    """The run, and two environments of which one has left something."""
    left = {"process": ("4711 (api_server)",), "directory": ("/srv/<site>",)}
    return evolve(run, certificates=(Certificate(environment="shop", left=left), Certificate(environment="")))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(
        run_id="20261122-203446-5f3a",
        workflow="payment-integration-tests",
        started=1_795_379_686.0,
        outcomes=(Outcome(test=ROUNDING, status=Status.FAILED, text="the whole account", duration=0.05),),
        results=(
            TestResult(test_id="payment-service::tests/test_processor.py::test_ok", status=Status.PASSED, duration=1.5),
            failure(ROUNDING),
            TestResult(test_id="user-service::tests/test_auth.py", status=Status.SKIPPED, reason="nothing changed"),
            TestResult(test_id="web::src/a.test.js", status=Status.UNAVAILABLE, reason="no checkout"),
            TestResult(test_id="web::src/b.test.js", status=Status.UNAVAILABLE, reason="no checkout"),
            TestResult(test_id="user-service::tests/test_b.py::t", status=Status.INTERRUPTED, reason="stopped"),
        ),
        warnings=("13.4 could not be had, 15.3 is used",),
        plugin_failures=(PluginFailure(kind="reporter", name="chat", traceback="Traceback ...\nOSError: gone"),),
        phases={"plan": 0.5, "execute": 7.5},
        provisioner="process: it refuses nothing",
        reports=tmp_path / "reports" / "20261122-203446-5f3a",
    )
