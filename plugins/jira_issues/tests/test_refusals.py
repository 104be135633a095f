"""What Jira refuses, and what is said of it; workflows that lead nowhere."""

import pytest
from testflow_jira_issues import JiraIssues

from testflow_core.model import Cluster
from testflow_core.testing.contracts.tracker_samples import cluster, run_with
from testflow_core.testing.servers import JiraServer, NoWaiting, Trouble

TOKEN = "ATATT3xFfGF0-of-the-test"  # noqa: S105
RUN = run_with(cluster(), cluster("1:tls"))


@pytest.fixture
def jira(monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", TOKEN)
    monkeypatch.delenv("JIRA_USER", raising=False)
    with JiraServer("PAY", deployment="server", token=TOKEN) as server:
        yield server


@pytest.fixture
def deliver(jira):
    def made(run=RUN, **options):
        given = {"project": "PAY", "url": jira.url, "dry_run": False, "patience": NoWaiting()}
        return JiraIssues(**{**given, **options}).deliver(run)

    return made


def test_a_wrong_token_is_told_and_nothing_else_is_tried(deliver, jira, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", "another-secret")
    delivery = deliver()
    assert "Jira answered 401: Client must be authenticated" in delivery.trouble
    assert [message.sent for message in delivery.messages] == [False, False]
    assert (len(jira.requests), "another-secret" in str(delivery)) == (1, False)


def test_a_project_that_is_not_there_is_told_in_jiras_words(deliver):
    assert "The value 'NONE' does not exist for the field 'project'" in deliver(project="NONE").trouble


def test_mistakes_of_fields_are_told_by_field_and_do_not_keep_the_other_issues(deliver, jira):
    body = {"errorMessages": [], "errors": {"issuetype": "Specify an issue type"}}
    jira.play(Trouble(status=400, body=body, method="POST"))
    delivery = deliver()
    assert [message.sent for message in delivery.messages] == [False, True]
    assert "open connection to db refused: Jira answered 400: issuetype: Specify an issue type" in delivery.trouble


@pytest.mark.parametrize("options", [{"project": ""}, {"project": 'P" OR 1'}, {"url": ""}, {"labels": ()}], ids=str)
def test_what_is_missing_is_told_before_anything_is_asked(deliver, jira, options, monkeypatch):
    monkeypatch.delenv("JIRA_URL", raising=False)
    assert "JiraIssues needs project='KEY', url='https://...'" in deliver(**options).trouble
    assert jira.requests == []


def test_a_workflow_without_a_way_to_done_is_told_with_the_ways_there_are(deliver, jira):
    seen = cluster()
    deliver(run_with(seen))
    jira.play(Trouble(status=200, body={"transitions": [{"id": "1", "name": "Park", "to": {}}]}, part="/transitions"))
    delivery = deliver(run_with(run_id="run-2", days=20, passed=seen.tests))
    assert "PAY-1: no transition leads to a status that is done (there are: Park)" in delivery.trouble


def test_a_description_that_jira_would_find_too_long_is_made_shorter(deliver, jira):
    tests = tuple(f"shop::tests/test_{number}.py::{'{*}' * 300}" for number in range(40))
    long = Cluster(id="1:a", category="{" * 300, title="t", tests=tests, diagnosis=cluster().diagnosis)
    delivery = deliver(run_with(long))
    assert delivery.trouble == ""
    assert len(jira.issues["PAY-1"].description) <= 32_767
    again = deliver(run_with(cluster("1:a"), run_id="run-2", days=1))
    assert [message.action for message in again.messages] == ["update"]


def test_what_is_no_memory_is_an_issue_of_somebody_else(deliver, jira):
    deliver(run_with(cluster()))
    for broken in ("{anchor:testflow-bm8}", "{anchor:testflow-_}", "nothing"):
        jira.issues["PAY-1"].description = broken
        assert [message.action for message in deliver(run_with(cluster()), dry_run=True).messages] == ["open"]
