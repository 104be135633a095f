"""The contract of reporters that keep one issue for each cause, whatever the tracker."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from testflow_core.interfaces import Delivers, Reporter
from testflow_core.model import (
    Artifact,
    Attempt,
    Blame,
    Evidence,
    FailureContext,
    Run,
    ServiceState,
    Status,
    Verdict,
)
from testflow_core.specs import structure
from testflow_core.testing.contracts.samples import ODD_TEXTS, to_be_answered
from testflow_core.testing.contracts.tracker_samples import DAY, SECRET, STARTED, Made, Told, cluster, run_with
from testflow_core.testing.contracts.tracker_troubles import TrackerInTrouble
from testflow_core.testing.servers import NoWaiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testflow_core.testing.servers import LoopbackServer, Trouble
    from testflow_core.tracking import Patience


class TrackerContract(TrackerInTrouble):
    """What holds of every reporter that keeps issues: an `IssueReporter`."""

    @pytest.fixture
    def server(self) -> LoopbackServer:
        """The fake that the reporter speaks to, entered."""
        raise to_be_answered("server", "a LoopbackServer of testflow_core.testing.servers, entered")

    @pytest.fixture
    def reporter(self) -> Made:
        """Makes the reporter under test."""
        raise to_be_answered("reporter", "a function that makes the reporter from options such as dry_run=False")

    @pytest.fixture
    def told(self) -> Told:
        """Tells what the tracker has."""
        raise to_be_answered("told", "a function that answers the issues of the tracker as ToldIssue, the oldest first")

    @pytest.fixture
    def add_below(self) -> Callable[[str], object]:
        """Writes as a person does."""
        raise to_be_answered("add_below", "a function that adds a text at the end of the first issue's body")

    @pytest.fixture
    def close_declined(self) -> Callable[[], object]:
        """Closes as a person does who wants nothing done."""
        raise to_be_answered(
            "close_declined", "a function that closes the first issue as one that will not be dealt with"
        )

    @pytest.fixture
    def nothing_listed(self) -> Trouble:
        """A list as it is before anything was opened."""
        raise to_be_answered("nothing_listed", "a Trouble that answers the next list of issues with an empty one")

    @pytest.fixture
    def without_token(self) -> Callable[[], object]:
        """Takes the token away."""
        raise to_be_answered("without_token", "a function that removes the variable of the token")

    @pytest.fixture
    def secret_token(self) -> str:
        """The token."""
        raise to_be_answered("secret_token", "the token that the reporter finds in its variable")

    @pytest.fixture
    def waits(self) -> list[float]:
        """The seconds that the reporter has waited, which nobody sleeps."""
        return []

    @pytest.fixture
    def patience(self, waits: list[float], server: LoopbackServer) -> Patience:
        """The patience to make the reporter with: by the clock of the server."""
        return NoWaiting(server=server, waits=waits, pace=timedelta(0))

    def test_it_delivers_and_is_a_reporter(self, reporter: Made) -> None:
        assert isinstance(reporter(), Delivers)
        assert isinstance(reporter(), Reporter)

    def test_it_is_made_of_what_a_file_can_say(self, reporter: Made) -> None:
        kind = type(reporter())
        made = structure({"dry_run": False, "quiet": "3d", "new_issues": 2, "patience": {"attempts": 1}}, kind)
        assert (made.dry_run, made.quiet, made.patience.attempts) == (False, timedelta(days=3), 1)

    def test_by_default_nothing_is_changed_and_what_would_be_is_told(
        self, reporter: Made, told: Told, server: LoopbackServer
    ) -> None:
        delivery = reporter().deliver(run_with(cluster()))
        assert told() == []
        assert {request.method for request in server.requests} <= {"GET"}
        assert delivery.dry
        [message] = delivery.messages
        assert (message.action, message.subject, message.sent) == ("open", "connection to db refused", False)
        assert "is the server running?" in message.body
        assert delivery.unsent == ()

    def test_a_dry_run_without_a_token_asks_nobody_and_says_so(
        self, reporter: Made, server: LoopbackServer, without_token: Callable[[], object]
    ) -> None:
        without_token()
        delivery = reporter().deliver(run_with(cluster()))
        assert server.requests == []
        assert [message.subject for message in delivery.messages] == ["connection to db refused"]
        assert any("is not set" in remark for remark in delivery.remarks)

    def test_each_cause_has_one_issue_that_says_what_is_known(self, reporter: Made, told: Told) -> None:
        verdict = Verdict(blame=Blame.CHANGE, reasons=("the trace meets it",), suggestions=("look at pool.py",))
        first = cluster(tests=30, owner="payments-team", also_red_on_main=False, verdict=verdict)
        delivery = reporter(dry_run=False).deliver(run_with(first, cluster("1:tls")))
        assert [issue.title for issue in told()] == ["connection to db refused", "connection to tls refused"]
        assert [message.subject for message in delivery.sent] == [issue.key for issue in told()]
        text = told()[0].text
        for said in (
            "environment/database",
            "payments-team",
            "30 failures in 1 run",
            "Start the database",
            "the trace meets it",
            "look at pool.py",
        ):
            assert said in text.replace("\\-", "-"), said
        assert all(message.url for message in delivery.sent)

    def test_an_issue_says_what_there_was_around_the_failure(self, reporter: Made, told: Told) -> None:
        found = cluster()
        service = ServiceState(service="db", health="ended with exit code 3", log=f"FATAL: {SECRET}\ndisk full\n" * 40)
        shot = Artifact(path="/reports/cart.png", name=f"shots/{SECRET}.png", kind="image", size=2048)
        context = FailureContext(
            exit=-11, services=(service,), artifacts=(shot,), backtrace="#0 pay (card=0)", resources=("no memory",)
        )
        tried = tuple(Attempt(attempt=number, status=Status.FAILED, duration=1.0) for number in (1, 2))
        run = run_with(found)
        first, *others = run.results
        first = evolve(first, context=context, tried=tried)
        reporter(dry_run=False).deliver(evolve(run, results=(first, *others)))
        [issue] = told()
        text = issue.text.replace("\\", "")
        for said in (
            "failed after 1.00s, failed after 1.00s",
            "ended by SIGSEGV",
            "no memory",
            "the service db ended with exit code 3",
            "disk full",
            "#0 pay (card=0)",
            "image, 2.0 KiB",
        ):
            assert said in text, said
        assert SECRET not in issue.text
        assert text.count("disk full") < 40, "of a log the last lines are told"

    def test_a_run_that_is_reported_twice_changes_nothing(self, reporter: Made, told: Told) -> None:
        run = run_with(cluster())
        reporter(dry_run=False).deliver(run)
        once = told()
        again = reporter(dry_run=False).deliver(evolve(run))
        assert told() == once
        assert again.messages == ()

    def test_the_next_run_updates_the_issue_and_opens_no_other(self, reporter: Made, told: Told) -> None:
        reporter(dry_run=False).deliver(run_with(cluster()))
        delivery = reporter(dry_run=False).deliver(run_with(cluster(tests=2), run_id="run-2", days=1))
        [issue] = told()
        assert "5 failures in 2 runs, first 2026" in issue.text.replace("\\-", "-")
        assert issue.comments == (), "whoever follows an issue is not told each time"
        assert [message.action for message in delivery.sent] == ["update"]

    def test_a_machine_that_calls_the_cause_otherwise_finds_the_same_issue(self, reporter: Made, told: Told) -> None:
        reporter(dry_run=False).deliver(run_with(cluster(fingerprints=("1:db", "1:pool"))))
        reporter(dry_run=False).deliver(run_with(cluster("1:pool"), run_id="run-2", days=1))
        [issue] = told()
        assert "6 failures in 2 runs" in issue.text

    def test_what_people_write_below_stays(
        self, reporter: Made, told: Told, add_below: Callable[[str], object]
    ) -> None:
        reporter(dry_run=False).deliver(run_with(cluster()))
        add_below("It is the firewall.")
        reporter(dry_run=False).deliver(run_with(cluster(), run_id="run-2", days=1))
        reporter(dry_run=False).deliver(run_with(cluster(), run_id="run-3", days=2))
        [issue] = told()
        assert issue.text.count("It is the firewall.") == 1
        assert "9 failures in 3 runs" in issue.text

    def test_no_more_issues_than_allowed_are_opened_and_the_rest_is_told(self, reporter: Made, told: Told) -> None:
        causes = [cluster(f"1:cause{number}", tests=9 - number) for number in range(4)]
        delivery = reporter(dry_run=False, new_issues=2).deliver(run_with(*causes))
        assert [issue.title for issue in told()] == ["connection to cause0 refused", "connection to cause1 refused"]
        assert any("2 more causes" in remark and "cause2" in remark for remark in delivery.remarks)

    def test_a_cause_that_too_few_runs_have_seen_waits(self, reporter: Made, told: Told) -> None:
        rare = reporter(dry_run=False, occurrences=3).deliver(run_with(cluster(times=1)))
        assert told() == []
        assert any("fewer than 3 runs" in remark for remark in rare.remarks)
        reporter(dry_run=False, occurrences=3).deliver(
            run_with(cluster(times=2, first_seen=STARTED), run_id="2", days=1)
        )
        assert "in 3 runs" in told()[0].text

    def test_what_fails_no_run_opens_no_issue(self, reporter: Made, told: Told) -> None:
        reporter(dry_run=False).deliver(run_with(cluster(blocking=False)))
        assert told() == []

    def test_a_quiet_issue_is_closed_once_one_of_its_tests_passes(self, reporter: Made, told: Told) -> None:
        seen = cluster()
        send = reporter(dry_run=False, quiet=timedelta(days=14)).deliver
        send(run_with(seen))
        send(run_with(run_id="run-2", days=13, passed=seen.tests))
        send(run_with(run_id="run-3", days=15, passed=["shop::tests/test_other.py::test_it"]))
        assert [issue.is_open for issue in told()] == [True], "too early, or nothing is known of its tests"
        delivery = send(run_with(run_id="run-4", days=15, passed=seen.tests[1:]))
        [issue] = told()
        assert not issue.is_open
        assert "2 of its tests passed in run run-4" in issue.comments[0].replace("\\-", "-")
        assert [message.action for message in delivery.sent] == ["close"]

    def test_a_closed_issue_is_opened_again_when_its_cause_is_seen_after_that(
        self, reporter: Made, told: Told, server: LoopbackServer
    ) -> None:
        seen = cluster()
        send = reporter(dry_run=False).deliver
        send(run_with(seen))
        server.advance(20 * DAY)
        send(run_with(run_id="run-2", days=20, passed=seen.tests))
        send(run_with(seen, run_id="late", days=19))
        assert [issue.is_open for issue in told()] == [False], "a run from before says nothing of now"
        send(run_with(seen, run_id="run-3", days=21))
        [issue] = told()
        assert issue.is_open
        assert "Seen again in run run-3" in issue.comments[-1].replace("\\-", "-")
        assert "9 failures in 3 runs" in issue.text

    def test_an_issue_that_somebody_declined_stays_closed(
        self, reporter: Made, told: Told, server: LoopbackServer, close_declined: Callable[[], object]
    ) -> None:
        reporter(dry_run=False).deliver(run_with(cluster()))
        server.advance(DAY)
        close_declined()
        reporter(dry_run=False).deliver(run_with(cluster(), run_id="run-2", days=2))
        [issue] = told()
        assert not issue.is_open
        assert "6 failures in 2 runs" in issue.text

    def test_a_cause_that_belongs_to_another_tracker_is_left_to_it(self, reporter: Made, told: Told) -> None:
        delivery = reporter(dry_run=False).deliver(run_with(cluster(tracker="elsewhere")))
        assert told() == []
        assert any("elsewhere" in remark for remark in delivery.remarks)

    def test_more_issues_than_a_page_are_all_known(self, reporter: Made, told: Told) -> None:
        causes = [cluster(f"1:cause{number}", tests=1) for number in range(120)]
        reporter(dry_run=False, new_issues=200).deliver(run_with(*causes))
        assert len(told()) == len(causes)
        delivery = reporter(dry_run=False, new_issues=200).deliver(run_with(causes[0], causes[-1], run_id="2", days=1))
        assert [message.action for message in delivery.sent] == ["update", "update"]
        assert len(told()) == len(causes)

    def test_an_issue_whose_cause_is_not_seen_is_left_alone(self, reporter: Made, told: Told) -> None:
        reporter(dry_run=False).deliver(run_with(cluster()))
        before = told()
        reporter(dry_run=False).deliver(run_with(run_id="run-2", days=1))
        assert told() == before

    @pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
    def test_odd_characters_are_told_somehow(self, reporter: Made, told: Told, text: str) -> None:
        evidence = Evidence(kind="message", text=text, rank=0)
        diagnosis = evolve(cluster().diagnosis, evidence=evidence, reason=text, advice=text)
        tests = tuple(f"shop::tests/test_{number}.py::{text[:1000]}" for number in range(40))
        odd = cluster(title=text[:200], category=text[:100], owner=text[:100], diagnosis=diagnosis)
        odd = evolve(odd, tests=tests)
        first = reporter(dry_run=False).deliver(run_with(odd))
        assert first.trouble == ""
        reporter(dry_run=False).deliver(run_with(odd, run_id="run-2", days=1))
        assert len(told()) == 1, "its fingerprint is lost among what it says"

    def test_two_issues_of_one_cause_become_one(
        self, reporter: Made, told: Told, server: LoopbackServer, nothing_listed: Trouble
    ) -> None:
        one = reporter(dry_run=False)
        one.deliver(run_with(cluster()))
        # Another machine has read the tracker before the first wrote.
        server.play(nothing_listed, nothing_listed)
        reporter(dry_run=False).deliver(run_with(cluster()))
        assert [issue.is_open for issue in told()] == [True, True]
        one.deliver(run_with(cluster(), run_id="run-2", days=1))
        assert [issue.is_open for issue in told()] == [True, False]
        assert told()[0].key in told()[1].comments[0].replace("\\-", "-")

    def test_a_run_without_causes_opens_nothing(self, reporter: Made, told: Told, tmp_path: Path) -> None:
        delivery = reporter(dry_run=False).deliver(
            Run(run_id="empty", workflow="nothing", started=0.0, reports=tmp_path)
        )
        assert (delivery.messages, delivery.trouble, told()) == ((), "", [])
