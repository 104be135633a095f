"""The reporter `jira_issues` keeps the contract of trackers, with the cloud and with servers."""

import json

import pytest
from testflow_jira_issues import JiraIssues

from testflow_core.testing.contracts import ToldIssue, TrackerContract
from testflow_core.testing.servers import JiraServer, Trouble

TOKEN = "ATATT3xFfGF0-of-the-test"  # noqa: S105


def shown(text):
    """A description or a comment with all that is hidden in it, in which JSON's quotes are quotes."""
    if isinstance(text, str):
        return text
    return "\n".join(written(text))


def written(node):
    for each in node.get("content") or ():
        if each["type"] in {"paragraph", "codeBlock"}:
            yield "".join(text["text"] for text in each["content"])
        else:
            yield from written(each)


class TestCloud(TrackerContract):
    deployment = "cloud"

    @pytest.fixture
    def server(self, monkeypatch):
        user = "bot@acme.test"
        monkeypatch.setenv("JIRA_TOKEN", TOKEN)
        monkeypatch.setenv("JIRA_USER", user if self.deployment == "cloud" else "")
        with JiraServer("PAY", deployment=self.deployment, user=user, token=TOKEN) as jira:
            yield jira

    @pytest.fixture
    def reporter(self, server, patience):
        def make(**options):
            return JiraIssues(project="PAY", url=server.url, patience=patience, **options)

        return make

    @pytest.fixture
    def told(self, server):
        def tell():
            return [
                ToldIssue(
                    key=issue.key,
                    title=issue.summary,
                    text=shown(issue.description),
                    is_open=issue.status != "Done",
                    comments=tuple(shown(each["body"]) for each in issue.comments),
                )
                for issue in server.issues.values()
            ]

        return tell

    @pytest.fixture
    def add_below(self, server):
        def add(text):
            issue = server.issues["PAY-1"]
            paragraph = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
            if self.deployment == "cloud":
                issue.description["content"].append(paragraph)
            else:
                issue.description += f"\n\n{text}"

        return add

    @pytest.fixture
    def close_declined(self, server):
        return lambda: server.issues["PAY-1"].transit("31", "Won't Do", server.now)

    @pytest.fixture
    def nothing_listed(self):
        body = {"issues": [], "isLast": True, "startAt": 0, "total": 0}
        return Trouble(status=200, body=json.loads(json.dumps(body)), method="GET", part="/search")

    @pytest.fixture
    def without_token(self, monkeypatch):
        return lambda: monkeypatch.delenv("JIRA_TOKEN")

    @pytest.fixture
    def secret_token(self):
        return TOKEN


class TestServer(TestCloud):
    deployment = "server"
