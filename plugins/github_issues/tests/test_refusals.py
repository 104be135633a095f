"""What GitHub refuses, and what is said of it."""

import pytest
from testflow_github_issues import GitHubIssues

from testflow_core.testing.contracts.tracker_samples import cluster, run_with
from testflow_core.testing.servers import GitHubServer, NoWaiting, Repository, Trouble

TOKEN = "ghp_0123456789abcdefghijklmnop"  # noqa: S105
RUN = run_with(cluster(), cluster("1:tls"))


@pytest.fixture
def deliver(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)

    def made(server, repository="acme/shop", run=RUN, **options):
        patience = NoWaiting(server=server)
        given = {"repository": repository, "url": server.url, "patience": patience, "dry_run": False}
        return GitHubIssues(**{**given, **options}).deliver(run)

    return made


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (GitHubServer("acme/shop", token="other"), "GitHub answered 401: Bad credentials"),  # noqa: S106
        (GitHubServer("acme/shop", token=TOKEN, read_only=True), "GitHub answered 403: Resource not accessible"),
        (GitHubServer("acme/other", token=TOKEN), "acme/shop: GitHub answered 404: Not Found"),
        (GitHubServer(Repository("acme/shop", has_issues=False), token=TOKEN), "410: Issues has been disabled"),
        (GitHubServer("acme/shop", token=TOKEN, limit=0), "longer than a report waits"),
    ],
    ids=["wrong token", "read only", "no repository", "no issues", "no quota"],
)
def test_a_refusal_is_told_with_what_github_says_and_nothing_else_is_tried(deliver, server, said):
    with server:
        delivery = deliver(server)
        assert said in delivery.trouble
        assert [message.sent for message in delivery.messages] == [False, False]
        assert len(server.requests) <= 3
        assert TOKEN not in str(delivery)


def test_a_token_that_may_not_set_labels_is_told_and_its_issue_closed(deliver):
    with GitHubServer(Repository("acme/shop", push=False), token=TOKEN) as server:
        delivery = deliver(server)
        assert "the token may not set labels" in delivery.trouble
        [issue] = server.repositories["acme/shop"].issues.values()
        assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")


def test_one_issue_that_is_refused_does_not_keep_the_others(deliver):
    body = {"message": "Validation Failed", "errors": [{"field": "title", "code": "invalid"}]}
    with GitHubServer("acme/shop", token=TOKEN) as server:
        server.play(Trouble(status=422, body=body, method="POST"))
        delivery = deliver(server)
        assert [message.sent for message in delivery.messages] == [False, True]
        assert "open connection to db refused: acme/shop: GitHub answered 422: Validation Failed, title invalid" in (
            delivery.trouble
        )


@pytest.mark.parametrize("repository", ["", "shop", "a/b/c"])
def test_a_repository_that_is_none_is_told_with_what_is_needed(deliver, repository):
    with GitHubServer("acme/shop", token=TOKEN) as server:
        assert "needs repository='owner/name'" in deliver(server, repository).trouble
        assert server.requests == []


def test_actions_say_the_repository_and_the_api(deliver, monkeypatch):
    with GitHubServer("acme/shop", token=TOKEN) as server:
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/shop")
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        assert GitHubIssues(dry_run=False, patience=NoWaiting()).deliver(RUN).place == "acme/shop"
        assert len(server.repositories["acme/shop"].issues) == 2


def test_labels_of_new_issues_are_those_that_were_asked_for_and_the_first_finds_them(deliver):
    with GitHubServer("acme/shop", token=TOKEN) as server:
        deliver(server, labels=("nightly", "bug"))
        assert [label["name"] for label in server.repositories["acme/shop"].issues[1]["labels"]] == ["nightly", "bug"]
        again = deliver(server, labels=("nightly",), run=run_with(cluster(), run_id="run-2", days=1))
        assert [message.action for message in again.messages] == ["update"]


def test_a_title_that_somebody_has_changed_stays(deliver):
    with GitHubServer("acme/shop", token=TOKEN) as server:
        deliver(server)
        server.repositories["acme/shop"].issues[1]["title"] = "the firewall"
        deliver(server, run=run_with(cluster(), run_id="run-2", days=1))
        assert server.repositories["acme/shop"].issues[1]["title"] == "the firewall"


def test_nobody_is_mentioned_and_nothing_is_linked_by_what_a_test_prints(deliver):
    with GitHubServer("acme/shop", token=TOKEN) as server:
        loud = cluster(owner="@acme/payments", category="fixes #12 <img src=x>")
        deliver(server, run=run_with(loud))
        body = server.repositories["acme/shop"].issues[1]["body"]
        shown = body.partition("<!--")[0]
        assert "@acme" not in shown
        assert "#12" not in shown
        assert "<img" not in shown
