"""The fixture `testflow_environment`: services by their names, and faults that are undone at the end of a test."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from pythons import with_pytest

from testflow_core.builtin.runners.pytest import PytestRunner
from testflow_core.errors import ProvisionError
from testflow_core.execution import faults
from testflow_core.model import Provisioned, Status

SERVICES = {"PAYMENT_DB_HOST": "127.0.0.1", "PAYMENT_DB_PORT": "5432", "PAYMENT_DB_PASSWORD": "s3cret"}


class Services:
    """Notes what is done to them, and what undoes it; a stock cannot be had back."""

    def __init__(self):
        self.noted = []

    def inject(self, fault, service, seconds):
        if fault == "pause":
            raise ProvisionError(f"unknown service {service!r}")
        self.noted.append((fault, service, seconds))

        def undo():
            self.noted.append(("undo", fault))
            if service == "stock":
                raise ProvisionError("stock is not ready")

        return undo


@pytest.fixture(params=[("3.8", "7.0.0"), ("3.13", "9.2.0"), None], ids=lambda pair: "-".join(pair) if pair else "ours")
def python(request):
    return with_pytest(request.param)


@pytest.fixture
def offered():
    """Services, and the variables that tell of them and of their socket."""
    services, warnings = Services(), []
    # Sockets need a shorter path than those of pytest's own directories.
    with tempfile.TemporaryDirectory(prefix="tf-") as name, ExitStack() as exits:
        up = Provisioned(environment="e", variables=SERVICES, inject=services.inject)
        yield services, faults.offered(up, Path(name), warnings.append, exits).variables
    assert not warnings


def run(checkout, python, text, variables):
    checkout.write("test_faults.py", text)
    bench = checkout.bench("pytest", python=python)
    outcomes = checkout.run(PytestRunner(), checkout.batch(bench, "test_faults.py", variables=variables))
    return {outcome.test.name: outcome for outcome in outcomes}


def test_what_a_test_does_to_services_is_undone_when_it_ends_the_last_first(checkout, python, offered):
    services, variables = offered
    text = """
        import pytest
        def test_services(testflow_environment):
            db = testflow_environment["payment-db"]
            assert (db.host, db.port, db.password, db.url) == ("127.0.0.1", 5432, "s3cret", None)
            assert "s3cret" not in repr(db) + repr(testflow_environment)
        def test_leaves(testflow_environment):
            testflow_environment.faults.stop("payment-db")
            testflow_environment.faults.delay("api", 0.5)
            assert 0
        def test_undoes(testflow_environment):
            with testflow_environment.faults.kill("payment-db") as fault:
                assert "there" in repr(fault)
            assert "undone" in repr(fault)
            fault.undo()
            testflow_environment.faults.refuse("api").undo()
        def test_is_told(testflow_environment):
            with pytest.raises(Exception, match="unknown service 'payment'"):
                testflow_environment.faults.pause("payment")
            with pytest.raises(LookupError, match="no service 'web'.*PAYMENT_DB"):
                testflow_environment["web"]
        def test_stays(testflow_environment):
            testflow_environment.faults.stop("stock")
            testflow_environment.faults.refuse("api")
    """
    ended = run(checkout, python, text, variables)
    kinds = {name: outcome.status for name, outcome in ended.items()}
    assert kinds == {
        "test_services": Status.PASSED,
        "test_leaves": Status.FAILED,
        "test_undoes": Status.PASSED,
        "test_is_told": Status.PASSED,
        "test_stays": Status.ERROR,
    }, [outcome.text for outcome in ended.values()]
    assert "stock is not ready" in ended["test_stays"].text
    assert services.noted == [
        ("stop", "payment-db", 0.0),
        ("delay", "api", 0.5),
        ("undo", "delay"),
        ("undo", "stop"),
        ("kill", "payment-db", 0.0),
        ("undo", "kill"),
        ("refuse", "api", 0.0),
        ("undo", "refuse"),
        ("stop", "stock", 0.0),
        ("refuse", "api", 0.0),
        ("undo", "refuse"),
        ("undo", "stop"),
    ]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (SERVICES, "declare it with faults, testflow.Environment(name, faults=True)"),
        ({"TESTFLOW_ENVIRONMENT": "/nowhere/socket"}, "the environment does not answer at /nowhere/socket"),
    ],
)
def test_where_nothing_can_be_done_that_is_told(checkout, python, variables, said):
    text = "def test_stops(testflow_environment): testflow_environment.faults.stop('db')"
    outcome = run(checkout, python, text, variables)["test_stops"]
    assert outcome.status is Status.FAILED
    assert said in outcome.message + outcome.text
