"""What holds of reporters to trackers that are busy, down, or do not let them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from testflow_core.errors import DeliveryError
from testflow_core.model import Delivery, Evidence
from testflow_core.testing.contracts.tracker_samples import SECRET, Made, Told, cluster, run_with
from testflow_core.testing.servers import (
    LoopbackServer,
    Trouble,
    broken_connection,
    too_many_requests,
    unavailable,
    used_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class TrackerInTrouble:
    """The part of the contract of trackers in which something goes wrong; what its tests ask for is answered there."""

    def test_secrets_stand_in_no_issue_and_in_no_message(self, reporter: Made, told: Told, secret_token: str) -> None:
        said = f"GET http://bob:hunter22@db/ with {secret_token} and {SECRET} password=opensesame1"
        diagnosis = evolve(
            cluster().diagnosis, evidence=Evidence(kind="text", text=said, rank=0), advice=said, reason=said
        )
        delivery = reporter(dry_run=False).deliver(run_with(cluster(title=said, diagnosis=diagnosis)))
        everything = f"{told()} {delivery} {reporter(dry_run=False)!r}"
        for secret in (secret_token, SECRET, "hunter22", "opensesame1"):
            assert secret not in everything

    @pytest.mark.parametrize(
        "trouble",
        [
            pytest.param(unavailable(), id="unavailable"),
            pytest.param(unavailable(status=502), id="bad gateway"),
            pytest.param(broken_connection(), id="broken connection"),
            pytest.param(too_many_requests(retry_after=7), id="rate limit"),
            pytest.param(used_up(seconds=7, status=429), id="quota"),
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_what_passes_is_waited_for(
        self, reporter: Made, told: Told, server: LoopbackServer, waits: list[float], trouble: Trouble, method: str
    ) -> None:
        server.play(evolve(trouble, method=method))
        delivery = reporter(dry_run=False).deliver(run_with(cluster()))
        assert (delivery.trouble, len(told())) == ("", 1)
        waited = [seconds for seconds in waits if seconds]
        assert len(waited) == 1
        if trouble.status == 429:
            assert 7 <= waited[0] <= 8, "it waits as long as it is asked to"

    @pytest.mark.parametrize("late", [broken_connection, unavailable])
    def test_an_issue_that_was_made_without_an_answer_is_not_made_twice(
        self, reporter: Made, told: Told, server: LoopbackServer, late: Any
    ) -> None:
        server.play(late(method="POST", late=True))
        delivery = reporter(dry_run=False).deliver(run_with(cluster()))
        assert (delivery.trouble, len(told())) == ("", 1)
        assert [message.subject for message in delivery.sent] == [told()[0].key]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_a_tracker_that_is_down_is_told_and_what_it_missed_can_be_sent_later(
        self, reporter: Made, told: Told, server: LoopbackServer, waits: list[float], method: str
    ) -> None:
        server.play(*[unavailable(method=method)] * 20)
        run = run_with(cluster(), cluster("1:tls"))
        delivery = reporter(dry_run=False).deliver(run)
        assert told() == []
        assert [message.title for message in delivery.unsent] == [
            "connection to db refused",
            "connection to tls refused",
        ]
        assert "503" in delivery.trouble
        assert waits == sorted(waits), "each wait is longer than the one before"
        up = Delivery(reporter="", messages=())
        while "503" in (up := reporter(dry_run=False).deliver(run)).trouble:
            pass
        assert len(told()) == 2
        assert up.unsent == ()

    def test_a_limit_that_ends_too_late_is_not_waited_for(
        self, reporter: Made, told: Told, server: LoopbackServer, waits: list[float]
    ) -> None:
        server.play(used_up(seconds=1800, status=429))
        delivery = reporter(dry_run=False).deliver(run_with(cluster()))
        assert "30m" in delivery.trouble
        assert [seconds for seconds in waits if seconds] == []
        assert told() == []

    def test_a_token_that_is_missing_or_wrong_is_told_by_the_name_of_its_variable(
        self, reporter: Made, without_token: Callable[[], object]
    ) -> None:
        without_token()
        delivery = reporter(dry_run=False).deliver(run_with(cluster()))
        assert [message.sent for message in delivery.messages] == [False]
        assert "is not set" in delivery.trouble
        with pytest.raises(DeliveryError, match="is not set"):
            reporter(dry_run=False).report(run_with(cluster()))

    def test_the_token_stands_in_no_log_whatever_happens(
        self, reporter: Made, server: LoopbackServer, secret_token: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(0)
        server.play(unavailable(), too_many_requests(retry_after=1), broken_connection(method="POST"))
        reporter(dry_run=False).deliver(run_with(cluster()))
        assert caplog.text, "nothing was logged at all, so the test shows nothing"
        assert secret_token not in caplog.text
