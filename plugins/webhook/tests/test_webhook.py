"""The reporter `webhook` against a receiver: what it posts, once, and what it tells where it cannot."""

import json

import pytest
from attrs import evolve
from testflow_webhook import Webhook

from testflow_core.errors import DeliveryError
from testflow_core.interfaces import REPORTER
from testflow_core.model import Artifact, Blame, FailureContext, Run, Verdict
from testflow_core.registry import InstalledPlugins
from testflow_core.testing.contracts import ReporterContract
from testflow_core.testing.contracts.tracker_samples import cluster, run_with
from testflow_core.testing.servers import NoWaiting, WebhookServer, broken_connection, too_many_requests, unavailable

PATH = "/services/T0/a-secret-part"


@pytest.fixture
def hook(monkeypatch):
    with WebhookServer() as server:
        monkeypatch.setenv("TESTFLOW_WEBHOOK_URL", f"{server.url}{PATH}")
        monkeypatch.delenv("TESTFLOW_WEBHOOK_SECRET", raising=False)
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def reporter(hook, waits):
    patience = NoWaiting(waits=waits, server=hook)
    return Webhook(dry_run=False, patience=patience)


class TestContract(ReporterContract):
    @pytest.fixture
    def reporter(self, hook):
        return Webhook(dry_run=False)

    @pytest.fixture
    def published(self, hook):
        return lambda _: [request.raw for request in hook.requests]


def test_it_is_loaded_by_its_name_with_options():
    made = InstalledPlugins().load(REPORTER, "webhook", url_variable="CHAT_URL", dry_run=False)
    assert repr(made) == ("Webhook(dry_run=False, url_variable='CHAT_URL', secret_variable='TESTFLOW_WEBHOOK_SECRET')")


def test_by_default_nothing_is_sent_and_what_would_be_is_told(hook):
    delivery = Webhook().deliver(run_with(cluster()))
    assert hook.requests == []
    assert (delivery.dry, delivery.place) == (True, "127.0.0.1")
    assert json.loads(delivery.messages[0].body)["clusters"][0]["title"] == "connection to db refused"


def test_a_dry_run_needs_no_url_and_says_that_there_is_none(monkeypatch):
    monkeypatch.delenv("TESTFLOW_WEBHOOK_URL", raising=False)
    delivery = Webhook().deliver(run_with(cluster()))
    assert (delivery.trouble, len(delivery.messages)) == ("", 1)
    assert "TESTFLOW_WEBHOOK_URL is not set" in delivery.remarks[0]


def test_a_run_is_posted_with_its_causes_and_once(hook, reporter):
    run = run_with(cluster(owner="db-team", times=2), run_id="run-1")
    assert [message.sent for message in reporter.deliver(run).messages] == [True]
    reporter.report(run)
    [told] = hook.deliveries.values()
    assert (told["version"], told["run_id"], told["ok"], told["tests"]) == (1, "run-1", False, {"failed": 3})
    [cause] = told["clusters"]
    assert (cause["id"], cause["team"], cause["count"], cause["new"]) == ("1:db", "db-team", 3, False)
    assert len(hook.requests) == 1


def test_a_cause_has_its_verdict_and_what_there_was_around_one_of_its_tests(hook, reporter):
    verdict = Verdict(blame=Blame.CHANGE, reasons=("the trace meets it",), suggestions=("look at pool.py",))
    run = run_with(cluster(verdict=verdict))
    shot = Artifact(path="/x/cart.png", name="cart.png", kind="image", size=2048)
    context = FailureContext(exit=3, resources=("the disk of /tmp is full",), artifacts=(shot,))
    first, *others = run.results
    reporter.report(evolve(run, results=(evolve(first, context=context), *others)))
    [told] = hook.deliveries.values()
    [cause] = told["clusters"]
    assert (cause["blame"], cause["reasons"]) == ("change", ["the trace meets it"])
    assert (cause["advice"], cause["suggestions"]) == ("Start the database.", ["look at pool.py"])
    assert cause["around"] == ["process: exited with code 3", "around it: the disk of /tmp is full"]
    assert cause["artifacts"] == ["cart.png (image, 2.0 KiB)"]


def test_a_receiver_knows_a_run_that_comes_again_after_its_answer_was_lost(hook, reporter, waits):
    hook.play(broken_connection(late=True))
    assert reporter.deliver(run_with(cluster())).trouble == ""
    assert (len(hook.requests), len(hook.deliveries), waits) == (2, 1, [1.0])


def test_the_body_is_signed_where_a_secret_is_shared(monkeypatch):
    with WebhookServer(secret="shared") as hook:  # noqa: S106
        monkeypatch.setenv("TESTFLOW_WEBHOOK_URL", hook.url)
        monkeypatch.delenv("TESTFLOW_WEBHOOK_SECRET", raising=False)
        assert "401" in Webhook(dry_run=False).deliver(run_with(cluster())).trouble
        monkeypatch.setenv("TESTFLOW_WEBHOOK_SECRET", "shared")
        assert Webhook(dry_run=False).deliver(run_with(cluster())).trouble == ""


@pytest.mark.parametrize(
    ("troubles", "waited"),
    [
        ([unavailable(), unavailable()], [1.0, 2.0]),
        ([too_many_requests(retry_after=9)], [9.0]),
        ([broken_connection()], [1.0]),
    ],
)
def test_what_passes_is_waited_for(hook, reporter, waits, troubles, waited):
    hook.play(*troubles)
    assert reporter.deliver(run_with(cluster())).trouble == ""
    assert waits == waited


@pytest.mark.parametrize("trouble", [unavailable(status=404), unavailable(status=302), unavailable(status=503)])
def test_what_does_not_arrive_is_told_without_the_secret_part_of_the_url(hook, reporter, trouble, caplog):
    caplog.set_level("INFO")
    hook.play(*[trouble] * 9)
    delivery = reporter.deliver(run_with(cluster()))
    assert f"answered {trouble.status}" in delivery.trouble
    assert [message.sent for message in delivery.messages] == [False]
    with pytest.raises(DeliveryError) as raised:
        reporter.report(run_with(cluster()))
    assert "a-secret-part" not in f"{delivery}{reporter!r}{caplog.text}{raised.getrepr(chain=True)}"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a-secret-part", "no url/a-secret-part", "http://[a-secret-part"])
def test_a_url_where_nobody_listens_is_told_by_its_host_alone(monkeypatch, url):
    monkeypatch.setenv("TESTFLOW_WEBHOOK_URL", url)
    delivery = Webhook(dry_run=False, patience=NoWaiting()).deliver(run_with(cluster()))
    assert "does not answer" in delivery.trouble
    assert "a-secret-part" not in str(delivery)


def test_a_run_that_had_not_arrived_is_posted_when_it_is_asked_for_again(hook, reporter):
    hook.play(*[unavailable()] * 4)
    run = run_with(cluster())
    assert reporter.deliver(run).unsent
    assert reporter.deliver(evolve(run)).sent
    assert len(hook.deliveries) == 1


def test_many_causes_are_cut_and_counted(hook, reporter):
    causes = [cluster(f"1:c{number}", tests=30) for number in range(120)]
    reporter.deliver(run_with(*causes))
    [told] = hook.deliveries.values()
    assert (len(told["clusters"]), told["more_clusters"], len(told["clusters"][0]["tests"])) == (100, 20, 20)


def test_a_run_without_anything_is_posted(hook, reporter):
    reporter.deliver(Run(run_id="empty", workflow="nothing", started=0.0))
    [told] = hook.deliveries.values()
    assert (told["ok"], told["clusters"], told["headline"]) == (True, [], "no tests")
