"""Reporters and trackers that each break their contract in many ways."""

import logging

import pytest

from testflow_core.interfaces import Reporter
from testflow_core.model import Delivery, Message
from testflow_core.testing import contracts
from testflow_core.testing.servers import GitHubServer, unavailable

TOKEN = "ghp_0123456789"  # noqa: S105


class Repeats(Reporter):
    """Publishes what it was told before it was asked, again and again, and only the first run."""

    def __init__(self):
        self.printed = ["something"]
        self.first = None

    def report(self, run):
        self.first = self.first or run.run_id
        if run.run_id == self.first:
            self.printed.append(run.run_id)
        if run.reports is None or not run.results or "required" not in run.warnings[0] + run.run_id + "required"[:0]:
            self.printed.clear()
        if run.reports is None:
            raise LookupError("no folder")

    def observe(self, event):
        raise LookupError("never observed")


class TestRepeats(contracts.ReporterContract, contracts.ReporterThatObserves):
    reporter = pytest.fixture(lambda self: Repeats())

    @pytest.fixture
    def published(self, reporter):
        return lambda run: list(reporter.printed)


class TestBlind(contracts.ReporterThatObserves):
    reporter = pytest.fixture(lambda self: None)


class Deaf(Reporter):
    """Sends nothing, and finds that well."""

    def deliver(self, run):
        return Delivery(reporter="deaf", run_id=run.run_id)

    def report(self, run):
        pass


class Shouter:
    """Opens an issue whatever it is told, that says all it knows, and logs the token."""

    def __init__(self, issues):
        self.issues = issues

    def deliver(self, run):
        logging.getLogger("shouter").error(TOKEN)
        self.issues.append(contracts.ToldIssue(key=f"{len(self.issues)}", title="!", text=repr(run), is_open=True))
        return Delivery(reporter="shouter", messages=(Message(action="open", subject="!", body=repr(run)),))


class TestDeaf(contracts.TrackerContract):
    issues = pytest.fixture(lambda self: [])
    told = pytest.fixture(lambda self, issues: lambda: list(issues))
    reporter = pytest.fixture(lambda self: lambda **_: Deaf())
    add_below = pytest.fixture(lambda self: lambda _: None)
    close_declined = pytest.fixture(lambda self: lambda: None)
    without_token = pytest.fixture(lambda self: lambda: None)
    nothing_listed = pytest.fixture(lambda self: unavailable())
    secret_token = pytest.fixture(lambda self: TOKEN)

    @pytest.fixture
    def server(self):
        with GitHubServer() as server:
            yield server


class TestShouter(TestDeaf):
    reporter = pytest.fixture(lambda self, issues: lambda **_: Shouter(issues))
